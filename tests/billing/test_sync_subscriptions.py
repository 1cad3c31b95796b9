"""What Stripe says about subscriptions arrives here, whatever the order and however often."""

from billing.models import Subscription
from tests.billing.plugin import Buyer


def test_an_ongoing_subscription_arrives(buy: Buyer, in_acme: object) -> None:
    row = buy.subscription()
    assert (row.product_name, row.amount_minor, row.currency) == (
        "Language Lab: Italian",
        1900,
        "eur",
    )
    assert row.state == Subscription.State.ACTIVE
    assert row.payments_total is None
    assert row.payments_made == 1
    assert row.next_charge_at == row.period_ends_at
    assert row.customer.email == "alice@example.com"
    assert row.stripe_customer.card_last4 == "4242"
