"""Stripe's events come in any order and more than once; the end is the same, and Stripe's."""

import random
from collections.abc import Iterable
from itertools import permutations

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Vendor
from billing import events
from billing.models import StripeEvent
from tests.billing.end_states import differs_from_stripe, end_state
from tests.billing.plugin import Buyer
from tests.figures import Report

pytestmark = pytest.mark.usefixtures("in_acme")

TYPES = [
    "customer.created",
    "customer.updated",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.paid",
    "charge.succeeded",
]

type Hint = tuple[str, str]


@pytest.fixture
def hints(buy: Buyer) -> list[Hint]:
    """Six about one subscription that was paid and then cancelled; none is delivered."""
    customer = buy.customer_id()
    price = buy.price_id("Language Lab: Italian", 1900)
    made = buy.stripe.subscriptions.create({"customer": customer, "items": [{"price": price}]})
    buy.stripe.subscriptions.update(made.id, {"cancel_at": "min_period_end"})
    told = [(e["type"], e["data"]["object"]["id"]) for e in buy.sandbox.events("acct_acme")]
    return [next(hint for hint in told if hint[0] == type_) for type_ in TYPES]


def end_of(vendor: Vendor, hints: Iterable[Hint], *, ask_stripe: bool = False) -> object:
    """The end state if events come in this order; afterwards nothing has happened."""
    before = transaction.savepoint_create()
    for number, (type_, object_id) in enumerate(hints):
        event = StripeEvent.objects.create(
            vendor=vendor,
            event_id=f"evt_{number}",
            type=type_,
            object_id=object_id,
            created_at=timezone.now(),
        )
        events.handle(event)
        event.refresh_from_db()
        assert (event.failure, event.handled_at is None) == ("", False)
    state = end_state()
    if ask_stripe:
        assert not differs_from_stripe(vendor)
    transaction.savepoint_rollback(before)
    return state


def test_any_order_of_a_subscriptions_events_ends_as_stripe_has_it(
    hints: list[Hint], acme: Vendor
) -> None:
    expected = end_of(acme, hints, ask_stripe=True)
    orders = [hints[::-1], *random.Random(7).sample(list(permutations(hints)), 5)]
    assert all(end_of(acme, [*order, *order[:2]]) == expected for order in orders)


@pytest.mark.slow
def test_each_of_the_720_orders_ends_as_stripe_has_it(
    hints: list[Hint], acme: Vendor, report: Report
) -> None:
    expected = end_of(acme, hints, ask_stripe=True)
    orders = list(permutations(hints))
    equal = sum(end_of(acme, [*order, *order[:2]]) == expected for order in orders)
    report(f"{len(orders)} orders, each with two duplicates: {equal} equal end states")
    assert equal == len(orders) == 720
