"""The database's disk is full: who asks is told to come back, and nothing acknowledged is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex

import pytest
from django.db import OperationalError, connection

from accounts.models import MagicLink, Vendor
from accounts.postgresql.roles import as_owner
from accounts.tenancy import vendor_scope
from billing.models import StripeEvent
from tests.clients import HubClient
from tests.factories import make_customer, make_stripe_account
from tests.faults.running import event, signed
from tests.figures import Report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EVENTS = 60
NO_LIMIT = 2**32 - 2
SECRET = "whsec_acme"

# What PostgreSQL itself says when its disk is full, from a trigger on the tables written here.
FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_events BEFORE INSERT ON billing_stripeevent EXECUTE FUNCTION disk_is_full();
CREATE TRIGGER full_links BEFORE INSERT ON accounts_magiclink EXECUTE FUNCTION disk_is_full();
"""
ROOM = """
DROP TRIGGER full_events ON billing_stripeevent;
DROP TRIGGER full_links ON accounts_magiclink;
DROP FUNCTION disk_is_full();
"""


def disk(*, is_full: bool) -> None:
    """SQLite is told that its file may not grow; a page that is there may still take a row."""
    if connection.vendor == "postgresql":
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(FULL if is_full else ROOM)
        return
    with connection.cursor() as cursor:
        [pages] = cursor.execute("PRAGMA page_count").fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages if is_full else NO_LIMIT}")


@contextmanager
def full_disk() -> Iterator[None]:
    disk(is_full=True)
    try:
        yield
    finally:
        disk(is_full=False)


def fill_up(vendor: Vendor) -> None:
    """Until not one more sign-in link finds room, in the table or in any index."""
    for _number in range(EVENTS * 5):
        hashes = {f"{of}_hash": token_hex(32) for of in ("mailbox", "client", "browser")}
        with vendor_scope(vendor), suppress(OperationalError):
            MagicLink(vendor=vendor, email="filler@example.com", **hashes).save()


def test_a_full_disk(acme: Vendor, report: Report) -> None:
    make_stripe_account(acme, webhook_secret=SECRET)
    make_customer(acme)
    browser = HubClient(acme.host, raise_request_exception=False)

    def webhook(number: int) -> int:
        payload = event("cus_1", f"evt_{number}_{'x' * 40}")
        answer = browser.post(
            "/billing/webhook/",
            payload,
            content_type="application/json",
            headers=signed(payload, SECRET),
        )
        return int(answer.status_code)

    def kept() -> int:
        with vendor_scope(acme):
            return StripeEvent.objects.count()

    with full_disk():
        told = Counter(webhook(number) for number in range(EVENTS))
        fill_up(acme)
        page = browser.post("/sign-in/", {"email": "alice@example.com"})
    acknowledged = told[200]
    assert set(told) <= {200, 503}
    assert told[503] > 0
    assert kept() == acknowledged
    assert (page.status_code, page.headers.get("Retry-After")) == (503, "120")
    assert "We will be back in a few minutes" in page.text
    assert {webhook(number) for number in range(EVENTS)} == {200}
    assert kept() == EVENTS
    assert browser.post("/sign-in/", {"email": "alice@example.com"}, follow=True).status_code == 200
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    report(
        f"{told[503]} of {EVENTS} webhooks answered 503, {acknowledged} acknowledged and kept; "
        f"all {EVENTS} taken as soon as there was room again"
    )
