"""From Stripe's charges and refunds to transactions, one-time purchases and documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Vendor
from billing import sentences
from billing.brands import card_words
from billing.errors import NotSupported
from billing.gateway import charges, invoices
from billing.gateway.records import ChargeRecord, InvoiceRecord, RefundRecord
from billing.models import (
    Action,
    OneTimePurchase,
    StripeCustomer,
    Subscription,
    Transaction,
)
from billing.services import notices
from billing.services.sync import lines
from billing.services.sync.customers import ensure_customer
from billing.services.sync.rows import fill, order_number, read_and_save
from billing.services.sync.subscriptions import ensure_subscription
from invoices.models import Document
from invoices.services import issue_credit_note, issue_receipt

STATUSES = {
    "succeeded": Transaction.Status.SUCCEEDED,
    "pending": Transaction.Status.PENDING,
    "failed": Transaction.Status.FAILED,
}
REFUND_STATUSES = STATUSES | {
    "requires_action": Transaction.Status.PENDING,
    "canceled": Transaction.Status.FAILED,
}
AT_THE_PAGE = timedelta(minutes=15)
"""Who tried to pay on the card page a moment ago was told there."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A charge and all that Stripe knows around it."""

    charge: ChargeRecord
    invoice: InvoiceRecord | None
    refunds: list[RefundRecord]
    owner: StripeCustomer
    subscription: Subscription | None
    name: str
    """What was bought."""


def sync_charge(vendor: Vendor, charge_id: str) -> Transaction:
    """The charge with its refunds, its purchase and its documents, all or nothing."""
    row = read_and_save(lambda: _read(vendor, charge_id), _save)
    if row.mail_wanted and row.mailed_at is None:
        notices.tell_of_failure.enqueue(row.vendor_id, row.pk)
    return row


def _read(vendor: Vendor, charge_id: str) -> Payment:
    charge = charges.read_charge(vendor, charge_id)
    if charge.status not in STATUSES:
        detail = f"The charge has a status we do not know: {charge.status}"
        raise NotSupported(sentences.UNAVAILABLE, detail=detail)
    owner = ensure_customer(vendor, charge.customer_id)
    invoice = (
        invoices.invoice_of_payment(vendor, charge.payment_intent_id)
        if charge.payment_intent_id
        else None
    )
    subscription = (
        ensure_subscription(vendor, invoice.subscription_id)
        if invoice and invoice.subscription_id
        else None
    )
    known_refunds = Transaction.objects.filter(charge__stripe_id=charge_id)
    has_refunds = charge.refunded_minor > 0 or known_refunds.exists()
    return Payment(
        charge=charge,
        invoice=invoice,
        refunds=charges.refunds_of(vendor, charge_id) if has_refunds else [],
        owner=owner,
        subscription=subscription,
        name=_name(vendor, charge, invoice, subscription),
    )


def _name(
    vendor: Vendor,
    charge: ChargeRecord,
    invoice: InvoiceRecord | None,
    subscription: Subscription | None,
) -> str:
    if subscription is not None:
        return subscription.product_name
    if invoice is not None:
        return lines.names_of(invoice)
    in_checkout = charge.payment_intent_id and charges.bought_in_checkout(
        vendor, charge.payment_intent_id
    )
    return in_checkout or charge.description or lines.unnamed(vendor)


def _save(payment: Payment, _asked_at: datetime) -> Transaction:
    """The Stripe customer's row is the lock for all that is theirs."""
    owner = StripeCustomer.objects.select_for_update().get(pk=payment.owner.pk)
    charge = payment.charge
    row = Transaction.objects.filter(stripe_id=charge.charge_id).first()
    is_new = row is None
    row = row or Transaction(vendor_id=owner.vendor_id, stripe_id=charge.charge_id)
    _describe(row, payment)
    if is_new:
        row.mail_wanted = _is_news_to_the_customer(row, payment)
    if row.status == Transaction.Status.SUCCEEDED and payment.subscription is None:
        row.one_time_purchase = _purchase(payment, owner)
    if (
        row.status == Transaction.Status.SUCCEEDED
        and row.document_id is None
        and charge.amount_minor
    ):
        row.document = _receipt(row, payment)
    row.save()
    for refund in payment.refunds:
        _save_refund(row, refund)
    if row.one_time_purchase is not None:
        _add_up_refunds(row.one_time_purchase)
    return row


def _describe(row: Transaction, payment: Payment) -> None:
    charge, card = payment.charge, payment.charge.card
    if row.status not in (Transaction.Status.SUCCEEDED, Transaction.Status.FAILED):
        row.status = STATUSES[charge.status]
    row.kind = Transaction.Kind.CHARGE
    row.customer_id = payment.owner.customer_id
    row.subscription = payment.subscription
    fill(
        row,
        stripe_invoice_id=payment.invoice.invoice_id if payment.invoice else "",
        description=payment.name,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        card_brand=card.brand if card else "",
        card_last4=card.last4 if card else "",
        failure_code=charge.failure_code,
        happened_at=charge.created_at,
    )


def _is_news_to_the_customer(row: Transaction, payment: Payment) -> bool:
    """A renewal failed a short while ago, and nobody was at the card page to see it."""
    invoice = payment.invoice
    is_renewal = invoice is not None and invoice.billing_reason != "subscription_create"
    if row.status != Transaction.Status.FAILED or row.subscription is None or not is_renewal:
        return False
    if row.happened_at < timezone.now() - notices.WORTH_TELLING:
        return False
    return not row.subscription.actions.filter(
        kind=Action.Kind.PAY,
        parameters__invoice=row.stripe_invoice_id,
        started_at__gt=timezone.now() - AT_THE_PAGE,
    ).exists()


def _purchase(payment: Payment, owner: StripeCustomer) -> OneTimePurchase:
    charge = payment.charge
    row = OneTimePurchase.objects.filter(stripe_payment_intent_id=charge.payment_id).first()
    row = row or OneTimePurchase(
        vendor_id=owner.vendor_id, stripe_payment_intent_id=charge.payment_id
    )
    row.customer_id, row.stripe_customer = owner.customer_id, owner
    fill(
        row,
        product_name=payment.name,
        reference=_reference(payment),
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        paid_at=charge.created_at,
    )
    row.save()
    return row


def _receipt(row: Transaction, payment: Payment) -> Document:
    earlier = Transaction.objects.filter(
        subscription=payment.subscription, document__isnull=False, customer_id=row.customer_id
    )
    return issue_receipt(
        row.customer,
        source=row.stripe_id,
        title=row.description,
        lines=lines.lines_of(payment.charge, payment.invoice, row),
        currency=row.currency,
        paid_at=row.happened_at,
        paid_with=card_words(row.card_brand, row.card_last4),
        reference=_reference(payment)[:80],
        is_first_payment=payment.subscription is None or not earlier.exists(),
        total_minor=row.amount_minor,
    )


def _reference(payment: Payment) -> str:
    """The order's number; a subscription's payments bear the subscription's."""
    if payment.subscription is not None and payment.subscription.reference:
        return payment.subscription.reference
    in_invoice = payment.invoice.metadata if payment.invoice else {}
    return order_number(payment.charge.metadata) or order_number(in_invoice)


# --- Refunds ---


def _save_refund(charge: Transaction, refund: RefundRecord) -> None:
    row = Transaction.objects.filter(stripe_id=refund.refund_id).first()
    row = row or Transaction(vendor_id=charge.vendor_id, stripe_id=refund.refund_id)
    row.kind = Transaction.Kind.REFUND
    row.status = REFUND_STATUSES.get(refund.status, Transaction.Status.PENDING)
    row.charge = charge
    for name in ("customer_id", "subscription_id", "one_time_purchase_id"):
        setattr(row, name, getattr(charge, name))
    fill(
        row,
        stripe_invoice_id=charge.stripe_invoice_id,
        description=charge.description,
        amount_minor=-refund.amount_minor,
        currency=charge.currency,
        card_brand=charge.card_brand,
        card_last4=charge.card_last4,
        happened_at=refund.created_at,
    )
    if row.status == Transaction.Status.SUCCEEDED and row.document_id is None and charge.document:
        row.document = issue_credit_note(
            charge.document,
            source=row.stripe_id,
            amount_minor=refund.amount_minor,
            refunded_at=refund.created_at,
        )
    row.save()


def _add_up_refunds(purchase: OneTimePurchase) -> None:
    refunds = list(
        purchase.transactions.filter(
            kind=Transaction.Kind.REFUND, status=Transaction.Status.SUCCEEDED
        )
    )
    purchase.refunded_minor = -sum(refund.amount_minor for refund in refunds)
    purchase.refunded_at = max((refund.happened_at for refund in refunds), default=None)
    purchase.save(update_fields=["refunded_minor", "refunded_at"])
