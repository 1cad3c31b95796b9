"""What is still to be paid when something is cancelled: pages, the mail and its record go by this.

Stripe goes on trying an open invoice until the subscription has ended, cancelled or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing import states
from billing.brands import card_words
from billing.models import Subscription
from invoices.money import format_money


@dataclass(frozen=True, kw_only=True)
class StillOpen:
    """`amount_minor`: 0 where an invoice that was sent is not overdue yet. `card`: brand, last four
    digits, account. `is_last`: nothing is charged beyond it."""

    amount_minor: int
    currency: str
    card: list[str]
    tried_at: datetime | None
    is_last: bool

    @classmethod
    def remembered(cls, kept: dict[str, Any] | None) -> Self | None:
        """From what `to_remember` gave."""
        if not kept:
            return None
        tried_at = kept["tried_at"]
        moment = datetime.fromisoformat(tried_at) if tried_at else None
        return cls(**kept | {"tried_at": moment})

    def to_remember(self) -> dict[str, Any]:
        tried_at = self.tried_at.isoformat() if self.tried_at else ""
        return vars(self) | {"tried_at": tried_at}

    @property
    def short(self) -> str:
        """`€29.00 is still open`"""
        if not self.amount_minor:
            return _("An invoice is still open")
        return _("%s is still open") % format_money(self.amount_minor, self.currency)

    @property
    def words(self) -> str:
        """In the language and zone of who reads it, so only once it is shown."""
        sentences = [self._amount()]
        if self.tried_at and self.card:
            day = date_format(timezone.localtime(self.tried_at), "DATE_FORMAT")
            words = {"card": card_words(*self.card), "day": day}
            sentences.append(_("We try %(card)s again on %(day)s.") % words)
        if self.is_last:
            sentences.append(_("Beyond that, nothing is charged."))
        return " ".join(sentences)

    def _amount(self) -> str:
        if not self.amount_minor:
            return _("An invoice is still open and stays due.")
        amount = format_money(self.amount_minor, self.currency)
        return _("%s is still open and stays due.") % amount


def still_open(subscription: Subscription) -> StillOpen | None:
    """None: nothing is, so the time until its end is paid for."""
    sent = states.way(subscription, states.Act.PAY) == states.Way.INVOICE
    if not subscription.past_due_minor and not sent:
        return None
    card = subscription.paying_card
    charged_at, ends_at = subscription.next_charge_at, subscription.access_ends_at
    return StillOpen(
        amount_minor=subscription.past_due_minor,
        currency=subscription.currency,
        card=[card.card_brand, card.card_last4, card.card_account] if card else [],
        tried_at=subscription.next_attempt_at if subscription.is_charged_by_itself else None,
        is_last=charged_at is None or ends_at is None or charged_at >= ends_at,
    )
