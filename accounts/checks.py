"""What `manage.py check --deploy` warns of."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.db import DatabaseError, connection

from accounts import guards

ONE_ROLE = checks.Warning(
    "DATABASE_URL signs in to PostgreSQL as a role that row-level security does not bind: it owns"
    " the tables, or has the rights of who does.",
    hint="Let one role own the tables and another use them: name the owner in DATABASE_OWNER_URL,"
    " the other in DATABASE_URL, and run manage.py migrate. See “Two roles in PostgreSQL” in"
    " docs/operating.md.",
    id="accounts.W001",
)


def row_level_security(**_options: Any) -> list[checks.CheckMessage]:
    """Asks the database, since the services' environment does not name the owner. Silent where
    there is none to ask, as when an image is built."""
    try:
        return [] if guards.bind(connection) else [ONE_ROLE]
    except DatabaseError:
        return []
