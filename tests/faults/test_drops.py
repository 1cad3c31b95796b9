"""A month in which some of Stripe's events never arrive: one comparison puts everything right."""

import random
from typing import Any

import pytest

from accounts.models import Vendor
from billing.models import StripeCustomer, Subscription
from billing.sandbox.machine import Sandbox
from billing.sandbox.outbox import Delivery
from billing.services.sync import runs
from tests.billing.end_states import differs_from_stripe
from tests.billing.plugin import Buyer, post
from tests.figures import Report

pytestmark = pytest.mark.usefixtures("in_acme")

DAY = 86_400


class Month:
    """What customers and the shop do in thirty days, seen by a hub that misses some events."""

    def __init__(self, buy: Buyer, *, customers: int, dropped: float, capture: Any) -> None:
        self.buy = buy
        self.dropped = dropped
        self.capture = capture
        self.chance = random.Random(11)
        self.sent = self.lost = 0
        self.customers = [buy.customer_id(f"buyer{n}@example.com") for n in range(customers)]
        self.subscriptions: list[str] = []

    def live_through(self) -> None:
        for day in range(30):
            for number, customer in enumerate(self.customers):
                if day == number % 10:
                    self.subscribe(customer, trial=number % 3 == 0)
            if day > 3 and (going := self.going()):
                self.something_happens(self.chance.choice(going))
            self.buy.sandbox.advance(self.buy.sandbox.clock.now() + DAY)
            self.arrive()

    def subscribe(self, customer: str, *, trial: bool) -> None:
        interval = self.chance.choice(["week", "month"])
        price = self.buy.price_id("Language Lab", 1900, interval=interval)
        wish: Any = {"customer": customer, "items": [{"price": price}]}
        made = self.buy.stripe.subscriptions.create(
            wish | ({"trial_period_days": 5} if trial else {})
        )
        self.subscriptions.append(made.id)

    def going(self) -> list[str]:
        """Of one that has ended Stripe says that there is none."""
        live = self.buy.stripe.subscriptions.list({"limit": 100}).data
        return [one for one in self.subscriptions if one in {each.id for each in live}]

    def something_happens(self, which: str) -> None:
        stripe, customer = self.buy.stripe, self.chance.choice(self.customers)
        match self.chance.randrange(6):
            case 0:
                stripe.subscriptions.update(which, {"cancel_at": "min_period_end"})
            case 1:
                stripe.customers.update(customer, {"name": f"Buyer {self.chance.random():.6f}"})
            case 2:
                self.buy.use_card(customer, "pm_card_mastercard")
            case 3:
                self.buy.sandbox.fail_next_payment(customer)
            case 4:
                charges = stripe.charges.list({"customer": customer}).data
                if charges and charges[0].paid and not charges[0].amount_refunded:
                    stripe.refunds.create({"charge": charges[0].id, "amount": 500})
            case _:
                stripe.subscriptions.cancel(which)

    def arrive(self) -> None:
        with self.capture(execute=True):
            while self.buy.sandbox.deliver_pending(self._hear):
                pass

    def _hear(self, delivery: Delivery) -> int:
        self.sent += 1
        if self.chance.random() < self.dropped:
            self.lost += 1
            return 200
        return post(delivery)


def compare(vendor: Vendor) -> int:
    run = runs.reconcile(vendor)
    assert (run.stopped_by, run.failures_met) == ("", 0)
    return run.differences_found


def lived_through(buy: Buyer, capture: Any, *, customers: int, dropped: float) -> str:
    month = Month(buy, customers=customers, dropped=dropped, capture=capture)
    month.live_through()
    found, left = compare(buy.vendor), compare(buy.vendor)
    assert (found > 0, left) == (True, 0)
    assert StripeCustomer.objects.count() == len(month.customers)
    assert not differs_from_stripe(buy.vendor)
    return (
        f"{month.lost} of {month.sent} events dropped in a month, {Subscription.objects.count()} "
        f"subscriptions: {found} differences put right by one comparison, {left} left"
    )


def test_what_was_dropped_is_found_by_one_comparison(
    buy: Buyer, sandbox: Sandbox, django_capture_on_commit_callbacks: Any
) -> None:
    lived_through(buy, django_capture_on_commit_callbacks, customers=2, dropped=0.3)


@pytest.mark.slow
def test_a_month_in_which_every_twentieth_event_is_dropped(
    buy: Buyer, sandbox: Sandbox, report: Report, django_capture_on_commit_callbacks: Any
) -> None:
    report(lived_through(buy, django_capture_on_commit_callbacks, customers=25, dropped=0.05))
