"""The audit log cannot be changed, and whoever manages to all the same is found out."""

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from accounts import guards
from accounts.models import (
    AuditChain,
    AuditEntry,
    Customer,
    PlatformChain,
    PlatformEntry,
    User,
    Vendor,
)
from accounts.postgresql import roles
from accounts.services import audit, staff_log
from accounts.tenancy import vendor_scope


@pytest.fixture
def five_entries(in_acme: Vendor, alice: Customer) -> list[AuditEntry]:
    for number in range(5):
        audit.record("signed_in", customer=alice, subject=alice.email, detail={"é": number})
    return list(AuditEntry.objects.order_by("number"))


def test_entries_are_numbered_and_chained(five_entries: list[AuditEntry], acme: Vendor) -> None:
    assert [entry.number for entry in five_entries] == [1, 2, 3, 4, 5]
    assert [entry.previous_hash for entry in five_entries] == [
        "",
        *(entry.hash for entry in five_entries[:-1]),
    ]
    verdict = audit.verify(acme)
    assert (verdict.entries, verdict.broken_at) == (5, None)
    assert verdict.last_hash == five_entries[-1].hash


def test_each_vendor_has_a_chain_of_its_own(
    five_entries: list[AuditEntry], carol: Customer
) -> None:
    with vendor_scope(carol.vendor):
        audit.record("signed_in", customer=carol)
        assert AuditEntry.objects.get().number == 1
        assert audit.verify(carol.vendor).broken_at is None


@pytest.mark.parametrize(
    "change",
    [
        lambda: AuditEntry.objects.filter(number=3).update(subject="someone else"),
        lambda: AuditEntry.objects.filter(number=3).delete(),
        lambda: AuditEntry.objects.all().delete(),
    ],
)
def test_the_database_refuses_to_change_it(
    five_entries: list[AuditEntry], change: Callable[[], Any]
) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change()
    assert list(AuditEntry.objects.order_by("number")) == five_entries


@pytest.fixture
def forger(django_db_setup: None) -> Iterator[None]:
    """Somebody who may take the guards away; asked for before any row is written."""
    with roles.as_owner():
        yield


def forge(**values: Any) -> Callable[[], Any]:
    return lambda: AuditEntry.objects.filter(number=3).update(**values)


@pytest.mark.parametrize(
    ("forgery", "broken_at"),
    [
        (forge(subject="someone else"), 3),
        (forge(detail={"é": 7}), 3),
        (forge(client="203.0.113.9"), 3),
        (forge(customer=None), 3),
        (lambda: AuditEntry.objects.filter(number=3).delete(), 3),
        (lambda: AuditEntry.objects.filter(number=5).delete(), 5),
        (lambda: AuditEntry.objects.all().delete(), 1),
        (lambda: AuditChain.objects.update(last_hash="0" * 64), 6),
    ],
)
def test_who_gets_round_the_database_is_found_out(
    forger: None,
    five_entries: list[AuditEntry],
    acme: Vendor,
    forgery: Callable[[], Any],
    broken_at: int,
) -> None:
    guards.remove()
    forgery()

    assert audit.verify(acme).broken_at == broken_at
    with pytest.raises(CommandError, match="acme"):
        call_command("verify_audit_log", stdout=StringIO(), stderr=StringIO())


def test_the_command_tells_each_vendors_length_and_last_hash(
    five_entries: list[AuditEntry], globex: Vendor
) -> None:
    out = StringIO()
    call_command("verify_audit_log", stdout=out)

    assert f"acme: 5 entries, the last {five_entries[-1].hash}" in out.getvalue()
    assert "globex: 0 entries\n" in out.getvalue()
    assert "(platform): 0 entries\n" in out.getvalue()
    with pytest.raises(CommandError, match="no vendor nobody"):
        call_command("verify_audit_log", "--vendor", "nobody")


def test_an_entry_says_from_where(alice: Customer) -> None:
    with vendor_scope(alice.vendor), audit.acting_from("203.0.113.9"):
        audit.record("signed_in", customer=alice)
        assert AuditEntry.objects.get().client == "203.0.113.9"


def test_every_migrate_puts_the_guards_back(forger: None, five_entries: list[AuditEntry]) -> None:
    guards.remove()
    call_command("migrate", verbosity=0)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(subject="someone else")


# --- The platform's own ---


@pytest.fixture
def three_of_staff(owner: User) -> list[PlatformEntry]:
    for number in range(3):
        staff_log.record("staff_changed", owner, by_user=owner, detail={"é": number})
    with vendor_scope(None):
        return list(PlatformEntry.objects.order_by("number"))


def test_what_is_done_to_staff_is_chained_in_the_platforms_log_and_in_each_vendors(
    three_of_staff: list[PlatformEntry], owner: User, globex: Vendor
) -> None:
    assert [entry.number for entry in three_of_staff] == [1, 2, 3]
    verdict = audit.verify_platform()
    assert (verdict.entries, verdict.broken_at) == (3, None)
    assert verdict.last_hash == three_of_staff[-1].hash
    acme = owner.memberships.get().vendor
    with vendor_scope(acme):
        assert (audit.verify(acme).entries, audit.verify(acme).broken_at) == (3, None)
    with vendor_scope(globex):
        assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda: PlatformEntry.objects.filter(number=2).update(subject="someone else"),
        lambda: PlatformEntry.objects.filter(number=2).delete(),
    ],
)
def test_the_database_refuses_to_change_the_platforms_log_as_well(
    three_of_staff: list[PlatformEntry], change: Callable[[], Any]
) -> None:
    refused = pytest.raises(DatabaseError, match="never changed")
    with vendor_scope(None), refused, transaction.atomic():
        change()
    assert audit.verify_platform().entries == 3


@pytest.mark.parametrize(
    ("forgery", "broken_at"),
    [
        (lambda: PlatformEntry.objects.filter(number=2).update(by_user=None), 2),
        (lambda: PlatformEntry.objects.filter(number=3).delete(), 3),
        (lambda: PlatformChain.objects.update(length=2), 4),
    ],
)
def test_who_forges_the_platforms_log_is_found_out(
    forger: None,
    three_of_staff: list[PlatformEntry],
    forgery: Callable[[], Any],
    broken_at: int,
) -> None:
    guards.remove()
    forgery()

    assert audit.verify_platform().broken_at == broken_at
    with pytest.raises(CommandError, match=r"\(platform\)"):
        call_command("verify_audit_log", stdout=StringIO(), stderr=StringIO())
