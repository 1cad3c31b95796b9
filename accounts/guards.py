"""What the database itself refuses, whatever the program asks: changes of the audit log and, on
PostgreSQL, the rows of vendors that are not in scope.

Installed after every migrate, so that no migration can forget it.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.postgresql.roles import EVERY_VENDOR, SETTING
from accounts.tenancy import VendorOwned

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

# Each asks for the setting once a statement, not once a row.
TOLD = f"(SELECT current_setting('{SETTING}', true))"
POLICIES = {
    "vendors_in_scope": f"vendor_id = ANY ((SELECT string_to_array(NULLIF(current_setting("
    f"'{SETTING}', true), '{EVERY_VENDOR}'), ',')::bigint[])::bigint[])",
    "every_vendor_in_scope": f"{TOLD} = '{EVERY_VENDOR}'",
}
MISSING = "SELECT count(*) FROM pg_policies WHERE schemaname = current_schema() AND tablename = %s"
GRANT = [
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
]


def install(using: str = "default", **_signal: Any) -> None:
    """The receiver of post_migrate."""
    connection = connections[using]
    _run(INSTALL[connection.vendor], connection)
    if connection.vendor == "postgresql":
        _wall_off(connection)


def remove(using: str = "default") -> None:
    """Before the whole database is emptied, which ends with `install`."""
    connection = connections[using]
    _run(REMOVE[connection.vendor], connection)


def vendor_tables() -> list[str]:
    owned = (model for model in apps.get_models() if issubclass(model, VendorOwned))
    return sorted(model._meta.db_table for model in owned)


def _wall_off(connection: BaseDatabaseWrapper) -> None:
    """The owner of the tables, who makes and mends them, is not bound by the policies."""
    quote = connection.ops.quote_name
    for table in vendor_tables():
        with connection.cursor() as cursor:
            cursor.execute(MISSING, [table])
            if cursor.fetchone()[0] == len(POLICIES):
                continue
        policies = [
            f"CREATE POLICY {name} ON {quote(table)} USING ({rows})"
            for name, rows in POLICIES.items()
        ]
        _run([f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY", *policies], connection)
    if settings.DATABASE_APPLICATION_ROLE:
        role = quote(settings.DATABASE_APPLICATION_ROLE)
        schema = quote("public")
        _run([grant.format(schema=schema, role=role) for grant in GRANT], connection)


def _run(statements: list[str], connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
