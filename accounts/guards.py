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

LOGS = {"accounts_auditentry": "audit_log", "accounts_platformentry": "platform_log"}
"""The tables, and the name that each one's triggers begin with."""
OPERATORS_TABLES = ["accounts_platformchain", "accounts_platformentry"]
REFUSAL = "The audit log is never changed."

INSTALL = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS {name}_keeps_{act} BEFORE {act} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for table, name in LOGS.items()
        for act in ("update", "delete")
    ],
    "postgresql": [
        (
            "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        ),
        *(
            f"CREATE OR REPLACE TRIGGER {name}_keeps BEFORE UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
            for table, name in LOGS.items()
        ),
    ],
}
REMOVE = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {name}_keeps_{act}"
        for name in LOGS.values()
        for act in ("update", "delete")
    ],
    "postgresql": [
        f"DROP TRIGGER IF EXISTS {name}_keeps ON {table}" for table, name in LOGS.items()
    ],
}

# Each asks for the setting once a statement, not once a row.
TOLD = f"(SELECT current_setting('{SETTING}', true))"
POLICIES = {
    "vendors_in_scope": f"vendor_id = ANY ((SELECT string_to_array(NULLIF(current_setting("
    f"'{SETTING}', true), '{EVERY_VENDOR}'), ',')::bigint[])::bigint[])",
    "every_vendor_in_scope": f"{TOLD} = '{EVERY_VENDOR}'",
}
MISSING = "SELECT count(*) FROM pg_policies WHERE schemaname = current_schema() AND tablename = %s"
# PostgreSQL's own rule: neither superusers are bound, nor who may pass the policies by, nor who has
# the rights of a table's owner.
UNBOUND = """
SELECT role.rolsuper OR role.rolbypassrls OR EXISTS (
    SELECT FROM pg_class AS made
    WHERE made.relnamespace = current_schema()::regnamespace AND made.relname = ANY (%s)
    AND pg_has_role(made.relowner, 'USAGE'))
FROM pg_roles AS role WHERE role.rolname = current_user
"""
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


def bind(connection: BaseDatabaseWrapper) -> bool:
    """Whether the policies bind the role that this connection signs in as; SQLite has none."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(UNBOUND, [[*vendor_tables(), *OPERATORS_TABLES]])
        return not cursor.fetchone()[0]


def vendor_tables() -> list[str]:
    owned = (model for model in apps.get_models() if issubclass(model, VendorOwned))
    return sorted(model._meta.db_table for model in owned)


def policies_of(table: str) -> dict[str, str]:
    """The platform's rows are there for who works for every vendor."""
    every = "every_vendor_in_scope"
    return {every: POLICIES[every]} if table in OPERATORS_TABLES else POLICIES


def _wall_off(connection: BaseDatabaseWrapper) -> None:
    """The owner of the tables, who makes and mends them, is not bound by the policies."""
    quote = connection.ops.quote_name
    for table in [*vendor_tables(), *OPERATORS_TABLES]:
        with connection.cursor() as cursor:
            cursor.execute(MISSING, [table])
            if cursor.fetchone()[0] == len(policies_of(table)):
                continue
        policies = [
            f"CREATE POLICY {name} ON {quote(table)} USING ({rows})"
            for name, rows in policies_of(table).items()
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
