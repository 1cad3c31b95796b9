"""Many at once: one link lets one in, one address has one customer, limits hold in a burst."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from accounts.errors import AddressTaken, LinkNotValid, ProofNotRight
from accounts.models import AuditEntry, EmailAddress, MagicLink, Vendor
from accounts.services import addresses, sign_in
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import code_in, link_in, newest, token_in
from tests.clients import HubClient
from tests.factories import make_customer, make_vendor

CROWD = 8


@pytest.fixture
def acme(transactional_db: None) -> Vendor:
    return make_vendor("Acme")


def all_at_once(vendor: Vendor, acts: list[Callable[[], Any]]) -> list[Any]:
    """What each act returned or raised, having begun together on connections of their own."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            with vendor_scope(vendor):
                start.wait()
                return act()
        except (LinkNotValid, ProofNotRight, AddressTaken) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as crowd:
        return list(crowd.map(run, acts))


def test_of_many_who_press_the_button_one_gets_in(acme):
    make_customer(acme, "Alice")
    asker = HubClient(acme.host)
    asker.post("/sign-in/", {"email": "alice@example.com"})
    link, code = link_in(newest()), code_in(newest())
    browsers = [HubClient(acme.host) for _ in range(CROWD)]
    for browser in browsers:
        browser.cookies = asker.cookies.copy()

    presses = [lambda b=browser: b.post(link) for browser in browsers[: CROWD // 2]]
    typings = [
        lambda b=browser: b.post("/sign-in/code/", {"code": code})
        for browser in browsers[CROWD // 2 :]
    ]
    answers = all_at_once(acme, presses + typings)

    assert Counter(answer.status_code for answer in answers)[302] == 1
    signed_in = [b for b in browsers if b.get("/documents/").status_code == 200]
    assert len(signed_in) == 1
    with vendor_scope(acme):
        assert AuditEntry.objects.filter(action="signed_in").count() == 1


def test_a_burst_of_requests_for_one_mailbox_makes_three_links(acme):
    make_customer(acme, "Alice")

    def ask() -> Any:
        return HubClient(acme.host).post("/sign-in/", {"email": "alice@example.com"})

    answers = all_at_once(acme, [ask] * CROWD)

    assert {answer.url for answer in answers} == {"/sign-in/sent/"}
    with vendor_scope(acme):
        assert MagicLink.objects.count() == 3


def test_a_burst_of_guesses_counts_each_of_them(acme):
    make_customer(acme, "Alice")
    HubClient(acme.host).post("/sign-in/", {"email": "alice@example.com"})
    token = token_in(newest())

    guesses = [
        lambda n=number: sign_in.redeem(token, browser_key="", proof=f"guess {n}")
        for number in range(CROWD)
    ]
    outcomes = Counter(type(outcome) for outcome in all_at_once(acme, guesses))

    assert outcomes == {ProofNotRight: 5, LinkNotValid: CROWD - 5}


def test_of_two_who_claim_an_address_at_once_one_gets_it(acme):
    tokens, people = [], []
    with vendor_scope(acme):
        for name in ("Alice", "Bob"):
            customer = make_customer(acme, name)
            people.append(customer)
            addresses.request_change(customer, address="wanted@example.com")
            tokens.append(token_in(newest()))

    claims = [
        lambda t=token, by=customer: addresses.confirm_change(t, by=by)
        for token, customer in zip(tokens, people, strict=True)
    ]
    outcomes = all_at_once(acme, claims)

    losers = [outcome for outcome in outcomes if isinstance(outcome, AddressTaken)]
    assert len(losers) == 1
    with vendor_scope(acme):
        assert EmailAddress.objects.filter(address="wanted@example.com").count() == 1
        assert EmailAddress.objects.count() == 2


def test_one_customer_who_confirms_two_addresses_at_once_ends_with_one(acme):
    with vendor_scope(acme):
        alice = make_customer(acme, "Alice")
        for address in ("one@example.com", "two@example.com"):
            addresses.request_change(alice, address=address)
        tokens = [token_in(message) for message in mail.outbox]

    changes = [lambda t=token: addresses.confirm_change(t, by=alice) for token in tokens]
    all_at_once(acme, changes)

    with vendor_scope(acme):
        alice.refresh_from_db()
        assert [row.address for row in EmailAddress.objects.all()] == [alice.email]
