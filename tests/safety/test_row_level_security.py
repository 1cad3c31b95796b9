"""The last wall, on PostgreSQL: what forgets the vendor is shown nothing by the database itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import (
    DatabaseError,
    OperationalError,
    ProgrammingError,
    connection,
    models,
    transaction,
)
from django.db.models.expressions import RawSQL

from accounts import guards
from accounts.models import AuditEntry, Customer, EmailAddress, TeamMember, Vendor
from accounts.services import audit, staff_log
from accounts.tenancy import vendor_scope
from billing.models import StripeAccount, Subscription
from invoices.models import Document
from tests.clients import HubClient
from tests.factories import make_document, make_stripe_account
from tests.figures import Report


def sql(statement: str, *params: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall()


def cursor_by_name() -> list[Any]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_customer")
        return cursor.fetchall()


def locked() -> list[Any]:
    with transaction.atomic():
        return list(every(Customer).select_for_update())


def every(model: type[models.Model]) -> Any:
    """As if the scope had been forgotten: Django's own manager, without the vendor."""
    return models.QuerySet(model)


UNSCOPED: dict[str, Callable[[], Any]] = {
    "all rows": lambda: sql("SELECT * FROM accounts_customer"),
    "by id": lambda: sql("SELECT name FROM accounts_customer WHERE id > %s", 0),
    "always true": lambda: sql("SELECT 1 FROM accounts_emailaddress WHERE 1=1 OR vendor_id = 0"),
    "a join": lambda: sql(
        "SELECT v.name, c.name FROM accounts_vendor v JOIN accounts_customer c ON c.vendor_id=v.id"
    ),
    "a union": lambda: sql(
        "SELECT name FROM accounts_customer UNION ALL SELECT address FROM accounts_emailaddress"
    ),
    "with": lambda: sql("WITH c AS (SELECT * FROM accounts_customer) SELECT * FROM c"),
    "a subquery": lambda: sql(
        "SELECT name FROM accounts_vendor WHERE id IN (SELECT vendor_id FROM billing_subscription)"
    ),
    "a table": lambda: sql("TABLE invoices_document"),
    "returning": lambda: sql("UPDATE accounts_customer SET name = 'Eve' RETURNING id"),
    "delete": lambda: sql("DELETE FROM accounts_magiclink RETURNING id"),
    "a cursor": cursor_by_name,
    "base manager": lambda: list(Customer._base_manager.all()),
    "base manager, by id": lambda: list(Subscription._base_manager.filter(pk__gt=0)),
    "no manager": lambda: list(every(EmailAddress)),
    "values": lambda: list(every(StripeAccount).values_list("secret_key", flat=True)),
    "streamed": lambda: list(every(Document).iterator()),
    "raw": lambda: list(every(Customer).raw("SELECT * FROM accounts_customer")),
    "in SQL": lambda: list(
        Vendor.objects.filter(pk__in=RawSQL("SELECT vendor_id FROM accounts_customer", []))
    ),
    "across a relation": lambda: list(
        Vendor.objects.filter(pk__in=every(Customer).values("vendor"))
    ),
    "the log": lambda: list(every(AuditEntry)),
    "bulk update": lambda: [1] * every(Customer).update(name="Eve"),
    "lock": locked,
}


@pytest.fixture
def two_vendors(alice: Customer, carol: Customer) -> tuple[Vendor, Vendor]:
    for customer in (alice, carol):
        make_document(customer)
        make_stripe_account(customer.vendor)
        with vendor_scope(customer.vendor):
            audit.record("signed_in", customer=customer)
    return alice.vendor, carol.vendor


def test_queries_that_forget_the_vendor_find_nothing(
    two_vendors: tuple[Vendor, Vendor], report: Report
) -> None:
    found = {name: len(query()) for name, query in UNSCOPED.items()}

    assert found == dict.fromkeys(UNSCOPED, 0)
    with vendor_scope(None):
        assert Customer.objects.filter(name__in=["Alice", "Carol"]).count() == 2
    report(f"{len(UNSCOPED)} unscoped queries outside a scope, {sum(found.values())} rows")


def test_in_a_scope_they_find_that_vendors_rows_alone(
    two_vendors: tuple[Vendor, Vendor], report: Report
) -> None:
    foreign = 0
    for vendor in two_vendors:
        with vendor_scope(vendor):
            for model in (
                Customer,
                EmailAddress,
                Subscription,
                Document,
                StripeAccount,
                AuditEntry,
            ):
                seen = set(every(model).values_list("vendor_id", flat=True))
                assert seen == {vendor.pk}
                foreign += len(seen - {vendor.pk})
    report(f"{foreign} foreign rows")


def test_no_row_can_be_written_for_a_vendor_out_of_scope(
    two_vendors: tuple[Vendor, Vendor], alice: Customer
) -> None:
    acme, globex = two_vendors
    insert = "INSERT INTO accounts_auditchain (vendor_id, length, last_hash) VALUES (%s, 0, '')"
    move = "UPDATE accounts_customer SET vendor_id = %s RETURNING id"
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        sql(insert, acme.pk)
    for act in (insert, move):
        refused = pytest.raises(ProgrammingError, match="row-level security")
        with refused, transaction.atomic(), vendor_scope(globex):
            sql(act, acme.pk)


def test_the_scope_is_told_anew_after_every_turn(two_vendors: tuple[Vendor, Vendor]) -> None:
    """Nested, left by an error, rolled back, from a savepoint, in a failed transaction."""
    acme, globex = two_vendors

    def names() -> list[str]:
        return [name for (name,) in sql("SELECT name FROM accounts_customer ORDER BY name")]

    with vendor_scope(acme):
        assert names() == ["Alice"]
        with vendor_scope(None):
            assert names() == ["Alice", "Carol"]
            with vendor_scope([globex]):
                assert names() == ["Carol"]
            with vendor_scope([]):
                assert names() == []
        with transaction.atomic(), vendor_scope(globex):
            assert names() == ["Carol"]
            transaction.set_rollback(True)
        assert names() == ["Alice"]
        with pytest.raises(DatabaseError), transaction.atomic(), vendor_scope(globex):
            sql("SELECT 1/0")
        assert names() == ["Alice"]
        with vendor_scope([acme, globex]), pytest.raises(DatabaseError), transaction.atomic():
            sql("SELECT no_such_column FROM accounts_customer")
        assert names() == ["Alice"]
    assert names() == []
    assert_rollbacks_are_noticed(acme)


def assert_rollbacks_are_noticed(vendor: Vendor) -> None:
    """Told "all", then one vendor in a transaction: taken back, PostgreSQL is at "all" again."""
    count = "SELECT count(*) FROM accounts_customer"
    with vendor_scope(None):
        assert sql(count) == [(2,)]
    with vendor_scope(vendor):
        with transaction.atomic():
            assert sql(count) == [(1,)]
            transaction.set_rollback(True)
        assert sql(count) == [(1,)]
    with transaction.atomic():
        with vendor_scope(None):
            before = transaction.savepoint_create()
        with vendor_scope(vendor):
            assert sql(count) == [(1,)]
            transaction.savepoint_rollback(before)
            assert sql(count) == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_it_is_told_anew_after_real_rollbacks_and_on_new_connections(
    two_vendors: tuple[Vendor, Vendor],
) -> None:
    acme, _globex = two_vendors
    assert_rollbacks_are_noticed(acme)
    count = "SELECT count(*) FROM accounts_customer"
    with vendor_scope(acme):
        with transaction.atomic(), vendor_scope(None):
            assert sql(count) == [(2,)]
            transaction.set_rollback(True)
        assert sql(count) == [(1,)]
        connection.close()
        assert sql(count) == [(1,)]
    assert sql(count) == [(0,)]


def test_every_table_of_a_vendors_has_the_policies_and_the_role_cannot_get_by(
    db: None, report: Report
) -> None:
    walled = sql(
        "SELECT tablename FROM pg_policies GROUP BY tablename HAVING count(*) = %s ORDER BY 1",
        len(guards.POLICIES),
    )
    operators = sql(
        "SELECT tablename FROM pg_policies GROUP BY tablename"
        " HAVING array_agg(policyname::text) = ARRAY['every_vendor_in_scope'] ORDER BY 1"
    )
    enabled = sql("SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY 1")
    [(is_super, bypasses)] = sql(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    owned = sql("SELECT tablename FROM pg_tables WHERE tableowner = current_user")

    assert [name for (name,) in walled] == guards.vendor_tables()
    assert [name for (name,) in operators] == guards.OPERATORS_TABLES
    assert [name for (name,) in enabled] == sorted(
        [*guards.vendor_tables(), *guards.OPERATORS_TABLES]
    )
    assert (is_super, bypasses, owned) == (False, False, [])
    for forbidden in (
        "ALTER TABLE accounts_customer DISABLE ROW LEVEL SECURITY",
        "DROP POLICY vendors_in_scope ON accounts_customer",
        "DROP TRIGGER audit_log_keeps ON accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "SET ROLE hub_owner",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(forbidden)
    both = f"{len(walled)} tables walled off by vendor, {len(operators)} for operators"
    report(f"{both}, 0 owned by the application's role")


def test_the_platforms_log_is_seen_by_who_works_for_every_vendor(
    two_vendors: tuple[Vendor, Vendor], owner: Any
) -> None:
    acme, _globex = two_vendors
    staff_log.record("staff_changed", owner, by_user=None)
    count = "SELECT count(*) FROM accounts_platformentry"
    assert sql(count) == [(0,)]
    with vendor_scope(acme):
        assert sql(count) == [(0,)]
    with vendor_scope(None):
        assert sql(count) == [(1,)]


def test_a_page_costs_no_statement_more(as_alice: HubClient, alice: Customer) -> None:
    """What the scope is comes with the first statement that needs it."""
    as_alice.get("/")
    raw = connection.connection
    assert raw is not None
    alone = [0]
    execute = raw.execute

    def counted(*args: Any, **kwargs: Any) -> Any:
        alone[0] += 1
        return execute(*args, **kwargs)

    raw.execute = counted
    try:
        as_alice.get("/")
    finally:
        del raw.execute
    assert alone == [0]


def test_team_and_vendors_are_read_without_a_scope(acme: Vendor, owner: Any) -> None:
    """The platform's own tables, from which it is found out who may see what."""
    assert Vendor.objects.filter(pk=acme.pk).exists()
    assert TeamMember.objects.filter(user=owner).exists()


def test_a_connection_that_is_gone_while_it_is_told_is_an_outage_like_any_other(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages answer 503 to Django's error, not to psycopg's."""

    def gone(_statement: str) -> None:
        raise psycopg.OperationalError("the connection is closed")

    with vendor_scope(acme), monkeypatch.context() as fault:
        fault.setattr(connection.connection, "execute", gone)
        with pytest.raises(OperationalError):
            sql("WITH c AS (SELECT 1) SELECT * FROM c")
