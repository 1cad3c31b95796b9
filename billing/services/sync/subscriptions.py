"""From Stripe's subscription to ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Vendor
from billing import sentences
from billing.errors import NotSupported
from billing.gateway import invoices
from billing.gateway import subscriptions as gateway
from billing.gateway.invoices import PaymentHistory
from billing.gateway.reading import joined
from billing.gateway.records import SubscriptionRecord
from billing.gateway.upcoming import UpcomingInvoice
from billing.models import StripeCustomer, Subscription
from billing.services.failures import settle_by_standing
from billing.services.sync import terms
from billing.services.sync.customers import ensure_customer
from billing.services.sync.prices import price_fields
from billing.services.sync.rows import (
    SavedMeanwhile,
    card_fields,
    fill,
    order_number,
    read_and_save,
)
from billing.services.sync.upcoming import read_upcoming, upcoming_fields

type Reading = tuple[SubscriptionRecord, PaymentHistory, UpcomingInvoice | None, StripeCustomer]


def sync_subscription(vendor: Vendor, subscription_id: str) -> Subscription:
    def read() -> Reading:
        return _with_history(vendor, gateway.read_subscription(vendor, subscription_id))

    row = read_and_save(read, _save)
    if row.status not in Subscription.Status.values:
        detail = f"The subscription has a status we do not know: {row.status}"
        raise NotSupported(sentences.UNAVAILABLE, detail=detail)
    return row


def ensure_subscription(vendor: Vendor, subscription_id: str) -> Subscription:
    known = Subscription.objects.filter(stripe_subscription_id=subscription_id).first()
    return known or sync_subscription(vendor, subscription_id)


def take_in_subscription(
    vendor: Vendor, record: SubscriptionRecord, *, asked_at: datetime
) -> Subscription:
    """Save what Stripe answered to a change."""
    reading = _with_history(vendor, record)
    try:
        with transaction.atomic():
            return _save(reading, asked_at)
    except SavedMeanwhile:
        return sync_subscription(vendor, record.subscription_id)


def _with_history(vendor: Vendor, record: SubscriptionRecord) -> Reading:
    stripe_customer = ensure_customer(vendor, record.customer_id)
    history = invoices.payment_history(vendor, record.subscription_id)
    return record, history, read_upcoming(vendor, record), stripe_customer


def _save(reading: Reading, asked_at: datetime) -> Subscription:
    """The Stripe customer's row is the lock for all that is theirs."""
    record, history, upcoming, stripe_customer = reading
    owner = StripeCustomer.objects.select_for_update().get(pk=stripe_customer.pk)
    row = Subscription.objects.filter(stripe_subscription_id=record.subscription_id).first()
    if row is None:
        row = Subscription(vendor_id=owner.vendor_id, stripe_subscription_id=record.subscription_id)
    elif row.synced_at > asked_at:
        raise SavedMeanwhile
    row.customer_id, row.stripe_customer = owner.customer_id, owner
    fill(row, **_what_it_is(record), **_where_it_stands(record, history, row.paused_at))
    fill(row, **card_fields(record.card), **upcoming_fields(record, upcoming))
    row.save()
    settle_by_standing(row)
    return row


def _what_it_is(record: SubscriptionRecord) -> dict[str, Any]:
    return {
        "stripe_schedule_id": record.schedule.schedule_id if record.schedule else "",
        "product_name": joined(item.product_name for item in record.items),
        "plan_name": joined(item.plan_name for item in record.items),
        "reference": order_number(record.metadata),
        "currency": record.currency,
        "is_managed": record.is_managed,
        "without_card": record.without_card,
        **price_fields(record, terms.next_charge_at(record)),
        "collection_method": record.collection_method,
        "started_at": record.started_at,
        "trial_ends_at": record.trial_ends_at,
    }


def _where_it_stands(
    record: SubscriptionRecord, history: PaymentHistory, paused_at: datetime | None
) -> dict[str, Any]:
    total = terms.payments_total(record, history)
    cancels_at = terms.cancels_at(record, history, total)
    paused_since = paused_at or timezone.now() if record.collection_paused else record.paused_at
    return {
        "status": record.status,
        "payments_total": total,
        "payments_made": history.payments_made,
        "payments_vary": terms.payments_vary(record, history, total),
        "period_ends_at": record.period_ends_at,
        "next_charge_at": terms.next_charge_at(record),
        "last_charge_at": terms.last_charge_at(record, history, total),
        "drafted_at": history.drafted_at,
        "drafted_minor": history.drafted_minor,
        "cancels_at": cancels_at,
        "cancel_requested_at": record.cancel_requested_at if cancels_at else None,
        "ended_at": record.ended_at,
        "paused_at": paused_since,
        "resumes_at": terms.before_end(record, record.resumes_at),
        **_what_is_due(record, history),
        "waits_for_approval": record.status in Subscription.LIVE_STATUSES
        and history.waits_for_approval,
        "open_count": history.open_count,
        "open_minor": history.open_minor,
        "open_invoice_url": history.open_invoice_url,
    }


def _what_is_due(record: SubscriptionRecord, history: PaymentHistory) -> dict[str, Any]:
    """Of several open invoices the latest decides the status; the others are no less open. Nor is
    any once it has ended: Stripe then tries none of them again, but each can be paid."""
    tried_at = terms.before_end(record, history.next_attempt_at)
    if record.status == Subscription.Status.CANCELED:
        since, minor, tried_at = history.past_due_since, history.open_minor, None
    elif record.status in Subscription.LIVE_STATUSES:
        since, minor = history.past_due_since, history.past_due_minor
    else:
        since, minor, tried_at = None, 0, None
    return {"past_due_since": since, "past_due_minor": minor, "next_attempt_at": tried_at}
