"""Django's own command, for which the application's role has no rights."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from accounts.postgresql.roles import as_owner


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(options["database"]):
            super().handle(*args, **options)
