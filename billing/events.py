"""What Stripe tells us: which object to read again. An event is only a hint, so neither its
content nor its order matters."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import Vendor
from accounts.turns import wait_after
from billing import sentences
from billing.errors import BillingError, BillingUnavailable, NotSupported
from billing.gateway import charges, invoices, schedules
from billing.models import StripeAccount, StripeCustomer, StripeEvent, Subscription
from billing.services import card_completion, connect
from billing.services.failures import record_failure, settle_failures
from billing.services.sync.customers import sync_customer
from billing.services.sync.one_off_invoices import sync_one_off_invoices
from billing.services.sync.payments import (
    sync_charge,
    sync_credit_note,
    sync_payment_outside,
)
from billing.services.sync.subscriptions import sync_subscription

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 14
"""The last comes nearly two days after the first; then the vendor sees it as failed."""
FIRST_WAIT = timedelta(seconds=20)
"""With the sweep's own pace: what a worker had in hand when it was killed is done in a minute."""
LONGEST_WAIT = timedelta(days=1)

type Handler = Callable[[Vendor, StripeEvent], object]


def _customer(vendor: Vendor, event: StripeEvent) -> None:
    sync_customer(vendor, event.object_id)


def _customer_changed(vendor: Vendor, event: StripeEvent) -> None:
    """Their balance has a part in what is charged next."""
    known = StripeCustomer.objects.filter(stripe_customer_id=event.object_id).first()
    row = sync_customer(vendor, event.object_id)
    if known and row and known.balance_minor != row.balance_minor:
        _live_subscriptions(vendor, event.object_id)


def _invoice_item(vendor: Vendor, event: StripeEvent) -> None:
    """What is put on somebody's next invoice, or taken from it; the hint is whose it is."""
    _live_subscriptions(vendor, event.object_id)


def _live_subscriptions(vendor: Vendor, stripe_customer_id: str) -> None:
    theirs = Subscription.objects.filter(stripe_customer__stripe_customer_id=stripe_customer_id)
    for subscription in theirs.filter(status__in=Subscription.LIVE_STATUSES):
        sync_subscription(vendor, subscription.stripe_subscription_id)


def _subscription(vendor: Vendor, event: StripeEvent) -> None:
    sync_subscription(vendor, event.object_id)


def _schedule(vendor: Vendor, event: StripeEvent) -> None:
    if subscription_id := schedules.subscription_of_schedule(vendor, event.object_id):
        sync_subscription(vendor, subscription_id)


def _invoice(vendor: Vendor, event: StripeEvent) -> None:
    """Where a subscription stands, or what is open beside; of the money the charge tells."""
    invoice = invoices.read_invoice(vendor, event.object_id)
    if invoice.subscription_id:
        sync_subscription(vendor, invoice.subscription_id)
    else:
        sync_one_off_invoices(vendor, invoice.customer_id)


def _invoice_paid(vendor: Vendor, event: StripeEvent) -> None:
    """Where it was paid outside of Stripe, there is no charge to tell of the money."""
    _invoice(vendor, event)
    sync_payment_outside(vendor, event.object_id)


def _charge(vendor: Vendor, event: StripeEvent) -> None:
    sync_charge(vendor, event.object_id)


def _refund(vendor: Vendor, event: StripeEvent) -> None:
    if charge_id := charges.charge_of_refund(vendor, event.object_id):
        sync_charge(vendor, charge_id)


def _dispute(vendor: Vendor, event: StripeEvent) -> None:
    sync_charge(vendor, charges.charge_of_dispute(vendor, event.object_id))


def _credit_note(vendor: Vendor, event: StripeEvent) -> None:
    sync_credit_note(vendor, event.object_id)


def _payment_method(vendor: Vendor, event: StripeEvent) -> None:
    """A bank sent a new expiry date, or the card was taken away: whoever pays with it."""
    card = {"stripe_payment_method_id": event.object_id}
    for owner in StripeCustomer.objects.filter(**card):
        sync_customer(vendor, owner.stripe_customer_id)
    for subscription in Subscription.objects.filter(**card):
        sync_subscription(vendor, subscription.stripe_subscription_id)


def _setup_failed(vendor: Vendor, event: StripeEvent) -> None:
    card_completion.note_failure(vendor, event.object_id, event_id=event.event_id)


def _setup_succeeded(vendor: Vendor, event: StripeEvent) -> None:
    card_completion.complete(vendor, event.object_id)


def _connection(vendor: Vendor, event: StripeEvent) -> None:
    connect.read_again(vendor)


HANDLERS: dict[str, Handler] = {
    "charge.captured": _charge,
    "charge.dispute.closed": _dispute,
    "charge.dispute.created": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.expired": _charge,
    "charge.failed": _charge,
    "charge.pending": _charge,
    "charge.refunded": _charge,
    "charge.succeeded": _charge,
    "charge.updated": _charge,
    "credit_note.created": _credit_note,
    "credit_note.updated": _credit_note,
    "credit_note.voided": _credit_note,
    "customer.created": _customer,
    "customer.deleted": _customer,
    "customer.subscription.created": _subscription,
    "customer.subscription.deleted": _subscription,
    "customer.subscription.paused": _subscription,
    "customer.subscription.resumed": _subscription,
    "customer.subscription.trial_will_end": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.updated": _customer_changed,
    "invoice.finalized": _invoice,
    "invoice.marked_uncollectible": _invoice,
    "invoice.paid": _invoice_paid,
    "invoice.payment_action_required": _invoice,
    "invoice.payment_failed": _invoice,
    "invoice.updated": _invoice,
    "invoice.voided": _invoice,
    "invoiceitem.created": _invoice_item,
    "invoiceitem.deleted": _invoice_item,
    "payment_method.automatically_updated": _payment_method,
    "payment_method.detached": _payment_method,
    "payment_method.updated": _payment_method,
    "refund.created": _refund,
    "refund.failed": _refund,
    "refund.updated": _refund,
    "setup_intent.setup_failed": _setup_failed,
    "setup_intent.succeeded": _setup_succeeded,
    "subscription_schedule.canceled": _schedule,
    "subscription_schedule.completed": _schedule,
    "subscription_schedule.released": _schedule,
    "subscription_schedule.updated": _schedule,
}
"""What we listen to; a vendor's webhook endpoint is made for exactly these."""

OF_CONNECTIONS: dict[str, Handler] = {
    "account.application.deauthorized": _connection,
    "account.updated": _connection,
}
"""What the platform's endpoint hears besides."""


def handle(event: StripeEvent) -> None:
    """Bring our rows to what Stripe says now, and say in the event's row how that went.

    What Stripe cannot answer now, or what breaks, is tried again by the sweep. What cannot be
    taken in is recorded for the vendor and is done with, until staff have it replayed.
    """
    wait = wait_after(event.attempts, first=FIRST_WAIT, longest=LONGEST_WAIT)
    claimed = StripeEvent.objects.filter(pk=event.pk, handled_at=None, attempts=event.attempts)
    if not claimed.update(attempts=F("attempts") + 1, next_try_at=timezone.now() + wait):
        return
    error, is_over = _outcome_of(event)
    outcome = {
        "failure": (error.detail or str(error))[:500] if error else "",
        "handled_at": timezone.now() if is_over else None,
    }
    StripeEvent.objects.filter(pk=event.pk).update(**outcome)
    if error is None:
        settle_failures(event=event)
    elif is_over or event.attempts + 1 >= MAX_ATTEMPTS or not isinstance(error, BillingUnavailable):
        record_failure(error, event=event, source=event.event_id)


def _outcome_of(event: StripeEvent) -> tuple[BillingError | None, bool]:
    """What went wrong, and whether that is the end of it."""
    try:
        _read_again(event)
    except BillingUnavailable as error:
        return error, False
    except BillingError as error:
        return error, True
    except Exception as error:
        logger.exception("Event %s (%s) could not be handled.", event.event_id, event.type)
        return BillingError(sentences.UNAVAILABLE, detail=f"{type(error).__name__}: {error}"), False
    return None, True


def _read_again(event: StripeEvent) -> None:
    if about_connection := OF_CONNECTIONS.get(event.type):
        about_connection(event.vendor, event)
    if (handler := HANDLERS.get(event.type)) is None:
        return
    account = StripeAccount.objects.filter(vendor=event.vendor_id).first()
    if account is not None and account.key and account.livemode != event.livemode:
        detail = "The event is of the other mode than the vendor's key."
        raise NotSupported(sentences.UNAVAILABLE, detail=detail)
    handler(event.vendor, event)


def replay(event: StripeEvent) -> None:
    """As if it had come just now; the object is read again, so it can do no harm."""
    fresh = {"attempts": 0, "handled_at": None, "next_try_at": None, "failure": ""}
    StripeEvent.objects.filter(pk=event.pk).update(**fresh)
    from billing.tasks import handle_event

    handle_event.enqueue(event.vendor_id, event.pk)
