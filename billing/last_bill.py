"""What Stripe still bills when a cancelled subscription ends: pages, the mail and its record go by
this.

What was used until then is billed at its end; so is what is pending, like a change of price in the
middle of a period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.models import Subscription
from invoices.money import format_money


@dataclass(frozen=True, kw_only=True)
class LastBill:
    """`amount_minor`: None where it depends on what is used until then."""

    at: datetime
    amount_minor: int | None
    currency: str
    is_charged: bool
    """Else an invoice is sent."""

    @classmethod
    def remembered(cls, kept: dict[str, Any] | None) -> Self | None:
        """From what `to_remember` gave."""
        return cls(**kept | {"at": datetime.fromisoformat(kept["at"])}) if kept else None

    def to_remember(self) -> dict[str, Any]:
        return vars(self) | {"at": self.at.isoformat()}

    @property
    def short(self) -> str:
        """`Last charge 22 January 2027, €15.00`"""
        if self.amount_minor is None:
            return _("What you use until then is still billed")
        if self.is_charged:
            return _("Last charge %(day)s, %(amount)s") % self._words()
        return _("Last invoice %(day)s, %(amount)s") % self._words()

    @property
    def words(self) -> str:
        """In the language and zone of who reads it, so only once it is shown."""
        if self.amount_minor is None:
            return _("What you use until then is still billed.")
        if self.is_charged:
            return _("A last charge of %(amount)s follows on %(day)s.") % self._words()
        return _("A last invoice of %(amount)s follows on %(day)s.") % self._words()

    def _words(self) -> dict[str, str]:
        amount = format_money(self.amount_minor or 0, self.currency)
        return {"amount": amount, "day": date_format(timezone.localtime(self.at), "DATE_FORMAT")}


def last_bill(subscription: Subscription) -> LastBill | None:
    """None: nothing follows. Before it is cancelled: what would follow."""
    if subscription.is_by_use and subscription.status != Subscription.Status.TRIALING:
        ends_at, amount = subscription.access_ends_at, None
    elif subscription.is_ending:
        ends_at, amount = subscription.last_bill_at, subscription.last_bill_minor
    else:
        ends_at, amount = subscription.access_ends_at, _pending_minor(subscription)
    if ends_at is None or amount == 0:
        return None
    return LastBill(
        at=ends_at,
        amount_minor=amount,
        currency=subscription.currency,
        is_charged=subscription.is_charged_by_itself,
    )


def _pending_minor(subscription: Subscription) -> int:
    """What the next charge would take besides a period of its own, if that is when it would end."""
    if subscription.access_ends_at != subscription.next_charge_at:
        return 0
    pending = subscription.next_pending_minor
    return max(pending + subscription.next_balance_minor, 0) if pending > 0 else 0
