"""Checkout: the customer buys on Stripe's page."""

import pytest
import stripe

from billing.sandbox.errors import ApiError
from tests.billing.sandbox.core.conftest import DAY, START


@pytest.fixture
def offer(api):
    def make(price, **params):
        wanted = {
            "mode": "payment",
            "success_url": "https://shop.example/thanks",
            "line_items": [{"price": price.id, "quantity": 1}],
        }
        return api.checkout.sessions.create(wanted | params)

    return make


def test_a_session_waits_at_its_address_for_a_day(api, offer, course, pass_days, types):
    made = offer(course)

    assert (made.status, made.payment_status, made.amount_total) == ("open", "unpaid", 4900)
    assert made.url.startswith("https://checkout.stripe.com/")
    assert made.expires_at == START + DAY
    pass_days(2)
    expired = api.checkout.sessions.retrieve(made.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert types()[-1] == "checkout.session.expired"


def test_a_purchase_with_an_invoice(api, sandbox, offer, alice, course):
    made = offer(
        course,
        customer=alice.id,
        line_items=[{"price": course.id, "quantity": 2}],
        invoice_creation={"enabled": True, "invoice_data": {"metadata": {"order": "7"}}},
        payment_intent_data={"metadata": {"order": "7"}},
    )

    sandbox.checkout_complete(made.id)

    found = api.checkout.sessions.retrieve(made.id, {"expand": ["invoice", "payment_intent"]})
    assert (found.status, found.payment_status) == ("complete", "paid")
    assert (found.invoice.status, found.invoice.amount_paid) == ("paid", 9800)
    assert found.invoice.metadata["order"] == found.payment_intent.metadata["order"] == "7"
    assert found.customer_details.email == "alice@example.com"
    assert sandbox.events("acct_acme")[-1]["type"] == "checkout.session.completed"


def test_a_guest_stays_a_guest(api, sandbox, offer, course):
    made = offer(course, customer_email="guest@example.com")

    sandbox.checkout_complete(made.id)

    found = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent.latest_charge"]})
    assert (found.customer, found.invoice) == (None, None)
    assert found.payment_intent.latest_charge.billing_details.email == "guest@example.com"


def test_a_subscription_makes_its_customer(api, sandbox, offer, premium):
    made = offer(
        premium,
        mode="subscription",
        customer_email="dora@example.com",
        subscription_data={"metadata": {"plan": "gold"}},
    )

    sandbox.checkout_complete(made.id, payment_method="pm_card_mastercard")

    found = api.checkout.sessions.retrieve(made.id, {"expand": ["subscription", "customer"]})
    assert found.customer.email == "dora@example.com"
    assert found.subscription.status == "active"
    assert found.subscription.metadata["plan"] == "gold"
    card = api.payment_methods.retrieve(found.subscription.default_payment_method)
    assert (card.card.last4, card.customer) == ("4444", found.customer.id)


def test_a_trial_needs_no_payment_today(api, sandbox, offer, alice, premium):
    made = offer(
        premium,
        mode="subscription",
        customer=alice.id,
        subscription_data={"trial_period_days": 14},
    )

    sandbox.checkout_complete(made.id)

    found = api.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert (found.amount_total, found.payment_status) == (0, "no_payment_required")
    assert found.subscription.status == "trialing"


def test_at_checkout_the_customer_passes_3d_secure(api, sandbox, offer, alice, premium):
    made = offer(premium, mode="subscription", customer=alice.id)

    sandbox.checkout_complete(made.id, payment_method="pm_card_authenticationRequired")

    assert api.subscriptions.list().data[0].status == "active"


@pytest.mark.parametrize("card", ["pm_card_chargeCustomerFail", "pm_card_visa_chargeDeclined"])
@pytest.mark.parametrize("mode", ["payment", "subscription"])
def test_after_a_declined_card_the_session_is_still_open(request, offer, alice, card, mode):
    price = request.getfixturevalue("premium" if mode == "subscription" else "course")
    sandbox, api = (request.getfixturevalue(name) for name in ("sandbox", "api"))
    made = offer(price, mode=mode, customer=alice.id)

    with pytest.raises(ApiError) as caught:
        sandbox.checkout_complete(made.id, payment_method=card)

    assert caught.value.details["code"] == "card_declined"
    assert api.checkout.sessions.retrieve(made.id).status == "open"
    assert api.subscriptions.list({"status": "all"}).data == []
    sandbox.checkout_complete(made.id)
    assert api.checkout.sessions.retrieve(made.id).status == "complete"


def test_nobody_buys_twice(sandbox, offer, course):
    made = offer(course)
    sandbox.checkout_complete(made.id)

    with pytest.raises(ApiError):
        sandbox.checkout_complete(made.id)


def test_line_items_are_read_apart(api, offer, course, vat):
    rate = vat(19, inclusive=False)
    items = [{"price": course.id, "quantity": 2, "tax_rates": [rate]}]
    made = offer(course, line_items=items)

    listed = api.checkout.sessions.line_items.list(made.id).data[0]
    expanded = api.checkout.sessions.retrieve(made.id, {"expand": ["line_items"]})

    assert "line_items" not in made
    assert (listed.amount_subtotal, listed.amount_tax, listed.amount_total) == (9800, 1862, 11662)
    assert expanded.line_items.data[0].price.id == course.id
    assert made.amount_total == 11662


def test_a_recurring_price_needs_a_subscription(offer, premium, course):
    with pytest.raises(stripe.InvalidRequestError):
        offer(premium)
    with pytest.raises(stripe.InvalidRequestError):
        offer(course, mode="subscription")


def test_an_open_session_can_be_closed(api, offer, course):
    made = offer(course)

    assert api.checkout.sessions.expire(made.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        api.checkout.sessions.expire(made.id)
