from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import translation

from billing.models import OneTimePurchase, StripeCustomer, Subscription
from hub.presentation import purchases

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


def subscription(**fields) -> Subscription:
    holder = StripeCustomer(
        card_brand="visa", card_last4="4242", card_exp_month=8, card_exp_year=2027
    )
    given = {
        "product_name": "Language Lab: Italian",
        "stripe_customer": holder,
        "amount_minor": 1900,
        "currency": "eur",
        "interval": "month",
        "status": "active",
        "started_at": NOW - timedelta(days=400),
        "next_charge_at": datetime(2026, 12, 3, tzinfo=UTC),
        "period_ends_at": datetime(2026, 12, 3, tzinfo=UTC),
    }
    return Subscription(**given | fields)


@pytest.mark.parametrize(
    ("fields", "mark", "note"),
    [
        ({}, "Active", "Next charge 3 December, €19.00"),
        (
            {
                "status": "past_due",
                "past_due_since": datetime(2026, 11, 18, tzinfo=UTC),
                "next_attempt_at": datetime(2026, 11, 24, tzinfo=UTC),
            },
            "Past due since 18 November",
            "We try Visa •••• 4242 again on 24 November",
        ),
        (
            {"cancels_at": datetime(2027, 3, 12, tzinfo=UTC)},
            "Cancels on 12 March 2027",
            "Yours until then, no further charge",
        ),
        (
            {"status": "paused", "paused_at": datetime(2026, 10, 1, tzinfo=UTC)},
            "Paused since 1 October",
            "No charge while paused",
        ),
        (
            {"paused_at": datetime(2026, 10, 1, tzinfo=UTC)},
            "Paused",
            "No charge while paused",
        ),
        (
            {"status": "canceled", "ended_at": datetime(2026, 2, 2, tzinfo=UTC)},
            "Cancelled on 2 February 2026",
            "",
        ),
        (
            {
                "status": "trialing",
                "trial_ends_at": datetime(2026, 11, 30, tzinfo=UTC),
                "next_charge_at": datetime(2026, 11, 30, tzinfo=UTC),
            },
            "Trial, 9 days left",
            "First charge 30 November, €19.00",
        ),
        (
            {"payments_total": 6, "payments_made": 3},
            "3 of 6 paid",
            "Next charge 3 December, €19.00",
        ),
        (
            {"status": "canceled", "payments_total": 6, "payments_made": 6},
            "All 6 payments made",
            "",
        ),
        ({"status": "incomplete"}, "Waiting for its first payment", ""),
        ({"status": "something_new"}, "Active", "Next charge 3 December, €19.00"),
    ],
)
def test_each_state_says_what_is_and_what_comes_next(fields, mark, note):
    it = subscription(**fields)

    assert purchases.mark_of(it).text == mark
    assert purchases.note_of(it) == note


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({}, "€19.00 a month"),
        ({"interval": "week", "amount_minor": 500}, "€5.00 a week"),
        ({"interval": "month", "interval_count": 3}, "€19.00 every 3 months"),
        ({"interval": "year", "amount_minor": 24000}, "€240.00 a year"),
        ({"payments_total": 6, "amount_minor": 14900}, "6 payments of €149.00"),
        ({"currency": "jpy", "amount_minor": 1900}, "¥1,900 a month"),
        ({"interval": "fortnight"}, "€19.00"),
    ],
)
def test_a_price_names_its_period(fields, price):
    assert purchases.price_of(subscription(**fields)) == price


def test_a_refunded_purchase_says_since_when():
    bought = OneTimePurchase(
        product_name="Darkroom Preset Pack",
        amount_minor=3500,
        refunded_minor=3500,
        currency="eur",
        paid_at=NOW - timedelta(days=300),
        refunded_at=datetime(2026, 5, 2, tzinfo=UTC),
    )

    row = purchases.one_time_row(bought)

    assert (row.mark.text, row.is_over, row.note) == ("Refunded on 2 May 2026", True, "")


def test_a_partly_refunded_purchase_says_how_much():
    bought = OneTimePurchase(
        amount_minor=3500, refunded_minor=1000, currency="eur", paid_at=NOW - timedelta(days=3)
    )

    row = purchases.one_time_row(bought)

    assert (row.mark.text, row.is_over) == ("Paid on 18 November 2026", False)
    assert row.note == "€10.00 of it refunded"


def test_german_reads_german():
    with translation.override("de"):
        assert purchases.price_of(subscription()) == "19,00 € im Monat".replace(" €", "\xa0€")
