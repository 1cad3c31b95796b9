"""Django's own command, which asks nothing of a password that nobody types."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.models import User


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if password is not None and not options["interactive"]:
            email = options["email"] or os.environ.get("DJANGO_SUPERUSER_EMAIL", "")
            try:
                validate_password(password, User(email=email))
            except ValidationError as error:
                raise CommandError(
                    f"DJANGO_SUPERUSER_PASSWORD: {' '.join(error.messages)}"
                ) from None
        super().handle(*args, **options)
