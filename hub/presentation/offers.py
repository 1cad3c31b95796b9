"""What the customer is offered to do about a purchase, where they may do it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing import states
from billing.models import CancellationRules, Subscription
from billing.services import cancellation_rules
from billing.states import Act
from hub.presentation.cards import card_act
from hub.presentation.paths import path, path_to


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something the customer can do about a purchase. `posts`: it changes something at once;
    `changes`: it does, or leads to it, and is not offered to who only looks on."""

    label: str
    url: str
    is_button: bool = False
    posts: bool = False
    changes: bool = True


def offers_on(subscription: Subscription, rules: CancellationRules) -> list[Offer]:
    """What the overview offers, most urgent first; at most one is a button."""
    page = path_to("hub:subscription", subscription.pk)
    documents = Offer(label=_("Documents"), url=f"{page}#payments", changes=False)
    if subscription.is_managed and subscription.is_live:
        manage = Offer(label=_("Manage at Stripe"), url=f"{page}#card", changes=False)
        return [manage, documents]
    pay = pay_offer(subscription)
    if subscription.is_ending and pay:
        return [pay, Offer(label=_("Keep it"), url=f"{page}#stop")]
    if subscription.state == Subscription.State.ENDING:
        keep = path_to("hub:keep", subscription.pk)
        return [Offer(label=_("Keep it"), url=keep, is_button=True, posts=True)]
    offers = [offer for offer in (pay, _card_offer(subscription)) if offer][:1]
    if cancellation_rules.refusal(subscription, rules=rules) is not None:
        return [*offers, documents]
    trial = subscription.state == Subscription.State.TRIAL
    label = _("Cancel trial") if trial else pgettext("verb", "Cancel")
    return [*offers, Offer(label=label, url=path_to("hub:cancel", subscription.pk))]


def pay_offer(subscription: Subscription) -> Offer | None:
    """Here, or on Stripe's page of the open invoice."""
    way = states.way(subscription, Act.PAY)
    if way == states.Way.INVOICE:
        label = _("Pay oldest invoice") if subscription.open_count > 1 else _("Pay invoice")
        return Offer(label=label, url=subscription.open_invoice_url, is_button=True)
    card = f"{path('hub:card')}?subscription={subscription.pk}"
    return Offer(label=_("Pay now"), url=card, is_button=True) if way else None


def _card_offer(subscription: Subscription) -> Offer | None:
    if subscription.state == Subscription.State.PAUSED or not states.way(subscription, Act.CARD):
        return None
    card = f"{path('hub:card')}?subscription={subscription.pk}"
    return Offer(label=card_act([subscription]), url=card)
