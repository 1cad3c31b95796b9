"""What Stripe itself sells (Managed Payments): its customers manage it on Stripe's own page."""

from __future__ import annotations

from accounts.http import hub_url
from billing.errors import NotLive
from billing.gateway import portal
from billing.models import Action, Subscription
from billing.services import actions
from billing.states import ENDED


def open_stripes_page(subscription: Subscription) -> str:
    """Its address, which is good for its customer and for minutes only."""
    if not (subscription.is_managed and subscription.is_live):
        raise NotLive(ENDED)
    vendor, customer = subscription.vendor, subscription.customer
    action = actions.start(Action.Kind.OPEN_STRIPE_PAGE, customer, subscription=subscription)
    with actions.carried_out(action):
        return portal.page(
            vendor,
            subscription.stripe_customer.stripe_customer_id,
            return_url=hub_url(vendor, "hub:subscription", subscription.pk),
            key=action.key("portal"),
        )
