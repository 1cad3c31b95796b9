"""How subscriptions end: at a moment, at the period's end, at once."""

import pytest
import stripe

from tests.billing.sandbox.core.conftest import DAY, START

FEBRUARY = START + 31 * DAY


def test_at_the_periods_end_it_says_when_and_goes_on_until_then(api, subscribe, pass_days, types):
    made = subscribe()

    changed = api.subscriptions.update(made.id, {"cancel_at": "min_period_end"})

    assert (changed.status, changed.cancel_at) == ("active", FEBRUARY)
    assert changed.canceled_at == START
    assert changed.cancellation_details.reason == "cancellation_requested"
    pass_days(31)
    ended = api.subscriptions.retrieve(made.id)
    assert (ended.status, ended.ended_at) == ("canceled", FEBRUARY)
    assert len(api.invoices.list().data) == 1
    assert types()[-1] == "customer.subscription.deleted"


@pytest.mark.parametrize("when", ["cancel_at_period_end", "schedule"])
def test_what_waits_is_billed_at_the_end_and_said_before(api, alice, subscribe, pass_days, when):
    made = subscribe(billing_mode={"type": "classic"})
    pass_days(15.5)
    api.subscriptions.update(made.id, {"items": [{"id": made["items"].data[0].id, "quantity": 2}]})
    api.invoice_items.create({"customer": alice.id, "amount": 300, "currency": "eur"})
    if when == "schedule":
        schedule = api.subscription_schedules.create({"from_subscription": made.id})
        api.subscription_schedules.update(schedule.id, {"end_behavior": "cancel"})
    else:
        api.subscriptions.update(made.id, {"cancel_at_period_end": True})

    said = api.invoices.create_preview({"subscription": made.id})
    pass_days(16)

    last, _first = api.invoices.list().data
    ended = api.subscriptions.retrieve(made.id)
    assert (said.amount_due, said.period_end) == (1300, FEBRUARY)
    assert (last.amount_due, last.status, last.billing_reason) == (
        1300,
        "paid",
        "subscription_cycle",
    )
    assert (ended.status, ended.ended_at, ended.latest_invoice) == ("canceled", FEBRUARY, last.id)


def test_use_is_billed_at_the_end(api, subscribe, pass_days):
    use = {"interval": "month", "usage_type": "metered", "meter": "mtr_1"}
    about = {"currency": "eur", "unit_amount": 5, "recurring": use}
    price = api.prices.create(about | {"product_data": {"name": "Minutes"}})
    subscribe(items=[{"price": price.id}], cancel_at_period_end=True)

    pass_days(32)

    last, _first = api.invoices.list().data
    assert last.lines.data[0].pricing.price_details.price == price.id
    assert (last.status, last.lines.data[0].period.end) == ("paid", FEBRUARY)


def test_at_once_nothing_that_waits_is_billed(api, alice, subscribe, pass_days):
    made = subscribe()
    api.invoice_items.create({"customer": alice.id, "amount": 300, "currency": "eur"})

    api.subscriptions.cancel(made.id)
    pass_days(32)

    assert len(api.invoices.list().data) == 1


def test_it_can_be_undone_until_then(api, subscribe, pass_days):
    made = subscribe(cancel_at="min_period_end")

    undone = api.subscriptions.update(made.id, {"cancel_at": ""})

    assert (undone.cancel_at, undone.canceled_at) == (None, None)
    pass_days(32)
    assert api.subscriptions.retrieve(made.id).status == "active"


def test_under_flexible_billing_cancel_at_period_end_shows_as_cancel_at(api, subscribe):
    made = subscribe()

    changed = api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    undone = api.subscriptions.update(made.id, {"cancel_at_period_end": False})

    assert (changed.cancel_at, changed.cancel_at_period_end) == (FEBRUARY, False)
    assert (undone.cancel_at, undone.cancel_at_period_end) == (None, False)


def test_under_classic_billing_it_shows_as_both(subscribe):
    made = subscribe(billing_mode={"type": "classic"}, cancel_at_period_end=True)

    assert (made.cancel_at, made.cancel_at_period_end) == (FEBRUARY, True)


def test_a_day_in_a_later_period_makes_that_period_short(api, subscribe, pass_days):
    made = subscribe(cancel_at=FEBRUARY + 14 * DAY)

    pass_days(32)

    found = api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert found["items"].data[0].current_period_end == FEBRUARY + 14 * DAY
    assert found.latest_invoice.total == 1000
    pass_days(14)
    assert api.subscriptions.retrieve(made.id).status == "canceled"


def test_a_moment_that_has_passed_is_refused(api, subscribe):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.subscriptions.update(subscribe().id, {"cancel_at": START - DAY})

    assert caught.value.param == "cancel_at"


def test_at_once_it_ends_now_with_the_customers_reason(api, subscribe, types):
    made = subscribe()

    ended = api.subscriptions.cancel(
        made.id,
        {
            "prorate": False,
            "invoice_now": False,
            "cancellation_details": {"feedback": "too_expensive", "comment": "Sorry"},
        },
    )

    assert (ended.status, ended.ended_at) == ("canceled", START)
    assert ended.cancellation_details.feedback == "too_expensive"
    assert types()[-1] == "customer.subscription.deleted"


def test_at_once_with_proration_gives_back_what_is_left(api, alice, subscribe, pass_days):
    made = subscribe()
    pass_days(15.5)

    api.subscriptions.cancel(made.id, {"prorate": True, "invoice_now": True})

    assert api.invoices.list().data[0].total == -1000
    assert api.customers.retrieve(alice.id).balance == -1000


def test_after_the_end_only_words_can_be_changed(api, subscribe):
    made = subscribe()
    api.subscriptions.cancel(made.id)

    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription can only"):
        api.subscriptions.update(made.id, {"cancel_at_period_end": False})
    with pytest.raises(stripe.InvalidRequestError):
        api.subscriptions.cancel(made.id)
    changed = api.subscriptions.update(made.id, {"metadata": {"seen": "yes"}})
    assert changed.metadata["seen"] == "yes"


def test_ended_ones_are_listed_only_when_asked_for(api, subscribe):
    api.subscriptions.cancel(subscribe().id)

    assert api.subscriptions.list().data == []
    assert len(api.subscriptions.list({"status": "all"}).data) == 1
    assert len(api.subscriptions.list({"status": "canceled"}).data) == 1
