"""Django's own command, for which the application's role has no rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from accounts.postgresql.roles import as_owner


class Command(migrate.Command):
    def execute(self, *args: Any, **options: Any) -> str | None:
        """SQLite makes the file but not its folder, which a fresh clone lacks; the checks that run
        before `handle` ask the database already."""
        database = connections[options["database"]]
        if database.vendor == "sqlite":
            Path(database.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(options["database"]):
            super().handle(*args, **options)
