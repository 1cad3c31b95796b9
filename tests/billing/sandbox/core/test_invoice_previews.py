"""What an invoice to come is said to be, and what it then is."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from billing.sandbox.machine import Sandbox
from tests.billing.sandbox.core.conftest import DAY, START

type Api = Any
type Subscribe = Callable[..., Any]
type Vat = Callable[..., str]
type PassDays = Callable[[float], None]

FEBRUARY = START + 31 * DAY


def preview(api: Api, subscription: Any) -> Any:
    return api.invoices.create_preview({"subscription": subscription.id})


def waiting(api: Api, made: Any, amount: int, **given: Any) -> None:
    """An amount that is put on the next invoice."""
    about = {"customer": made.customer, "amount": amount, "currency": "eur"}
    api.invoice_items.create(about | given)


def dearer(api: Api, subscription: Any, amount: int, **given: Any) -> None:
    """From now on at another price."""
    [item] = subscription["items"].data
    price = api.prices.create(
        {
            "product": item.price.product,
            "currency": "eur",
            "unit_amount": amount,
            "recurring": {"interval": "month"},
        }
    )
    wanted = [{"id": item.id, "price": price.id}]
    api.subscriptions.update(subscription.id, {"items": wanted} | given)


def fewer(api: Api, subscription: Any) -> None:
    [item] = subscription["items"].data
    api.subscriptions.update(subscription.id, {"items": [{"id": item.id, "quantity": 2}]})


def balance(api: Api, subscription: Any, amount: int) -> None:
    api.customers.update(subscription.customer, {"balance": amount})


CHANGES: dict[str, Callable[[Api, Any], None]] = {
    "nothing": lambda _api, _made: None,
    "a dearer price": lambda api, made: dearer(api, made, 10_000),
    "a dearer price, not prorated": lambda api, made: dearer(
        api, made, 10_000, proration_behavior="none"
    ),
    "a smaller quantity": fewer,
    "an item of the subscription": lambda api, made: waiting(api, made, 4400, subscription=made.id),
    "an item of the customer": lambda api, made: waiting(api, made, 4400),
    "a credit": lambda api, made: balance(api, made, -2500),
    "a small credit": lambda api, made: balance(api, made, -700),
    "a debt": lambda api, made: balance(api, made, 700),
}


@pytest.mark.parametrize("taxed", [False, True], ids=["untaxed", "plus tax"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_invoice_comes_as_it_was_said_to(
    api: Api,
    subscribe: Subscribe,
    premium: Any,
    vat: Vat,
    pass_days: PassDays,
    change: Callable[[Api, Any], None],
    taxed: bool,
) -> None:
    rates = [vat(19, inclusive=False)] if taxed else []
    items = [{"price": premium.id, "quantity": 5}]
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"}).id
    made = subscribe(items=items, default_tax_rates=rates, discounts=[{"coupon": coupon}])
    pass_days(10)
    change(api, made)
    said = preview(api, made)
    pass_days(22)
    came = api.invoices.list().data[0]
    assert (said.created, said.period_end) == (came.created, came.period_end) == (FEBRUARY,) * 2
    assert (said.total, said.amount_due) == (came.total, came.amount_due)
    assert [line.amount for line in said.lines.data] == [line.amount for line in came.lines.data]
    assert (said.status, said.billing_reason) == ("draft", "upcoming")
    assert said.next_payment_attempt == FEBRUARY + 3600


@pytest.mark.parametrize("duration", ["once", "repeating"])
def test_a_discount_that_is_over_by_then_takes_nothing_off(
    api: Api, subscribe: Subscribe, pass_days: PassDays, duration: str
) -> None:
    months = {"duration_in_months": 1} if duration == "repeating" else {}
    coupon = api.coupons.create({"percent_off": 50, "duration": duration} | months).id
    made = subscribe(discounts=[{"coupon": coupon}])
    said = preview(api, made)
    pass_days(32)
    assert said.amount_due == api.invoices.list().data[0].amount_due == 2000


def test_it_is_of_the_phase_that_begins(
    api: Api, alice: Any, premium: Any, course: Any, pass_days: PassDays
) -> None:
    dear = {
        "currency": "eur",
        "product": course.product,
        "unit_amount": 9900,
        "recurring": {"interval": "month"},
    }
    month = {"duration": {"interval": "month", "interval_count": 1}}
    phases = [
        {"items": [{"price": premium.id}]} | month,
        {"items": [{"price_data": dear}]} | month,
    ]
    schedule = api.subscription_schedules.create(
        {"customer": alice.id, "start_date": "now", "end_behavior": "cancel", "phases": phases}
    )
    made = api.subscriptions.retrieve(schedule.subscription)
    said = preview(api, made)
    pass_days(32)
    assert said.amount_due == api.invoices.list().data[0].amount_due == 9900


def test_a_trial_is_followed_by_its_first_payment(api: Api, subscribe: Subscribe) -> None:
    said = preview(api, subscribe(trial_period_days=14))
    assert (said.amount_due, said.period_end) == (2000, START + 14 * DAY)


def test_to_ask_changes_nothing(api: Api, sandbox: Sandbox, subscribe: Subscribe) -> None:
    coupon = api.coupons.create({"percent_off": 10, "duration": "once"}).id
    made = subscribe(discounts=[{"coupon": coupon}])
    waiting(api, made, 4400)
    balance(api, made, -700)
    kinds = ("customer", "discount", "event", "invoice", "invoiceitem", "subscription")
    before = {kind: sandbox.objects("acct_acme", kind) for kind in kinds}
    first, second = preview(api, made), preview(api, made)
    assert {kind: sandbox.objects("acct_acme", kind) for kind in kinds} == before
    assert (first.amount_due, first.starting_balance) == (5700, -700)
    assert second.amount_due == first.amount_due
    assert first.id.startswith("upcoming_in_")
    assert [entry.effect for entry in sandbox.ledger][-2:] == [(), ()]


def test_where_nothing_more_comes_there_is_none(
    api: Api, subscribe: Subscribe, pass_days: PassDays
) -> None:
    ending, ended = subscribe(cancel_at_period_end=True), subscribe()
    api.subscriptions.cancel(ended.id)
    for made in (ending, ended):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            preview(api, made)
        assert (caught.value.http_status, caught.value.code) == (404, "invoice_upcoming_none")
    pass_days(32)
    assert api.subscriptions.retrieve(ending.id).status == "canceled"
