from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from billing.models import OneTimePurchase, StripeCustomer, Subscription
from hub.presentation import notes, prices, purchases
from hub.presentation.paths import path_to
from tests.factories import item_of as item
from tests.factories import one_item

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


SPRING = {
    "name": "Spring",
    "percent": "20",
    "amount_minor": 0,
    "is_once": False,
    "ends_at": None,
    "of_what": [],
}


def tariff(*tiers, mode="graduated", pack=1):
    """Tiers are (up to, each, besides)."""
    names = ("up_to", "unit", "flat")
    return {
        "mode": mode,
        "pack": pack,
        "tiers": [dict(zip(names, tier, strict=True)) for tier in tiers],
    }


STEPS = ((100, "100", "0"), (500, "80", "0"), (None, "50", "0"))


def subscription(**fields) -> Subscription:
    holder = StripeCustomer(
        stripe_payment_method_id="pm_1",
        card_brand="visa",
        card_last4="4242",
        card_exp_month=8,
        card_exp_year=2027,
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
    wanted = given | fields
    amounts = dict.fromkeys(("next_price_minor", "next_amount_minor"), wanted["amount_minor"])
    given |= {"items": one_item(wanted), **amounts}
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
            {"cancels_at": datetime(2027, 3, 12, tzinfo=UTC), "next_charge_at": None},
            "Cancels on 12 March 2027",
            "Yours until then, no further charge",
        ),
        (
            {"cancels_at": datetime(2027, 3, 12, tzinfo=UTC), "next_amount_minor": 1000},
            "Cancels on 12 March 2027",
            "Yours until then. Next charge 3 December, €10.00",
        ),
        (
            {
                "status": "trialing",
                "cancels_at": datetime(2026, 11, 30, tzinfo=UTC),
                "next_charge_at": None,
            },
            "Cancels on 30 November 2026",
            "Yours until then, nothing is charged",
        ),
        (
            {
                "paused_at": datetime(2026, 10, 1, tzinfo=UTC),
                "resumes_at": datetime(2027, 1, 4, tzinfo=UTC),
            },
            "Paused",
            "No charge while paused. Goes on 4 January 2027",
        ),
        (
            {"items": [item(is_metered=True, amount_minor=0)], "amount_minor": 0},
            "Active",
            "Next charge 3 December, by use",
        ),
        ({"items": [item(amount_minor=0)], "amount_minor": 0}, "Active", ""),
        ({"tax_is_added": True}, "Active", "Next charge 3 December, €19.00 plus tax"),
        ({"collection_method": "send_invoice"}, "Active", "Next invoice 3 December, €19.00"),
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
            {"status": "incomplete_expired", "ended_at": datetime(2026, 2, 2, tzinfo=UTC)},
            "Did not begin",
            "The first payment was not made",
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
            {
                "status": "canceled",
                "payments_total": 6,
                "payments_made": 6,
                "next_charge_at": None,
            },
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
    assert notes.note_of(it) == note


@pytest.mark.parametrize(
    ("without_card", "note"),
    [
        ("create_invoice", "First charge 30 November, €19.00. Please add a card before then"),
        ("cancel", "Ends then, unless you add a card"),
        ("pause", "Pauses then, unless you add a card"),
    ],
)
def test_a_trial_without_a_card_says_what_comes_of_it(without_card, note):
    trial = subscription(
        status="trialing",
        trial_ends_at=datetime(2026, 11, 30, tzinfo=UTC),
        next_charge_at=datetime(2026, 11, 30, tzinfo=UTC),
        stripe_customer=StripeCustomer(),
        without_card=without_card,
    )

    assert notes.note_of(trial) == note


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
        ({"currency": "kwd", "amount_minor": 19500}, "KWD\xa019.500 a month"),
        ({"items": [item(quantity=3, amount_minor=4500)]}, "3 × €15.00 a month"),
        ({"items": [item(quantity=3, amount_minor=1000)]}, "€10.00 a month"),
        ({"items": [item(amount_minor=0)], "amount_minor": 0}, "Free"),
        ({"items": [item(is_metered=True, amount_minor=0)], "amount_minor": 0}, "billed by use"),
        (
            {"items": [item(), item(is_metered=True, amount_minor=0)]},
            "€19.00 a month and your use",
        ),
        (
            {"items": [item(), item(interval="year", amount_minor=24000)]},
            "€19.00 a month and €240.00 a year",
        ),
        ({"items": [item(), item(amount_minor=900)], "amount_minor": 2800}, "€28.00 a month"),
        ({"items": [item(off_minor=380)], "discounts": [SPRING]}, "€15.20 a month"),
        (
            {"items": [item(off_minor=400), item(interval="year", off_minor=900)]},
            "€15.00 a month and €10.00 a year",
        ),
        ({"discounts": [SPRING | {"is_once": True}]}, "€19.00 a month"),
        (
            {"items": [item(is_metered=True, tariff=tariff((None, "0.2", "0")))]},
            "€0.002 each, billed by use",
        ),
        (
            {"items": [item(is_metered=True, tariff=tariff((None, "500", "0"), pack=1000))]},
            "€5.00 for every 1,000, billed by use",
        ),
        ({"items": [item(is_metered=True, tariff=tariff(*STEPS))]}, "billed by use"),
        ({"items": [item(quantity=10, tariff=tariff(*STEPS))]}, "€19.00 a month"),
        ({"tax_is_added": True}, "€19.00 a month plus tax"),
    ],
)
def test_a_price_names_its_period(fields, price):
    assert prices.price_of(subscription(**fields)) == price


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "20% off with Spring"),
        ({"percent": None, "amount_minor": 380}, "€3.80 off with Spring"),
        ({"percent": "12.5", "is_once": True}, "12.5% off the next payment with Spring"),
        ({"ends_at": "2027-03-03T00:00:00+00:00"}, "20% off with Spring until 3 March 2027"),
        ({"of_what": ["Seat", "Lab"]}, "20% off Seat and Lab with Spring"),
    ],
)
def test_a_discount_is_named_and_says_of_what_and_until_when(fields, words):
    assert prices.discounts_of(subscription(discounts=[SPRING | fields])) == [words]


@pytest.mark.parametrize(
    ("fields", "price", "full_price"),
    [
        ({"items": [item(off_minor=1900)]}, "€0.00 a month", "€19.00 a month"),
        (
            {"items": [item(quantity=3, amount_minor=5700, off_minor=1140)]},
            "3 × €15.20 a month",
            "3 × €19.00 a month",
        ),
        (
            {"items": [item(off_minor=380)], "payments_total": 3},
            "3 payments of €15.20",
            "3 payments of €19.00",
        ),
    ],
)
def test_what_comes_off_leaves_the_full_price_told(fields, price, full_price):
    row = subscription(discounts=[SPRING], **fields)
    assert prices.price_of(row) == price
    assert prices.discounts_of(row) == ["20% off with Spring", f"Full price: {full_price}"]
    assert prices.price_of(row) == price


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            tariff(*STEPS),
            "€1.00 each for the first 100, €0.80 each up to 500, €0.50 each beyond that",
        ),
        (
            tariff(*STEPS[::2], mode="volume"),
            "€1.00 each up to 100, €0.50 each beyond that; the number of all decides the price",
        ),
        (
            tariff((1000, "0", "1000"), (None, "0.5", "200")),
            "€10.00 for the first 1,000, €2.00 plus €0.005 each beyond that",
        ),
        (tariff((10, "0", "0"), (None, "5", "0")), "Free for the first 10, €0.05 each beyond that"),
        (tariff((None, "500", "0"), pack=12), "€5.00 for every 12"),
    ],
)
def test_a_price_in_steps_is_told_step_by_step(given, words):
    [row] = prices.items_of(subscription(items=[item(quantity=20, tariff=given)]))
    assert (row.name, row.price) == ("20 × Lab", f"€19.00 a month ({words})")
    [row] = prices.items_of(subscription(items=[item(is_metered=True, tariff=given)]))
    assert row.price == f"{words}, billed by use"


def test_what_it_is_made_of_is_listed():
    team = subscription(
        items=[item(name="Seat", quantity=3, amount_minor=4500), item(is_metered=True)]
    )
    assert [(row.name, row.price) for row in prices.items_of(team)] == [
        ("3 × Seat", "€45.00 a month"),
        ("Lab", "billed by use"),
    ]
    assert prices.items_of(subscription(items=[item()])) == []


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
        assert prices.price_of(subscription()) == "19,00 € im Monat".replace(" €", "\xa0€")


@pytest.mark.parametrize("name", ["subscription", "cancel", "keep", "purchase"])
def test_a_rows_path_is_the_one_that_django_finds(name: str) -> None:
    for one in (uuid4(), uuid4()):
        assert path_to(f"hub:{name}", one) == reverse(f"hub:{name}", args=[one])
