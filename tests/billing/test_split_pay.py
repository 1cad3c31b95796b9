"""How many payments a plan has, which comes next, and when it is over: as Stripe charges it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing import states
from billing.models import Subscription
from billing.sandbox.periods import add
from billing.states import Act, Way
from hub.presentation.notes import note_of
from hub.presentation.prices import next_charge_of, price_of
from tests.billing.plugin import Buyer

State = Subscription.State


def planned(buy: Buyer, *phases: Any, end: Any = "cancel") -> Subscription:
    schedule = buy.stripe.subscription_schedules.create(
        {
            "customer": buy.customer_id(),
            "start_date": "now",
            "end_behavior": end,
            "phases": list(phases),
        }
    )
    buy.deliver()
    return buy.row_of(str(schedule.subscription))


def phase(buy: Buyer, amount: int, length: str, count: int, *, charged: str = "month") -> Any:
    price = buy.price_id("Piano in 30 Days", amount, interval=charged)
    return {
        "items": [{"price": price}],
        "duration": {"interval": length, "interval_count": count},
    }


def taken(buy: Buyer, row: Subscription) -> list[int]:
    """What Stripe has charged so far, in its order."""
    invoices = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id, "limit": 100})
    return [invoice.amount_paid for invoice in reversed(invoices.data)]


def months_from_now(months: int) -> int:
    now = timezone.now()
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    return int(datetime(year, month + 1, min(now.day, 28), now.hour, tzinfo=UTC).timestamp())


# --- Which payment is next ---


def test_the_next_charge_is_that_of_the_phase_that_begins(buy: Buyer) -> None:
    row = planned(buy, phase(buy, 2000, "month", 1), phase(buy, 9900, "month", 2))
    assert (row.payments_total, row.next_amount_minor, row.payments_vary) == (3, 9900, True)
    assert (price_of(row), next_charge_of(row)) == ("3 payments", "€99.00")
    buy.wait(days=32)
    row.refresh_from_db()
    assert (taken(buy, row), row.next_amount_minor) == ([2000, 9900], 9900)
    buy.wait(days=31)
    row.refresh_from_db()
    assert (taken(buy, row), row.payments_made, row.state) == ([2000, 9900, 9900], 3, "completed")
    buy.wait(days=31)
    row.refresh_from_db()
    assert (price_of(row), row.state) == ("3 payments", State.COMPLETED)


def test_one_that_goes_on_at_another_price_says_so_before(buy: Buyer) -> None:
    row = planned(buy, phase(buy, 2000, "month", 1), phase(buy, 9900, "month", 1), end="release")
    assert (row.payments_total, price_of(row)) == (None, "€20.00 a month")
    assert next_charge_of(row) == "€99.00"
    buy.wait(days=32)
    row.refresh_from_db()
    assert (taken(buy, row), price_of(row)) == ([2000, 9900], "€99.00 a month")


def test_where_use_decides_the_amount_is_left_open(buy: Buyer) -> None:
    use: Any = {"interval": "month", "usage_type": "metered", "meter": "mtr_1"}
    by_use = buy.stripe.prices.create(
        {
            "currency": "eur",
            "unit_amount": 5,
            "recurring": use,
            "product_data": {"name": "Minutes"},
        }
    )
    month: Any = {"interval": "month", "interval_count": 1}
    then = {"items": [{"price": by_use.id}], "duration": month}
    row = planned(buy, phase(buy, 4000, "month", 1), then)
    assert (row.next_amount_minor, next_charge_of(row)) == (None, "amount not known yet")


@pytest.mark.parametrize("months", [1, 3])
def test_one_that_is_free_at_first_says_what_comes_then(buy: Buyer, months: int) -> None:
    row = planned(buy, phase(buy, 0, "month", months), phase(buy, 3000, "month", 2), end="release")
    began_at = int(row.started_at.timestamp())
    begins_at = datetime.fromtimestamp(add(began_at, "month", months), UTC)
    assert (row.next_charge_at, row.next_amount_minor, row.is_free) == (begins_at, 3000, False)
    assert price_of(row) == "Free, then €30.00"
    assert note_of(row).endswith("€30.00")
    assert states.way(row, Act.CARD) == Way.HERE
    buy.wait(days=31 * months)
    row.refresh_from_db()
    assert (taken(buy, row), price_of(row)) == ([0] * months + [3000], "€30.00 a month")


def test_a_plan_that_is_free_at_first_names_the_payments_after_that(buy: Buyer) -> None:
    row = planned(buy, phase(buy, 0, "month", 1), phase(buy, 3000, "month", 3))
    assert (price_of(row), next_charge_of(row)) == ("3 payments", "€30.00")
    buy.wait(days=32)
    row.refresh_from_db()
    assert price_of(row) == "3 payments of €30.00"


def test_one_that_ends_free_is_charged_no_more(buy: Buyer) -> None:
    row = planned(buy, phase(buy, 3000, "month", 1), phase(buy, 0, "month", 1), end="release")
    assert row.next_charge_at is None
    buy.wait(days=32)
    row.refresh_from_db()
    assert (taken(buy, row), price_of(row), note_of(row)) == ([3000, 0], "Free", "")


# --- Whether they are all alike ---


def ending(buy: Buyer, months: int, coupon: Any = None, **params: Any) -> Subscription:
    """A plan by its end alone."""
    if coupon:
        made = buy.stripe.coupons.create({"percent_off": 50, **coupon})
        params["discounts"] = [{"coupon": made.id}]
    end = add(buy.sandbox.clock.now(), "month", months)
    return buy.subscription(amount=3000, cancel_at=end, **params)


def test_payments_that_are_all_alike_are_named_with_their_amount(buy: Buyer) -> None:
    row = ending(buy, 3, {"duration": "forever"})
    for _month in range(4):
        assert price_of(row) == "3 payments of €15.00"
        buy.wait(days=31)
        row.refresh_from_db()
    assert row.state == State.COMPLETED


@pytest.mark.parametrize(
    ("coupon", "charges"),
    [
        ({"duration": "once"}, [1500, 3000, 3000, 3000]),
        ({"duration": "repeating", "duration_in_months": 2}, [1500, 1500, 3000, 3000]),
    ],
)
def test_a_discount_for_a_time_makes_them_differ_to_the_end(
    buy: Buyer, coupon: Any, charges: list[int]
) -> None:
    row = ending(buy, 4, coupon)
    for _month in charges:
        assert price_of(row) == "4 payments"
        buy.wait(days=31)
        row.refresh_from_db()
    assert (taken(buy, row), price_of(row)) == (charges, "4 payments")


def test_a_discount_that_outlasts_them_does_not(buy: Buyer) -> None:
    row = ending(buy, 2, {"duration": "repeating", "duration_in_months": 3})
    assert price_of(row) == "2 payments of €15.00"


def test_a_last_period_that_is_shorter_costs_less(buy: Buyer) -> None:
    end = buy.sandbox.clock.now() + int(timedelta(days=40).total_seconds())
    row = buy.subscription(amount=3000, cancel_at=end)
    assert (row.payments_total, price_of(row)) == (2, "2 payments")
    buy.wait(days=32)
    row.refresh_from_db()
    [first, last] = taken(buy, row)
    assert (first, price_of(row)) == (3000, "2 payments")
    assert 0 < last < first


# --- How many there are ---


@pytest.mark.parametrize(
    ("charged", "length", "count", "payments"), [("week", "day", 30, 5), ("month", "month", 4, 4)]
)
def test_each_date_on_which_it_charges_counts(
    buy: Buyer, charged: str, length: str, count: int, payments: int
) -> None:
    row = planned(buy, phase(buy, 1000, length, count, charged=charged))
    assert row.payments_total == payments
    while row.status != Subscription.Status.CANCELED:
        buy.wait(days=7)
        row.refresh_from_db()
        assert row.is_paid_off == (row.payments_made == payments)
    assert (len(taken(buy, row)), row.state) == (payments, State.COMPLETED)


def test_an_end_set_from_the_start_counts_its_dates(buy: Buyer) -> None:
    row = buy.subscription(cancel_at=months_from_now(4), proration_behavior="none")
    assert (row.payments_total, row.state, row.cancels_at) == (4, State.ACTIVE, None)


def test_a_day_more_is_no_payment_more(buy: Buyer) -> None:
    ends_at = months_from_now(4) + int(timedelta(hours=20).total_seconds())
    assert buy.subscription(cancel_at=ends_at, proration_behavior="none").payments_total == 4


# --- What counts as one of them ---


def test_a_payment_from_the_customers_credit_counts(buy: Buyer) -> None:
    buy.customer_id(balance=-9000)
    row = planned(buy, phase(buy, 4000, "month", 3))
    assert (taken(buy, row), row.payments_made, row.payments_total) == ([0], 1, 3)
    buy.wait(days=32)
    row.refresh_from_db()
    assert (taken(buy, row), row.payments_made, row.last_charge_at) == (
        [0, 0],
        2,
        row.next_charge_at,
    )
    buy.wait(days=31)
    row.refresh_from_db()
    assert (taken(buy, row), row.payments_made, row.state) == ([0, 0, 3000], 3, State.COMPLETED)


def test_an_invoice_for_something_else_does_not(buy: Buyer) -> None:
    row = planned(buy, phase(buy, 4000, "month", 3))
    last_at, customer = row.last_charge_at, buy.customer_id()
    extra = buy.stripe.invoices.create(
        {"customer": customer, "subscription": row.stripe_subscription_id}
    )
    buy.stripe.invoice_items.create(
        {"customer": customer, "invoice": extra.id, "amount": 500, "currency": "eur"}
    )
    buy.stripe.invoices.pay(extra.id)
    buy.deliver()
    row.refresh_from_db()
    assert taken(buy, row) == [4000, 500]
    assert (row.payments_made, row.last_charge_at, row.cancels_at) == (1, last_at, None)


def test_what_a_change_costs_at_once_does_not(buy: Buyer) -> None:
    row = buy.subscription(amount=4000, cancel_at=months_from_now(3), proration_behavior="none")
    key = row.stripe_subscription_id
    [item] = buy.stripe.subscription_items.list({"subscription": key}).data
    more: Any = {"items": [{"id": item.id, "quantity": 2}], "proration_behavior": "always_invoice"}
    buy.stripe.subscriptions.update(key, more)
    buy.deliver()
    row.refresh_from_db()
    assert len(taken(buy, row)) == 2
    assert (row.payments_made, row.payments_total, row.cancels_at) == (1, 3, None)


# --- What is free at first ---


@pytest.mark.parametrize("counted", [{}, {"metadata": {"installments": "3"}}])
@pytest.mark.parametrize("way", ["phase", "coupon"])
def test_what_is_free_at_first_is_neither_cancelled_nor_a_payment(
    buy: Buyer, way: str, counted: Any
) -> None:
    if way == "phase":
        row = planned(buy, phase(buy, 0, "month", 1) | counted, phase(buy, 3000, "month", 3))
    else:
        coupon = buy.stripe.coupons.create({"percent_off": 100, "duration": "once"})
        given: Any = {"discounts": [{"coupon": coupon.id}], "proration_behavior": "none"}
        end = add(buy.sandbox.clock.now(), "month", 4)
        row = buy.subscription(amount=3000, cancel_at=end, **given, **counted)
    for made in range(4):
        assert taken(buy, row) == [0] + [3000] * made
        assert (row.payments_made, row.payments_total, row.cancels_at) == (made, 3, None)
        assert (row.is_paid_off, row.last_charge_at is None) == (made == 3, made == 3)
        buy.wait(days=31)
        row.refresh_from_db()
    assert (row.status, row.state) == (Subscription.Status.CANCELED, State.COMPLETED)


# --- When it is over ---


def test_a_plan_that_nobody_ended_goes_on_and_says_so(buy: Buyer) -> None:
    row = buy.subscription(metadata={"installments": "2"}, amount=4000)
    assert (row.payments_total, price_of(row)) == (2, "2 payments of €40.00")
    buy.wait(days=32)
    row.refresh_from_db()
    assert (row.payments_made, row.is_live) == (2, True)
    assert (row.payments_total, row.state, row.is_paid_off) == (None, State.ACTIVE, False)
    assert (price_of(row), next_charge_of(row)) == ("€40.00 a month", "€40.00")
    assert states.way(row, Act.CANCEL)
    assert states.way(row, Act.CARD)


def test_a_plan_that_was_ended_after_its_last_payment_is_completed(buy: Buyer) -> None:
    row = buy.subscription(metadata={"installments": "2"}, amount=4000)
    buy.wait(days=32)
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"cancel_at_period_end": True})
    buy.deliver()
    row.refresh_from_db()
    assert (row.payments_total, row.payments_made, row.state) == (2, 2, State.COMPLETED)
    assert not states.way(row, Act.CANCEL)


@pytest.mark.parametrize(
    ("charged", "begins_on", "ends_on", "charges"),
    [
        ("month", (2031, 1, 15), (2031, 1, 21), 1),
        ("month", (2031, 1, 15), (2031, 2, 10), 1),
        ("month", (2031, 1, 15), (2031, 2, 15), 1),
        ("month", (2031, 1, 15), (2031, 3, 20), 3),
        ("month", (2031, 1, 15), (2031, 4, 10), 3),
        ("month", (2031, 1, 31), (2031, 3, 30), 2),
        ("month", (2031, 1, 30), (2031, 3, 31), 3),
        ("month", (2031, 11, 30), (2032, 3, 15), 4),
        ("week", (2031, 1, 15), (2031, 1, 21), 1),
        ("week", (2031, 1, 27), (2031, 2, 5), 2),
        ("year", (2031, 1, 15), (2031, 1, 21), 1),
        ("year", (2031, 1, 15), (2032, 6, 20), 2),
        ("year", (2032, 2, 29), (2034, 3, 15), 3),
    ],
)
def test_until_an_end_just_what_is_announced_is_charged(
    buy: Buyer,
    charged: str,
    begins_on: tuple[int, int, int],
    ends_on: tuple[int, int, int],
    charges: int,
) -> None:
    """An end before the last period is over cuts that short; nothing is charged as it comes."""
    begins, ends = (int(datetime(*on, 9, tzinfo=UTC).timestamp()) for on in (begins_on, ends_on))
    buy.sandbox.advance(begins)
    price = buy.price_id("Piano", 3000, interval=charged)
    row = buy.subscription(items=[{"price": price}], cancel_at=ends)
    announced = [int(row.started_at.timestamp())]
    while row.next_charge_at is not None:
        announced.append(int(row.next_charge_at.timestamp()))
        buy.sandbox.advance(announced[-1] + 2 * 60 * 60)
        buy.deliver()
        row.refresh_from_db()
    buy.sandbox.advance(ends)
    buy.deliver()
    row.refresh_from_db()
    invoices = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id, "limit": 100})
    assert announced == [invoice.created for invoice in reversed(invoices.data)]
    assert (len(announced), row.status) == (charges, Subscription.Status.CANCELED)
    assert (row.payments_total or 1, row.payments_made) == (charges, charges)
