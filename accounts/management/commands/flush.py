"""Django's own command, for which the application's role has no rights; the audit log goes too."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from accounts import guards
from accounts.postgresql.roles import as_owner


class Command(flush.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(options["database"]):
            guards.remove(options["database"])
            super().handle(*args, **options)
