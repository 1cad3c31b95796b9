"""What Stripe says about subscriptions arrives here, whatever the order and however often."""

from typing import Any

import pytest
import stripe as sdk

from accounts.models import Vendor
from billing.models import Subscription
from billing.sandbox.machine import Sandbox
from billing.services.sync.subscriptions import sync_subscription
from hub.presentation.prices import discounts_of, price_of
from tests.billing.plugin import Buyer, Deliver

State = Subscription.State


def test_an_ongoing_subscription_arrives_paid_with_the_customers_card(buy: Buyer) -> None:
    row = buy.subscription()
    assert (row.product_name, row.amount_minor, row.currency) == (
        "Language Lab: Italian",
        1900,
        "eur",
    )
    assert (row.interval, row.interval_count) == ("month", 1)
    assert (row.state, row.payments_total, row.payments_made) == (State.ACTIVE, None, 1)
    assert row.next_charge_at == row.period_ends_at
    assert row.customer.email == "alice@example.com"
    assert (row.stripe_customer.card_brand, row.stripe_customer.card_last4) == ("visa", "4242")
    assert not row.has_card


def test_a_subscription_with_a_card_of_its_own_shows_that_one(buy: Buyer) -> None:
    customer = buy.customer_id()
    method = buy.stripe.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    row = buy.subscription(default_payment_method=method.id)
    assert (row.card_brand, row.card_last4) == ("mastercard", "4444")


def test_the_price_counts_every_item_and_its_quantity(buy: Buyer) -> None:
    items = [
        {"price": buy.price_id("Seats", 500), "quantity": 3},
        {"price": buy.price_id("Support", 1000)},
    ]
    row = buy.subscription(items=items)
    assert row.amount_minor == 2500
    assert row.product_name == "Seats, Support"


def test_the_shops_order_number_is_taken_over(buy: Buyer) -> None:
    assert buy.subscription(metadata={"order": "LL-204817"}).reference == "LL-204817"


def test_a_trial_is_charged_when_it_ends(buy: Buyer) -> None:
    row = buy.trial()
    assert row.state == State.TRIAL
    assert row.trial_ends_at == row.next_charge_at == row.access_ends_at
    assert row.payments_made == 0
    buy.wait(days=15)
    row.refresh_from_db()
    assert (row.state, row.payments_made) == (State.ACTIVE, 1)


# --- Split-pay plans ---


def test_a_schedule_that_ends_is_a_split_pay_plan(buy: Buyer) -> None:
    row = buy.split_pay(payments=3)
    assert (row.payments_total, row.payments_made) == (3, 1)
    assert (row.state, row.cancels_at) == (State.ACTIVE, None)
    assert row.next_charge_at is not None


def test_a_split_pay_plan_is_completed_by_its_last_payment(buy: Buyer) -> None:
    row = buy.split_pay(payments=3)
    made = []
    for _month in range(3):
        buy.wait(days=31)
        row.refresh_from_db()
        made.append((row.payments_made, row.state))
    assert made == [(2, State.ACTIVE), (3, State.COMPLETED), (3, State.COMPLETED)]
    assert row.status == Subscription.Status.CANCELED
    assert row.next_charge_at is None


def test_after_the_last_payment_nothing_more_is_charged(buy: Buyer) -> None:
    row = buy.split_pay(payments=2)
    buy.wait(days=31)
    row.refresh_from_db()
    assert (row.is_live, row.state, row.next_charge_at) == (True, State.COMPLETED, None)


def test_a_plan_first_heard_of_after_its_end_is_still_a_split_pay_plan(
    buy: Buyer, in_acme: Vendor
) -> None:
    row = buy.split_pay(payments=2)
    buy.wait(days=70)
    stripe_id = row.stripe_subscription_id
    Subscription.objects.get(pk=row.pk).transactions.update(subscription=None)
    Subscription.objects.filter(pk=row.pk).delete()
    again = sync_subscription(in_acme, stripe_id)
    assert (again.payments_total, again.state) == (2, State.COMPLETED)


def test_a_count_in_the_prices_metadata_is_a_split_pay_plan(buy: Buyer) -> None:
    price = buy.price_id("Piano", 4900, metadata={"installments": "6"})
    row = buy.subscription(items=[{"price": price}])
    assert (row.payments_total, row.payments_made) == (6, 1)


@pytest.mark.parametrize("count", ["", "six", "-1", "0", "99999", "\uff11\uff12"])
def test_a_count_that_makes_no_sense_is_no_plan(buy: Buyer, count: str) -> None:
    row = buy.subscription(metadata={"installments": count} if count else {})
    assert row.payments_total is None


# --- Troubles ---


def test_a_failed_renewal_is_past_due_with_what_is_open(buy: Buyer) -> None:
    row = buy.subscription()
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.state == State.PAST_DUE
    assert row.past_due_minor == 1900
    assert row.past_due_since is not None
    assert row.next_attempt_at is not None
    assert row.next_attempt_at > row.past_due_since


def test_a_sent_invoice_is_not_past_due_before_its_day_though_a_card_was_refused(
    buy: Buyer,
) -> None:
    row = buy.subscription(collection_method="send_invoice", days_until_due=14)
    buy.wait(hours=2)
    method = buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    [sent] = buy.stripe.invoices.list({"status": "open"}).data
    with pytest.raises(sdk.CardError):
        buy.stripe.invoices.pay(sent.id, {"payment_method": method})
    buy.deliver()
    row.refresh_from_db()
    assert buy.stripe.invoices.retrieve(sent.id).attempted
    assert (row.past_due_minor, row.past_due_since, row.open_minor) == (0, None, 1900)


def test_once_paid_nothing_is_past_due(buy: Buyer) -> None:
    row = buy.subscription()
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.wait(days=32)
    buy.use_card(buy.customer_id(), "pm_card_visa")
    buy.wait(days=7)
    row.refresh_from_db()
    assert (row.state, row.past_due_minor) == (State.ACTIVE, 0)
    assert (row.past_due_since, row.next_attempt_at) == (None, None)


def test_a_paused_collection_is_paused_without_a_next_charge(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.update(
        row.stripe_subscription_id, {"pause_collection": {"behavior": "void"}}
    )
    buy.deliver()
    row.refresh_from_db()
    assert (row.state, row.next_charge_at) == (State.PAUSED, None)
    since = row.paused_at
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.paused_at == since


def test_one_cancelled_in_stripe_at_once_has_ended(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id, {"prorate": False})
    buy.deliver()
    row.refresh_from_db()
    assert (row.state, row.is_live, row.next_charge_at) == (State.CANCELLED, False, None)
    assert row.ended_at is not None


def test_one_cancelled_in_stripe_for_later_ends_then(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"cancel_at": "min_period_end"})
    buy.deliver()
    row.refresh_from_db()
    assert (row.state, row.next_charge_at) == (State.ENDING, None)
    assert row.cancels_at == row.period_ends_at
    assert row.cancel_requested_at is not None


# --- Order and races ---


def test_every_event_twice_and_backwards_changes_nothing(
    buy: Buyer, sandbox: Sandbox, in_acme: Vendor
) -> None:
    row = buy.subscription()
    buy.wait(days=31)
    row.refresh_from_db()
    before = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    from billing import events
    from billing.models import StripeEvent

    for event in [*StripeEvent.objects.all(), *StripeEvent.objects.order_by("pk")]:
        events.handle(event)
    row.refresh_from_db()
    after = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    assert before | {"synced_at": None} == after | {"synced_at": None}
    assert Subscription.objects.count() == 1


def test_an_answer_overtaken_by_another_workers_is_read_again(
    buy: Buyer, in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first reading is old by the time it would be saved: another worker was faster."""
    from billing.gateway import subscriptions as gateway

    row = buy.subscription()
    read, times = gateway.read_subscription, []

    def overtaken(vendor: Vendor, subscription_id: str) -> object:
        record = read(vendor, subscription_id)
        times.append(record.status)
        if len(times) == 1:
            buy.stripe.subscriptions.cancel(subscription_id)
            sync_subscription(vendor, subscription_id)
        return record

    monkeypatch.setattr(gateway, "read_subscription", overtaken)
    sync_subscription(in_acme, row.stripe_subscription_id)
    row.refresh_from_db()
    assert times == ["active", "canceled", "canceled"]
    assert row.status == Subscription.Status.CANCELED


def test_a_foreign_vendors_subscription_is_not_found_with_our_key(
    buy: Buyer, deliver: Deliver, stripe: sdk.V1Services, sandbox: Sandbox, globex: Vendor
) -> None:
    from accounts.tenancy import vendor_scope
    from billing.errors import StripeRefused
    from tests.factories import make_stripe_account

    row = buy.subscription()
    make_stripe_account(globex, secret_key="sk_test_globex_1")
    with vendor_scope(globex), pytest.raises(StripeRefused) as refusal:
        sync_subscription(globex, row.stripe_subscription_id)
    assert refusal.value.is_missing
    with vendor_scope(globex):
        assert not Subscription.objects.exists()


# --- What it costs ---


def test_quantities_and_several_items_are_listed(buy: Buyer) -> None:
    seats, support = buy.price_id("Team Seat", 1500), buy.price_id("Support", 900)
    row = buy.subscription(items=[{"price": seats, "quantity": 3}, {"price": support}])
    assert [(i["name"], i["quantity"], i["amount_minor"]) for i in row.items] == [
        ("Team Seat", 3, 4500),
        ("Support", 1, 900),
    ]
    assert (row.amount_minor, row.next_amount_minor) == (5400, 5400)


def test_items_of_different_rhythm_are_charged_each_in_its_own(buy: Buyer) -> None:
    """The next charge is the smallest end, access lasts until the largest."""
    yearly = buy.price_id("Licence", 24000, interval="year")
    monthly = buy.price_id("Support", 1000)
    row = buy.subscription(items=[{"price": yearly}, {"price": monthly}])
    assert row.next_charge_at is not None
    assert row.period_ends_at is not None
    assert row.next_charge_at < row.period_ends_at
    assert (row.amount_minor, row.interval, row.next_amount_minor) == (24000, "year", 1000)


def test_what_is_billed_by_use_has_no_price(buy: Buyer) -> None:
    product = buy.stripe.products.create({"name": "API calls"}).id
    price = buy.stripe.prices.create(
        {
            "product": product,
            "currency": "eur",
            "unit_amount": 2,
            "recurring": {"interval": "month", "usage_type": "metered", "meter": "mtr_1"},
        }
    )
    row = buy.subscription(items=[{"price": price.id}])
    assert [item["is_metered"] for item in row.items] == [True]
    assert (row.amount_minor, row.next_amount_minor) == (0, None)


def tiered(mode: str, **recurring: Any) -> dict[str, Any]:
    """A euro each for the first hundred and ten euros with it, half a euro each beyond that."""
    return {
        "currency": "eur",
        "billing_scheme": "tiered",
        "tiers_mode": mode,
        "tiers": [
            {"up_to": 100, "unit_amount": 100, "flat_amount": 1000},
            {"up_to": "inf", "unit_amount_decimal": "50"},
        ],
        "recurring": {"interval": "month"} | recurring,
    }


def by_the_pack(**packs: Any) -> dict[str, Any]:
    return {
        "currency": "eur",
        "unit_amount": 500,
        "transform_quantity": packs,
        "recurring": {"interval": "month"},
    }


FINE = {"currency": "eur", "unit_amount_decimal": "0.25", "recurring": {"interval": "month"}}


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        (tiered("graduated"), 20, 3000),
        (tiered("graduated"), 100, 11000),
        (tiered("graduated"), 150, 13500),
        (tiered("volume"), 100, 11000),
        (tiered("volume"), 150, 7500),
        (by_the_pack(divide_by=10, round="up"), 21, 1500),
        (by_the_pack(divide_by=10, round="down"), 29, 1000),
        (FINE, 1000, 250),
        (FINE, 10, 3),
    ],
)
def test_a_price_in_steps_comes_to_what_stripe_bills(
    buy: Buyer, price: Any, quantity: int, amount: int
) -> None:
    product = buy.stripe.products.create({"name": "Seat"}).id
    made = buy.stripe.prices.create(price | {"product": product})
    row = buy.subscription(items=[{"price": made.id, "quantity": quantity}])
    assert (row.amount_minor, row.next_amount_minor, row.is_by_use) == (amount, amount, False)
    billed = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id}).data[0]
    assert billed.total == amount
    [item] = row.items
    assert item["tariff"] is not None


def test_tiers_of_use_are_known_though_the_amount_is_not(buy: Buyer) -> None:
    product = buy.stripe.products.create({"name": "API calls"}).id
    given: Any = tiered("graduated", usage_type="metered", meter="mtr_1") | {"product": product}
    row = buy.subscription(items=[{"price": buy.stripe.prices.create(given).id}])
    assert (row.is_by_use, row.next_amount_minor) == (True, None)
    assert row.items[0]["tariff"]["tiers"] == [
        {"up_to": 100, "unit": "100", "flat": "1000"},
        {"up_to": None, "unit": "50", "flat": "0"},
    ]


@pytest.mark.parametrize(("inclusive", "is_added"), [(True, False), (False, True)])
def test_tax_is_on_top_only_where_the_rate_says_so(
    buy: Buyer, inclusive: bool, is_added: bool
) -> None:
    rate = buy.stripe.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": inclusive}
    )
    assert buy.subscription(default_tax_rates=[rate.id]).tax_is_added is is_added


def test_a_plan_knows_the_day_of_its_last_payment(buy: Buyer) -> None:
    row = buy.split_pay(payments=3)
    assert row.next_charge_at is not None
    assert row.last_charge_at is not None
    assert 28 <= (row.last_charge_at - row.next_charge_at).days <= 31
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.last_charge_at == row.next_charge_at


def test_one_that_stripe_sells_itself_is_known_as_such(buy: Buyer) -> None:
    session = buy.stripe.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": buy.customer_id(),
            "line_items": [{"price": buy.price_id("Course", 1900), "quantity": 1}],
            "managed_payments": {"enabled": True},
            "success_url": "https://shop.example/thanks",
        }
    )
    buy.sandbox.checkout_complete(session.id, payment_method="pm_card_visa")
    buy.deliver()
    made = buy.stripe.checkout.sessions.retrieve(session.id).subscription
    assert buy.row_of(str(made)).is_managed


def test_a_sent_invoice_can_be_paid_on_stripes_page(buy: Buyer) -> None:
    row = buy.subscription(collection_method="send_invoice", days_until_due=14)
    buy.wait(hours=2)
    row.refresh_from_db()
    assert row.open_invoice_url.startswith("https://invoice.stripe.com/")


EURO = {"currency": "eur", "duration": "forever"}


@pytest.mark.parametrize(
    ("coupon", "where", "off", "until"),
    [
        ({"percent_off": 20, "duration": "forever"}, "subscription", 380, (False, False)),
        (
            {"percent_off": 20, "duration": "repeating", "duration_in_months": 3},
            "subscription",
            380,
            (False, True),
        ),
        (
            {"amount_off": 500, "currency": "eur", "duration": "forever"},
            "item",
            500,
            (False, False),
        ),
        (
            {"amount_off": 99900, "currency": "eur", "duration": "forever"},
            "item",
            1900,
            (False, False),
        ),
    ],
)
def test_what_comes_off_is_known_by_name_and_until_when(
    buy: Buyer, coupon: Any, where: str, off: int, until: tuple[bool, bool]
) -> None:
    made = buy.stripe.coupons.create(coupon | {"name": "Spring"})
    item: Any = {"price": buy.price_id("Lab", 1900)}
    given: Any = {"discounts": [{"coupon": made.id}]}
    if where == "item":
        row = buy.subscription(items=[item | given])
    else:
        row = buy.subscription(items=[item], **given)
    [discount] = row.discounts
    assert (row.amount_minor, row.items[0]["off_minor"], discount["name"]) == (1900, off, "Spring")
    assert (discount["is_once"], discount["ends_at"] is not None) == until
    assert row.next_amount_minor == 1900 - off


@pytest.mark.parametrize("coupon", [{"percent_off": 50}, {"amount_off": 1000, "currency": "eur"}])
def test_a_coupon_for_some_products_takes_off_theirs_only(buy: Buyer, coupon: Any) -> None:
    seat, lab, room = (buy.price_id(name, 2000) for name in ("Seat", "Lab", "Room"))
    products = [str(buy.stripe.prices.retrieve(price).product) for price in (seat, lab)]
    made = buy.stripe.coupons.create(
        coupon | {"name": "Spring", "duration": "forever", "applies_to": {"products": products}}
    )
    row = buy.subscription(
        items=[{"price": seat}, {"price": lab}, {"price": room}], discounts=[{"coupon": made.id}]
    )
    each = 1000 if "percent_off" in coupon else 500
    assert [item["off_minor"] for item in row.items] == [each, each, 0]
    assert row.discounts[0]["of_what"] == ["Seat", "Lab"]
    billed = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id}).data[0]
    assert row.next_amount_minor == billed.total == 6000 - 2 * each


def test_several_discounts_come_off_in_their_order(buy: Buyer) -> None:
    """Ten euros of the whole, then half of the rest, then once five euros."""
    coupons = [
        {"amount_off": 1000, "currency": "eur", "duration": "forever", "name": "First"},
        {"percent_off": 50, "duration": "forever", "name": "Second"},
        {"amount_off": 500, "currency": "eur", "duration": "once", "name": "Third"},
    ]
    made = [buy.stripe.coupons.create(coupon).id for coupon in coupons]  # type: ignore[arg-type]
    row = buy.subscription(amount=5000, discounts=[{"coupon": coupon} for coupon in made])
    billed = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id}).data[0]
    assert billed.total == (5000 - 1000) // 2 - 500
    assert [discount["name"] for discount in row.discounts] == ["First", "Second"]
    assert (row.items[0]["off_minor"], row.next_amount_minor) == (3000, 2000)


def a_discount(buy: Buyer, percent: int, **lasting: Any) -> Any:
    coupon = buy.stripe.coupons.create({"percent_off": percent, "name": "Spring", **lasting})
    return [{"coupon": coupon.id}]


def test_a_discount_that_is_over_before_the_first_charge_lowers_no_price(buy: Buyer) -> None:
    months: Any = {"duration": "repeating", "duration_in_months": 1}
    row = buy.subscription(trial_period_days=40, discounts=a_discount(buy, 50, **months))
    assert (price_of(row), row.discounts, discounts_of(row)) == ("€19.00 a month", [], [])
    buy.wait(days=41)
    billed = buy.stripe.invoices.list({"subscription": row.stripe_subscription_id}).data[0]
    assert billed.total == 1900


def test_a_discount_that_ends_on_the_day_of_the_next_charge_lowers_it_no_more(buy: Buyer) -> None:
    months: Any = {"duration": "repeating", "duration_in_months": 2}
    row = buy.subscription(amount=2500, discounts=a_discount(buy, 100, **months))
    assert (price_of(row), row.next_amount_minor) == ("€0.00 a month", 0)
    buy.wait(days=31)
    row.refresh_from_db()
    assert (price_of(row), row.next_amount_minor) == ("€25.00 a month", 2500)
    assert discounts_of(row) == []


def test_a_discount_is_shown_of_what_it_still_lowers(buy: Buyer) -> None:
    """The licence is charged again when it is long over."""
    items: Any = [
        {"price": buy.price_id("Licence", 24000, interval="year")},
        {"price": buy.price_id("Support", 1000)},
    ]
    months: Any = {"duration": "repeating", "duration_in_months": 3}
    row = buy.subscription(items=items, discounts=a_discount(buy, 50, **months))
    assert price_of(row) == "€240.00 a year and €5.00 a month"
    assert discounts_of(row)[0].startswith("50% off with Spring until ")
