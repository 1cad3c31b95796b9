"""However often and from wherever one asks: no mailbox is flooded, and no answer gives it away."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.test import override_settings

from accounts import throttle
from accounts.models import MagicLink
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, bare

SPELLINGS = [
    "alice@example.com",
    "ALICE@EXAMPLE.COM",
    "a.l.i.c.e@example.com",
    "alice+shop@example.com",
    "Al.ice+a+b@Example.com",
]
HOW_MANY = [pytest.param(60, id="60"), pytest.param(1000, id="1000", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def one_proxy() -> Iterator[None]:
    """What stands left of the last hop anybody may write."""
    with override_settings(TRUSTED_PROXIES=1):
        yield


def ask(address: str, *, client: str, claimed: str = "198.51.100.1") -> tuple[Any, ...]:
    """A stranger's browser, and all it gets to see."""
    browser = HubClient("acme.test")
    headers = {"X-Forwarded-For": f"{claimed}, {client}"}
    asked = browser.post("/sign-in/", {"email": address}, headers=headers)
    sent = browser.get("/sign-in/sent/", headers=headers)
    page = bare(sent).replace(address, "ADDRESS")
    names = {name for answer in (asked, sent) for name in answer.headers}
    return asked.status_code, asked.url, sent.status_code, page, frozenset(names)


@pytest.mark.parametrize("times", HOW_MANY)
def test_one_mailbox_in_every_spelling_from_everywhere(alice, acme, report, times):
    """Each request from another client, within a quarter of an hour."""
    spellings = cycle(SPELLINGS)
    answers = {
        ask(next(spellings), client=f"203.0.{n // 250}.{n % 250}", claimed=f"192.0.2.{n % 250}")
        for n in range(times)
    }

    assert len(answers) == 1
    assert len(mail.outbox) <= throttle.MAILS_IN_15_MINUTES
    with vendor_scope(acme):
        assert MagicLink.objects.count() == 3
    report(f"{times} requests for one mailbox: {len(mail.outbox)} mails, 1 answer")


def test_a_day_of_asking_brings_ten_mails(alice, acme, in_acme, report):
    """The database's clock counts: what is past is moved back in the rows."""
    for quarter in range(24):
        for number in range(4):
            ask("alice@example.com", client=f"203.0.113.{quarter * 4 + number}")
        MagicLink.objects.update(requested_at=F("requested_at") - timedelta(minutes=16))

    assert len(mail.outbox) == throttle.MAILS_A_DAY
    report(f"96 requests in six hours for one mailbox: {len(mail.outbox)} mails")


@pytest.mark.parametrize("times", HOW_MANY)
def test_one_client_that_tries_many_mailboxes(alice, acme, report, times):
    answers = {
        ask(f"someone{number}@example.com", client="203.0.113.7", claimed=f"192.0.2.{number % 250}")
        for number in range(times)
    }

    assert len(answers) == 1
    with vendor_scope(acme):
        assert MagicLink.objects.count() == throttle.REQUESTS_AN_HOUR
    report(f"{times} mailboxes from one client: 20 requests heard, 1 answer")


def test_three_links_are_live_at_most_and_a_new_one_kills_none(alice, acme, in_acme):
    for _ in range(10):
        ask("alice@example.com", client="203.0.113.7")

    assert MagicLink.objects.filter(token_hash__isnull=False, used_at=None).count() == 3
