"""Cards that are about to expire: what the pages mark, and the mails 30 and 7 days before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils.timezone import localdate

from accounts.models import Customer
from accounts.tenancy import vendor_scope
from billing.models import CardOnFile, ExpiryNotice, StripeCustomer, Subscription
from billing.services import cards

DAYS_BEFORE = (7, 30)


def is_expiring(card: CardOnFile) -> bool:
    """Soon, or it has expired already."""
    last = card.expires_on
    return last is not None and last - localdate() <= timedelta(days=max(DAYS_BEFORE))


def has_expired(card: CardOnFile) -> bool:
    last = card.expires_on
    return last is not None and last < localdate()


def charged_to(payment_method_id: str, customer: Customer) -> list[Subscription]:
    """What this card will really be charged for; what has been cancelled is not."""
    live = [row for row in cards.live_subscriptions(customer) if not row.is_ending]
    return cards.paid_with(payment_method_id, live)


# --- The mails ---


def note_expiring() -> list[ExpiryNotice]:
    """For every vendor: a row for each mail that is due now, once each."""
    found = []
    with vendor_scope(None):
        candidates = list(_candidates())
    for card, customer in candidates:
        with vendor_scope(card.vendor):
            if notice := _noted(card, customer):
                found.append(notice)
    return found


def _candidates() -> Iterator[tuple[StripeCustomer | Subscription, Customer]]:
    """Cards whose last month is one of those that the coming days touch; none twice."""
    seen, soon = set(), Q()
    for days in range(max(DAYS_BEFORE) + 1):
        day = localdate() + timedelta(days=days)
        soon |= Q(card_exp_year=day.year, card_exp_month=day.month)
    owners = StripeCustomer.objects.filter(soon, deleted_at=None)
    own = Subscription.objects.filter(soon, status__in=Subscription.LIVE_STATUSES)
    for rows in (owners, own):
        for row in rows.select_related("vendor", "customer").iterator():
            if row.stripe_payment_method_id not in seen:
                seen.add(row.stripe_payment_method_id)
                yield row, row.customer


def _noted(card: StripeCustomer | Subscription, customer: Customer) -> ExpiryNotice | None:
    """The notice that is due, if it is new: of two that are due at once only the later."""
    last = card.expires_on
    left = (last - localdate()).days if last else -1
    days_before = next((days for days in DAYS_BEFORE if 0 <= left <= days), None)
    if days_before is None:
        return None
    what = {
        "stripe_payment_method_id": card.stripe_payment_method_id,
        "card_exp_year": card.card_exp_year,
        "card_exp_month": card.card_exp_month,
        "days_before": days_before,
    }
    if ExpiryNotice.objects.filter(**what).exists():
        return None
    if not charged_to(card.stripe_payment_method_id, customer):
        return None
    notice, is_new = ExpiryNotice.objects.get_or_create(
        **what, defaults={"customer": customer, "vendor": card.vendor}
    )
    return notice if is_new else None


def still_expiring(notice: ExpiryNotice) -> tuple[CardOnFile, list[Subscription]] | None:
    """The card and what it is charged for; None: the bank has sent a new date meanwhile, or
    another card pays, or nothing is charged any more."""
    charged = charged_to(notice.stripe_payment_method_id, notice.customer)
    card = charged[0].paying_card if charged else None
    if card is None or has_expired(card):
        return None
    present = (card.card_exp_year, card.card_exp_month)
    return (card, charged) if present == (notice.card_exp_year, notice.card_exp_month) else None
