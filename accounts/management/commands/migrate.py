"""Django's own command, for which the application's role has no rights, and which says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DatabaseError, connections

from accounts.postgresql.roles import as_owner

INSUFFICIENT_PRIVILEGE = "42501"


class Command(migrate.Command):
    def execute(self, *args: Any, **options: Any) -> str | None:
        """SQLite makes the file but not its folder, which a fresh clone lacks; the checks that run
        before `handle` ask the database already."""
        database = connections[options["database"]]
        if database.vendor == "sqlite":
            Path(database.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with as_owner(options["database"]):
                super().handle(*args, **options)
        except DatabaseError as error:
            if not _lacks_rights(error):
                raise
            raise CommandError(
                "This role may not change the tables: for migrate alone, DATABASE_OWNER_URL must"
                " name the role that owns them (“Two roles in PostgreSQL” in docs/operating.md)."
            ) from error


def _lacks_rights(error: BaseException | None) -> bool:
    """By PostgreSQL's own word, which Django passes on as the cause of its error."""
    while error is not None:
        if getattr(error, "sqlstate", "") == INSUFFICIENT_PRIVILEGE:
            return True
        error = error.__cause__ or error.__context__
    return False
