"""One Stripe customer with all that is theirs: read again, put right, and told what differed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db.models import Model, Q, Sum
from django.utils import timezone

from accounts.models import Vendor
from billing import sentences
from billing.errors import BillingError, BillingUnavailable
from billing.gateway import charges, listing, sales
from billing.gateway.records import ChargeRecord
from billing.models import (
    Difference,
    Failure,
    StripeCustomer,
    SyncRun,
    Transaction,
)
from billing.services.failures import record_failure
from billing.services.sync.customers import DETAILS, sync_customer
from billing.services.sync.one_off_invoices import sync_one_off_invoices
from billing.services.sync.payments import sync_charge, sync_credit_note, sync_payment_outside
from billing.services.sync.subscriptions import sync_subscription

logger = logging.getLogger(__name__)

OURS = frozenset(
    {
        *("id", "vendor", "synced_at", "created_at"),
        *("mail_wanted", "mail_wanted_at", "mail_attempts", "next_mail_at", "mailed_at"),
    }
)
"""What Stripe knows nothing of."""

type State = dict[str, dict[str, str]]


def compare_customer(run: SyncRun, stripe_customer_id: str) -> None:
    before = _state(stripe_customer_id)
    _attempt(run, sync_customer, stripe_customer_id)
    if StripeCustomer.objects.filter(stripe_customer_id=stripe_customer_id).exists():
        _read_all(run, stripe_customer_id)
    _tell(run, before, _state(stripe_customer_id))


def _read_all(run: SyncRun, stripe_customer_id: str) -> None:
    for subscription_id in listing.subscription_ids(run.vendor, stripe_customer_id):
        _attempt(run, sync_subscription, subscription_id)
    sync_one_off_invoices(run.vendor, stripe_customer_id)
    for charge in charges.charges_of(run.vendor, stripe_customer_id):
        if run.kind == SyncRun.Kind.IMPORT or not _is_known(charge):
            _attempt(run, sync_charge, charge.charge_id)
    without_charge = [
        (sync_payment_outside, sales.paid_outside),
        (sync_credit_note, listing.credits_without_refund),
    ]
    for sync, ids in without_charge:
        for key in ids(run.vendor, stripe_customer_id):
            if not Transaction.objects.filter(stripe_id=key).exists():
                _attempt(run, sync, key)


def _attempt(run: SyncRun, sync: Callable[[Vendor, str], object], object_id: str) -> None:
    """What cannot be taken in is recorded for the vendor, and keeps nothing else waiting."""
    run.objects_read += 1
    source = f"comparison:{object_id}"
    try:
        sync(run.vendor, object_id)
    except BillingUnavailable:
        raise
    except BillingError as error:
        record_failure(error, source=source, object_id=object_id)
    except Exception as error:
        logger.exception("%s could not be taken in.", object_id)
        broken = BillingError(sentences.UNAVAILABLE, detail=f"{type(error).__name__}: {error}")
        record_failure(broken, source=source, object_id=object_id)
    else:
        Failure.objects.filter(source=source, settled_at=None).update(settled_at=timezone.now())
        return
    run.failures_met += 1


def _is_known(charge: ChargeRecord) -> bool:
    """Whether the list alone shows that nothing has happened to it since."""
    row = Transaction.objects.filter(stripe_id=charge.charge_id).first()
    if row is None or row.status != charge.status or row.amount_minor != charge.amount_minor:
        return False
    movements = Transaction.objects.filter(charge=row)
    is_moving = movements.filter(status=Transaction.Status.PENDING).exists()
    if charge.is_disputed != movements.filter(kind=Transaction.Kind.DISPUTE).exists():
        return False
    refunds = (
        movements.filter(kind=Transaction.Kind.REFUND, status=Transaction.Status.SUCCEEDED)
        .exclude(stripe_id__startswith="cn_")
        .aggregate(total=Sum("amount_minor"))
    )
    return not is_moving and -(refunds["total"] or 0) == charge.refunded_minor


# --- What differed ---


def _state(stripe_customer_id: str) -> State:
    """All that we hold about this Stripe customer, by Stripe's ids."""
    owner = StripeCustomer.objects.filter(stripe_customer_id=stripe_customer_id).first()
    if owner is None:
        return {}
    details = {name: str(getattr(owner.customer, name)) for name in DETAILS}
    state = {stripe_customer_id: _fields(owner) | details}
    for subscription in owner.subscriptions.all():
        state[subscription.stripe_subscription_id] = _fields(subscription)
    for purchase in owner.one_time_purchases.all():
        state[purchase.stripe_payment_intent_id] = _fields(purchase)
    theirs = Q(subscription__stripe_customer=owner) | Q(one_time_purchase__stripe_customer=owner)
    for movement in Transaction.objects.filter(theirs):
        state[movement.stripe_id] = _fields(movement)
    return state


def _fields(row: Model) -> dict[str, str]:
    return {
        field.name: str(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.name not in OURS
    }


def _tell(run: SyncRun, before: State, after: State) -> None:
    """An import finds everything missing: that is no news."""
    for object_id, now in after.items():
        then = before.get(object_id)
        if then == now or (then is None and run.kind == SyncRun.Kind.IMPORT):
            continue
        changes = {
            name: [(then or {}).get(name, ""), value]
            for name, value in now.items()
            if then is not None and then.get(name) != value
        }
        Difference.objects.update_or_create(
            vendor=run.vendor,
            run=run,
            object_id=object_id,
            defaults={"was_missing": then is None, "changes": changes},
        )
        run.differences_found += 1
