"""Who may cancel what by themselves, and which rule decides it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Vendor
from billing import states
from billing.errors import AlreadyCancelled, CancellationNotAllowed, NotLive
from billing.models import CancellationRules, Subscription
from billing.services import regions


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`refusal` is for the customer, None: they may. `because` names the rule to the vendor."""

    refusal: str | None
    because: str


def rules_of(vendor: Vendor) -> CancellationRules:
    found = CancellationRules.objects.filter(vendor=vendor).first()
    rules = found or CancellationRules()
    rules.vendor = vendor
    return rules


def refusal(subscription: Subscription, *, rules: CancellationRules | None = None) -> str | None:
    """Why the customer may not cancel it here, in a sentence; None: they may."""
    return decide(subscription, rules=rules).refusal


def decide(subscription: Subscription, *, rules: CancellationRules | None = None) -> Decision:
    """A page with many subscriptions reads the rules once."""
    if sentence := states.refusal(subscription, states.Act.CANCEL):
        return Decision(refusal=sentence, because=_("What it is at Stripe: %s") % sentence)
    rules = rules or rules_of(subscription.vendor)
    email = {"email": rules.vendor.support_email}
    if subscription.is_split_pay:
        sentence = _("A split-pay plan cannot be cancelled here. Please write to %(email)s.")
        because = _("Your setting for split-pay plans")
        return Decision(refusal=None if rules.split_pay else sentence % email, because=because)
    country = subscription.customer.country
    if country.code in regions.MAY_ALWAYS_CANCEL:
        because = _("The law: customers in %(country)s may always cancel")
        return Decision(refusal=None, because=because % {"country": country.name})
    sentence = _("This subscription cannot be cancelled here. Please write to %(email)s.")
    because = _("Your setting for ongoing subscriptions and trials")
    return Decision(refusal=None if rules.ongoing else sentence % email, because=because)


def check(subscription: Subscription) -> None:
    """Raises AlreadyCancelled, NotLive or CancellationNotAllowed."""
    if (sentence := refusal(subscription)) is None:
        return
    if subscription.status in Subscription.ENDED_STATUSES:
        raise AlreadyCancelled(sentence)
    if states.way(subscription, states.Act.CANCEL) is None:
        raise NotLive(sentence)
    raise CancellationNotAllowed(sentence)
