"""What the database itself refuses, whatever the program asks: changes of the audit log.

Installed after every migrate, so that no migration can forget it.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "accounts_auditentry"
REFUSAL = "The audit log is never changed."

INSTALL = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS audit_log_keeps_{act} BEFORE {act} ON {TABLE}"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for act in ("update", "delete")
    ],
    "postgresql": [
        (
            "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        ),
        (
            "CREATE OR REPLACE TRIGGER audit_log_keeps BEFORE UPDATE OR DELETE OR TRUNCATE"
            f" ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        ),
    ],
}
REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS audit_log_keeps_{act}" for act in ("update", "delete")],
    "postgresql": [f"DROP TRIGGER IF EXISTS audit_log_keeps ON {TABLE}"],
}


def install(using: str = "default", **_signal: Any) -> None:
    """The receiver of post_migrate."""
    _run(INSTALL, connections[using])


def remove(using: str = "default") -> None:
    """Before the whole database is emptied, which ends with `install`."""
    _run(REMOVE, connections[using])


def _run(statements: dict[str, list[str]], connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
