"""How the card on file reads: what it is, whether it is about to expire, what it can still pay."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from billing.brands import words_for
from billing.models import CardOnFile, Subscription
from billing.services import expiring_cards
from hub.presentation.marks import Mark


def expiry_mark(card: CardOnFile | None) -> Mark | None:
    """Only where there is something to do."""
    if card is None or not expiring_cards.is_expiring(card):
        return None
    words = {"month": card.card_exp_month, "year": card.card_exp_year}
    if expiring_cards.has_expired(card):
        return Mark(text=_("Expired %(month)02d/%(year)d") % words, icon="alert", tone="late")
    return Mark(text=_("Expires %(month)02d/%(year)d") % words, icon="clock", tone="soon")


def card_act(subscriptions: Iterable[Subscription]) -> str:
    """What a new card does for these: it takes another's place, or is the first."""
    has_card = any(row.paying_card for row in subscriptions)
    return _("Change card") if has_card else _("Add card")


def keeps(subscriptions: Iterable[Subscription]) -> str:
    """The card that stays if nothing is changed; nothing where they have several."""
    found = {words_for(card) for row in subscriptions if (card := row.paying_card)}
    return found.pop() if len(found) == 1 else ""


def payable_with(overdue: list[Subscription]) -> str:
    """The card on file, where it may be tried once more for all that is open."""
    found = [row.paying_card for row in overdue]
    usable = [card for card in found if card and not expiring_cards.has_expired(card)]
    if not usable or len(usable) < len(overdue):
        return ""
    names = {words_for(card) for card in usable}
    return names.pop() if len(names) == 1 else _("the cards on file")


def card_label(subscription: Subscription) -> str:
    """The card that pays for it, short; nothing once nothing is charged any more."""
    card = subscription.paying_card if subscription.is_live else None
    return words_for(card) if card else ""
