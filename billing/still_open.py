"""What is still to be paid when something is cancelled: pages, the mail and its record go by this.

Stripe goes on trying an open invoice until the subscription has ended, cancelled or not; and a
renewal's invoice, a draft for about an hour, is charged even if it is cancelled within that hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.brands import card_words
from billing.last_bill import last_bill
from billing.models import Subscription
from invoices.money import format_money

MOMENTS = ("tried_at", "drafted_at")


@dataclass(frozen=True, kw_only=True)
class StillOpen:
    """`amount_minor`: of all open invoices, overdue or not; 0 where only what Stripe has drawn up
    already (`drafted_at`, `drafted_minor`) is to come. `card`: brand, last four digits, account.
    `is_last`: nothing is charged beyond it."""

    amount_minor: int
    currency: str
    card: list[str]
    tried_at: datetime | None
    is_last: bool
    drafted_at: datetime | None = None
    drafted_minor: int = 0

    @classmethod
    def remembered(cls, kept: dict[str, Any] | None) -> Self | None:
        """From what `to_remember` gave."""
        if not kept:
            return None
        moments = {
            name: datetime.fromisoformat(kept[name]) if kept.get(name) else None for name in MOMENTS
        }
        return cls(**kept | moments)

    def to_remember(self) -> dict[str, Any]:
        moments = {name: getattr(self, name) for name in MOMENTS}
        return vars(self) | {name: at.isoformat() if at else "" for name, at in moments.items()}

    @property
    def is_open(self) -> bool:
        return self.amount_minor > 0

    @property
    def short(self) -> str:
        """`€29.00 is still open`"""
        parts = [_("%s is still open") % self._amount()] if self.is_open else []
        if self.drafted_at:
            charge = _("%(amount)s falls due on %(day)s")
            sentence = charge if self.card else _("An invoice of %(amount)s follows on %(day)s")
            parts.append(sentence % self._draft_words(self.drafted_at))
        return ". ".join(parts)

    @property
    def words(self) -> str:
        """In the language and zone of who reads it, so only once it is shown."""
        sentences = [_("%s is still open and stays due.") % self._amount()] if self.is_open else []
        if self.tried_at and self.card:
            words = {"card": card_words(*self.card), "day": _day(self.tried_at)}
            sentences.append(_("We try %(card)s again on %(day)s.") % words)
        if self.drafted_at:
            sentences.append(self.draft)
        if self.is_last:
            sentences.append(_("Beyond that, nothing is charged."))
        return " ".join(sentences)

    @property
    def draft(self) -> str:
        """What is charged although it is cancelled first; nothing where nothing is drawn up."""
        if not self.drafted_at:
            return ""
        words = self._draft_words(self.drafted_at)
        if not self.card:
            return (
                _("An invoice of %(amount)s for the time that has begun follows on %(day)s.")
                % words
            )
        sentence = _("%(amount)s for the time that has begun is charged to %(card)s on %(day)s.")
        return sentence % (words | {"card": card_words(*self.card)})

    def _draft_words(self, drafted_at: datetime) -> dict[str, str]:
        return {
            "amount": format_money(self.drafted_minor, self.currency),
            "day": _day(drafted_at),
        }

    def _amount(self) -> str:
        return format_money(self.amount_minor, self.currency)


def still_open(subscription: Subscription) -> StillOpen | None:
    """None: nothing is, so the time until its end is paid for."""
    if not subscription.open_minor and not subscription.drafted_at:
        return None
    card = subscription.paying_card if subscription.is_charged_by_itself else None
    is_tried = subscription.is_charged_by_itself and not subscription.waits_for_approval
    ends_at = subscription.cancels_at or subscription.access_ends_at
    tried_at = _before(subscription.next_attempt_at, ends_at) if is_tried else None
    charged_at = _before(subscription.next_charge_at, ends_at)
    return StillOpen(
        amount_minor=subscription.open_minor,
        currency=subscription.currency,
        card=[card.card_brand, card.card_last4, card.card_account] if card else [],
        tried_at=tried_at,
        is_last=charged_at is None and last_bill(subscription) is None,
        drafted_at=subscription.drafted_at,
        drafted_minor=subscription.drafted_minor,
    )


def _before(moment: datetime | None, end: datetime | None) -> datetime | None:
    """This moment, unless it has ended by then."""
    return moment if moment and end and moment < end else None


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
