"""When a card cannot be changed here: staff have a link to Stripe's own page mailed to the
customer. Staff never see it, and it is kept nowhere."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import AskedTooOften
from accounts.http import hub_url
from accounts.models import Customer, User
from accounts.services import audit
from billing import emails
from billing.errors import NotLive
from billing.gateway import portal
from billing.models import Action, StripeCustomer, Subscription
from billing.services import actions

LINKS_A_DAY = 3


def send_update_link(
    customer: Customer, *, by: User, subscription: Subscription | None = None, source: str = ""
) -> None:
    """To the customer's own address. Raises NotLive where Stripe knows no such customer any more,
    AskedTooOften, and what Stripe or the mail server raise."""
    owner = _owner(customer, subscription)
    _spare_the_mailbox(customer)
    action = actions.start(
        Action.Kind.SEND_UPDATE_LINK,
        customer,
        subscription=subscription,
        parameters={"stripe_customer": owner.stripe_customer_id},
    )
    with actions.carried_out(action):
        link = portal.update_link(
            customer.vendor,
            owner.stripe_customer_id,
            return_url=hub_url(customer.vendor, "hub:home"),
            key=action.key("portal"),
        )
    emails.update_link(customer, link)
    audit.record(
        "update_link_sent",
        customer=customer,
        by_user=by,
        subject=customer.email,
        detail={"from": source},
    )


def _spare_the_mailbox(customer: Customer) -> None:
    since = timezone.now() - timedelta(days=1)
    sent = customer.actions.filter(
        kind=Action.Kind.SEND_UPDATE_LINK, state=Action.State.DONE, started_at__gt=since
    )
    if sent.count() >= LINKS_A_DAY:
        raise AskedTooOften


def _owner(customer: Customer, subscription: Subscription | None) -> StripeCustomer:
    """Whose card it is: the subscription's Stripe customer, or else their newest."""
    living = customer.stripe_customers.filter(deleted_at=None)
    if subscription is not None:
        living = living.filter(pk=subscription.stripe_customer_id)
    owner = living.order_by(*StripeCustomer.NEWEST_FIRST).first()
    if owner is None:
        raise NotLive(_("This customer was deleted in Stripe, so there is no card to update."))
    return owner
