"""Addresses changed by several at once: exactly one winner, and nobody without a way in."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.utils.timezone import now

from accounts.errors import AddressNotUsable, AddressTaken
from accounts.models import Customer, EmailAddress, Vendor
from accounts.services import addresses
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import newest, token_in
from tests.crowds import all_at_once
from tests.factories import make_customer, make_vendor

ROUNDS = 5
WANTED = "wanted@example.com"


@pytest.fixture
def acme(transactional_db: None) -> Vendor:
    return make_vendor("Acme")


@pytest.mark.parametrize("ask", [addresses.request_change, addresses.request_adding])
def test_of_two_customers_who_claim_an_address_one_gets_it(acme, report, ask):
    for number in range(ROUNDS):
        with vendor_scope(acme):
            people = [make_customer(acme, f"{name}{number}") for name in ("Alice", "Bob")]
            tokens = [asked(ask, customer, f"{number}{WANTED}") for customer in people]

        confirm = addresses.confirm_change
        outcomes = all_at_once(
            acme, [partial(confirm, t, by=c) for t, c in zip(tokens, people, strict=True)]
        )

        assert Counter(type(outcome) for outcome in outcomes) == {Customer: 1, AddressTaken: 1}
        with vendor_scope(acme):
            assert EmailAddress.objects.filter(address=f"{number}{WANTED}").count() == 1
    report(f"{ROUNDS} races of two claims ({ask.__name__}): 1 winner each")


def asked(ask: Any, customer: Customer, address: str) -> str:
    """The token of the mail that went there."""
    ask(customer, address=address)
    assert newest().to == [address]
    return token_in(newest())


def test_one_customer_who_confirms_two_changes_at_once_ends_with_one_address(acme, report):
    for number in range(ROUNDS):
        mail.outbox.clear()
        with vendor_scope(acme):
            alice = make_customer(acme, f"Alice{number}")
            for name in ("one", "two"):
                addresses.request_change(alice, address=f"{name}{number}@example.com")
            tokens = [token_in(message) for message in mail.outbox]

        all_at_once(acme, [partial(addresses.confirm_change, t, by=alice) for t in tokens])

        with vendor_scope(acme):
            alice.refresh_from_db()
            assert [row.address for row in alice.addresses.all()] == [alice.email]
    report(f"{ROUNDS} races of two confirmations: 1 address left each")


def test_made_the_main_one_and_removed_at_once(acme, report):
    wins: Counter[str] = Counter()
    for number in range(ROUNDS):
        with vendor_scope(acme):
            alice = make_customer(acme, f"Alice{number}")
            row = EmailAddress.objects.create(
                customer=alice, address=f"work{number}@example.com", verified_at=now()
            )

        acts = [addresses.make_main, addresses.remove]
        outcomes = all_at_once(acme, [partial(act, row, session_id=0) for act in acts])

        refused = [isinstance(outcome, AddressNotUsable) for outcome in outcomes]
        assert sum(refused) == 1
        wins[acts[refused.index(False)].__name__] += 1
        with vendor_scope(acme):
            alice.refresh_from_db()
            assert alice.addresses.filter(address=alice.email).exists()
    report(f"{ROUNDS} races of make main and remove: 1 winner each")


def test_two_addresses_made_the_main_one_at_once_and_both_stay(acme):
    with vendor_scope(acme):
        alice = make_customer(acme, "Alice")
        rows = [
            EmailAddress.objects.create(
                customer=alice, address=f"{name}@example.com", verified_at=now()
            )
            for name in ("one", "two")
        ]

    all_at_once(acme, [partial(addresses.make_main, row, session_id=0) for row in rows])

    with vendor_scope(acme):
        alice.refresh_from_db()
        assert alice.email in {row.address for row in rows}
        assert alice.addresses.count() == 3
