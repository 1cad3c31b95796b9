"""The next charge, and the last, are what Stripe says: all that it adds or takes off by then."""

from collections.abc import Callable
from typing import Any

import pytest

from billing import states
from billing.gateway.sent import noting_changes
from billing.gateway.upcoming import upcoming_invoice
from billing.models import Subscription
from billing.sandbox.machine import Sandbox
from billing.services.sync.subscriptions import sync_subscription
from billing.states import Act, Way
from hub.presentation.notes import note_of
from hub.presentation.prices import next_charge_of, next_charge_parts, price_of
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")

PREVIEW = "/v1/invoices/create_preview"


def item_of(buy: Buyer, row: Subscription) -> Any:
    [item] = buy.stripe.subscriptions.retrieve(row.stripe_subscription_id)["items"].data
    return item


def grow(buy: Buyer, row: Subscription, quantity: int) -> None:
    wanted: Any = {"items": [{"id": item_of(buy, row).id, "quantity": quantity}]}
    buy.stripe.subscriptions.update(row.stripe_subscription_id, wanted)


def add(buy: Buyer, row: Subscription, amount: int, **given: Any) -> str:
    about: Any = {"customer": buy.customer_id(), "amount": amount, "currency": "eur"}
    return buy.stripe.invoice_items.create(about | given).id


def set_balance(buy: Buyer, amount: int) -> None:
    buy.stripe.customers.update(buy.customer_id(), {"balance": amount})


CHANGES: dict[str, Callable[[Buyer, Subscription], object]] = {
    "more of it": lambda buy, row: grow(buy, row, 9),
    "less of it": lambda buy, row: grow(buy, row, 2),
    "an item of its own": lambda buy, row: add(
        buy, row, 4400, subscription=row.stripe_subscription_id
    ),
    "an item of the customer's": lambda buy, row: add(buy, row, 4400),
    "a credit": lambda buy, _row: set_balance(buy, -2500),
    "a debt": lambda buy, _row: set_balance(buy, 700),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_next_charge_is_what_stripe_then_takes(
    buy: Buyer, change: Callable[[Buyer, Subscription], object]
) -> None:
    rate = buy.stripe.tax_rates.create(
        {"display_name": "VAT", "percentage": 20, "inclusive": False}
    )
    price = buy.price_id("Seat", 1000)
    row = buy.subscription(items=[{"price": price, "quantity": 5}], default_tax_rates=[rate.id])
    assert (row.next_amount_minor, next_charge_of(row)) == (6000, "€60.00")
    buy.wait(days=10)
    change(buy, row)
    buy.deliver()
    row.refresh_from_db()
    said, due_at = row.next_amount_minor, row.next_charge_at
    assert row.next_is_exact
    assert said != 6000
    assert (
        said == 1200 * item_of(buy, row).quantity + row.next_pending_minor + row.next_balance_minor
    )
    assert len(next_charge_parts(row)) == 1
    buy.wait(days=22)
    came = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id}).data[0]
    assert said == came.amount_due
    assert due_at is not None
    assert came.created == int(due_at.timestamp())


def test_an_item_that_is_taken_back_is_forgotten(buy: Buyer) -> None:
    row = buy.subscription(amount=1900)
    key = add(buy, row, 4400)
    buy.deliver()
    row.refresh_from_db()
    assert row.next_amount_minor == 6300
    buy.stripe.invoice_items.delete(key)
    buy.deliver()
    row.refresh_from_db()
    assert row.next_amount_minor == 1900


def test_an_ending_one_keeps_what_is_collected_at_its_end(buy: Buyer) -> None:
    row = buy.subscription(amount=1900)
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"cancel_at_period_end": True})
    buy.deliver()
    row.refresh_from_db()
    assert (row.last_bill_at, row.last_bill_minor, row.next_charge_at) == (None, None, None)
    add(buy, row, 4400)
    buy.deliver()
    row.refresh_from_db()
    assert row.next_charge_at is None
    assert (row.last_bill_at, row.last_bill_minor) == (row.cancels_at, 4400)
    buy.wait(days=32)
    row.refresh_from_db()
    came = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id}).data[0]
    assert (row.status, came.amount_paid) == (Subscription.Status.CANCELED, 4400)
    assert (row.last_bill_at, row.last_bill_minor) == (None, None)


def test_where_stripe_does_not_say_it_is_worked_out(buy: Buyer, sandbox: Sandbox) -> None:
    rate = buy.stripe.tax_rates.create(
        {"display_name": "VAT", "percentage": 20, "inclusive": False}
    )
    row = buy.subscription(amount=1900, default_tax_rates=[rate.id])
    sandbox.faults.add(f"POST {PREVIEW}", "403")
    row = sync_subscription(row.vendor, row.stripe_subscription_id)
    assert (row.next_amount_minor, row.next_is_exact) == (1900, False)
    assert next_charge_of(row) == "€19.00 plus tax"


def test_what_ended_or_waits_is_not_asked_about(buy: Buyer, sandbox: Sandbox) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    before = len(sandbox.ledger.of("POST", PREVIEW))
    buy.deliver()
    assert len(sandbox.ledger.of("POST", PREVIEW)) == before
    assert upcoming_invoice(row.vendor, row.stripe_subscription_id) is None


def test_to_ask_is_no_change(buy: Buyer) -> None:
    row = buy.subscription()
    with noting_changes() as noted:
        upcoming_invoice(row.vendor, row.stripe_subscription_id)
    assert noted == []


def test_another_change_of_the_customer_asks_about_no_charge(buy: Buyer, sandbox: Sandbox) -> None:
    buy.subscription()
    before = len(sandbox.ledger.of("POST", PREVIEW))
    buy.stripe.customers.update(buy.customer_id(), {"phone": "+353 1 555 0199"})
    buy.deliver()
    assert len(sandbox.ledger.of("POST", PREVIEW)) == before


def in_note(row: Subscription) -> str:
    return note_of(row).rpartition(", ")[2]


@pytest.mark.parametrize(
    "change", [lambda b, r: add(b, r, 4200), lambda b, _r: set_balance(b, 4200)]
)
def test_what_is_charged_with_something_free_is_no_price_of_it(
    buy: Buyer, change: Callable[[Buyer, Subscription], object]
) -> None:
    row = buy.subscription(amount=0)
    assert (price_of(row), note_of(row), states.way(row, Act.CARD)) == ("Free", "", None)
    change(buy, row)
    buy.deliver()
    row.refresh_from_db()
    assert (price_of(row), in_note(row), states.way(row, Act.CARD)) == ("Free", "€42.00", Way.HERE)


def test_what_is_given_back_is_no_price_either(buy: Buyer) -> None:
    row = buy.subscription(amount=0)
    add(buy, row, -4200)
    buy.deliver()
    row.refresh_from_db()
    assert (price_of(row), note_of(row)) == ("Free", "")


@pytest.mark.parametrize(
    ("change", "charge"),
    [
        (lambda b, r: add(b, r, 4200), "€72.00"),
        (lambda b, r: add(b, r, -4200), "€0.00"),
        (lambda b, _r: set_balance(b, -3000), "€0.00"),
    ],
)
def test_a_price_that_begins_later_is_the_one_agreed(
    buy: Buyer, change: Callable[[Buyer, Subscription], object], charge: str
) -> None:
    month: Any = {"interval": "month", "interval_count": 1}
    phases: Any = [
        {"items": [{"price": buy.price_id("Lab", amount)}], "duration": month}
        for amount in (0, 3000)
    ]
    made = buy.stripe.subscription_schedules.create(
        {
            "customer": buy.customer_id(),
            "start_date": "now",
            "end_behavior": "release",
            "phases": phases,
        }
    )
    buy.deliver()
    row = buy.row_of(str(made.subscription))
    change(buy, row)
    buy.deliver()
    row.refresh_from_db()
    assert (price_of(row), in_note(row)) == ("Free, then €30.00", charge)
    assert states.way(row, Act.CARD) == Way.HERE
