"""What pays though it is no card: named as what it is, and replaced by a card."""

from typing import Any

import pytest

from billing.brands import words_for
from billing.models import Subscription
from billing.services import card_forms
from hub.presentation.words import long_card
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")

SEPA = {
    "type": "sepa_debit",
    "sepa_debit": {"iban": "DE89 3704 0044 0532 0130 00"},
    "billing_details": {"name": "Alice Martin", "email": "alice@example.com"},
}
LINK = {"type": "link", "billing_details": {"email": "alice@example.com"}}
PAYPAL = {"type": "paypal", "billing_details": {"email": "alice@example.com"}}


def use(buy: Buyer, means: Any) -> str:
    customer = buy.customer_id()
    method = buy.stripe.payment_methods.create(means)
    buy.stripe.payment_methods.attach(method.id, {"customer": customer})
    settings: Any = {"default_payment_method": method.id}
    buy.stripe.customers.update(customer, {"invoice_settings": settings})
    return method.id


@pytest.mark.parametrize("has_own", [False, True], ids=["the default pays", "its own pays"])
@pytest.mark.parametrize("which", ["one", "all"])
def test_one_that_is_paid_by_direct_debit_only_takes_cards_from_then_on(
    buy: Buyer, has_own: bool, which: str
) -> None:
    """Else the new card would be shown, and never charged."""
    own = use(buy, SEPA)
    row = buy.subscription(
        payment_settings={"payment_method_types": ["sepa_debit"]},
        **({"default_payment_method": own} if has_own else {}),
    )
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    card_forms.finish(
        buy.person(),
        setup_intent_id=setup.setup_intent_id,
        subscription=row if which == "one" else None,
    )
    buy.wait(days=32)
    known = buy.stripe.subscriptions.retrieve(row.stripe_subscription_id)
    assert known.payment_settings is not None
    assert known.payment_settings.payment_method_types == ["sepa_debit", "card"]
    charged = row.transactions.order_by("-happened_at")[0]
    assert (charged.card_brand, charged.status) == ("mastercard", "succeeded")


@pytest.mark.parametrize(
    ("means", "short", "long"),
    [
        (SEPA, "SEPA Direct Debit •••• 3000", "SEPA Direct Debit ending in 3000"),
        (LINK, "Link (alice@example.com)", "Link (alice@example.com)"),
        (PAYPAL, "PayPal (alice@example.com)", "PayPal (alice@example.com)"),
    ],
    ids=["SEPA", "Link", "PayPal"],
)
def test_it_is_named_and_a_card_takes_its_place(
    buy: Buyer, means: Any, short: str, long: str
) -> None:
    use(buy, means)
    row = buy.subscription()
    card = row.paying_card
    assert card is not None
    assert (words_for(card), long_card(card)) == (short, long)
    assert row.transactions.get().amount_minor == 1900

    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)

    row = Subscription.objects.select_related("stripe_customer").get(pk=row.pk)
    card = row.paying_card
    assert card is not None
    assert words_for(card) == "Mastercard •••• 4444"
