"""From Stripe's charges and refunds to transactions, one-time purchases and documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Vendor
from billing import sentences
from billing.brands import card_words
from billing.errors import NotSupported
from billing.gateway import charges, sales
from billing.gateway.reading import joined
from billing.gateway.records import (
    ChargeRecord,
    DisputeRecord,
    PartyRecord,
    RefundRecord,
    SaleRecord,
)
from billing.models import (
    Action,
    OneTimePurchase,
    StripeCustomer,
    Subscription,
    Transaction,
)
from billing.services import notices
from billing.services.sync import buyers, lines, reversals
from billing.services.sync.customers import ensure_customer
from billing.services.sync.rows import SavedMeanwhile, fill, order_number, read_and_save
from billing.services.sync.subscriptions import ensure_subscription, sync_subscription
from invoices.models import Document
from invoices.services import issue_receipt

STATUSES = {
    "succeeded": Transaction.Status.SUCCEEDED,
    "pending": Transaction.Status.PENDING,
    "failed": Transaction.Status.FAILED,
}
AT_THE_PAGE = timedelta(minutes=15)
"""Who tried to pay on the card page a moment ago was told there."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A charge and all that Stripe knows around it."""

    charge: ChargeRecord
    sale: SaleRecord | None
    refunds: list[RefundRecord]
    disputes: list[DisputeRecord]
    owner: StripeCustomer
    party: PartyRecord | None
    """The owner's details, where the person's may be of another Stripe customer."""
    subscription: Subscription | None
    name: str
    """What was bought."""


def sync_charge(vendor: Vendor, charge_id: str) -> Transaction:
    """The charge with what takes it back, its purchase and its documents, all or nothing."""
    row = read_and_save(lambda: _read(vendor, charge_id), _save)
    if row.mail_wanted and row.mailed_at is None:
        if row.subscription is not None:  # the page that the mail leads to must know as much
            sync_subscription(vendor, row.subscription.stripe_subscription_id)
        notices.tell_of_failure.enqueue(row.vendor_id, row.pk)
    return row


def sync_payment_outside(vendor: Vendor, invoice_id: str) -> Transaction | None:
    """An invoice that the vendor marked as paid: there is no charge, but money moved."""

    def read() -> Payment | None:
        found = sales.payment_outside(vendor, invoice_id)
        return _around(vendor, *found) if found else None

    def save(payment: Payment | None, asked_at: datetime) -> Transaction | None:
        return _save(payment, asked_at) if payment else None

    return read_and_save(read, save)


def sync_credit_note(vendor: Vendor, credit_note_id: str) -> None:
    """With each payment of its invoice; of an open one there is none."""
    invoice_id, charge_ids = sales.payments_of_credited(vendor, credit_note_id)
    for charge_id in charge_ids:
        sync_charge(vendor, charge_id)
    sync_payment_outside(vendor, invoice_id)


def _read(vendor: Vendor, charge_id: str) -> Payment:
    charge = charges.read_charge(vendor, charge_id)
    if charge.status not in STATUSES:
        detail = f"The charge has a status we do not know: {charge.status}"
        raise NotSupported(sentences.UNAVAILABLE, detail=detail)
    paid_by = charge.payment_intent_id
    return _around(vendor, charge, sales.sale_of_payment(vendor, paid_by) if paid_by else None)


def _around(vendor: Vendor, charge: ChargeRecord, sale: SaleRecord | None) -> Payment:
    owner = ensure_customer(vendor, charge.customer_id)
    subscription = (
        ensure_subscription(vendor, sale.subscription_id) if sale and sale.subscription_id else None
    )
    known = Transaction.objects.filter(charge__stripe_id=charge.charge_id)
    has_refunds = charge.refunded_minor > 0 or known.filter(kind=Transaction.Kind.REFUND).exists()
    return Payment(
        charge=charge,
        sale=sale,
        refunds=charges.refunds_of(vendor, charge) if has_refunds else [],
        disputes=charges.disputes_of(vendor, charge.charge_id) if charge.is_disputed else [],
        owner=owner,
        party=buyers.read_party(vendor, owner),
        subscription=subscription,
        name=_name(vendor, charge, sale, subscription),
    )


def _name(
    vendor: Vendor,
    charge: ChargeRecord,
    sale: SaleRecord | None,
    subscription: Subscription | None,
) -> str:
    """What was sold then; a subscription may be for something else by now, or be called so."""
    sold = lines.names_in(sale) if sale else []
    if subscription is not None:
        is_as_now = {item["name"] for item in subscription.items} <= set(sold)
        return subscription.product_name if is_as_now or not sold else joined(sold)
    return joined(sold) or charge.description or lines.unnamed(vendor)


def _save(payment: Payment, asked_at: datetime) -> Transaction:
    """The Stripe customer's row is the lock for all that is theirs."""
    owner = StripeCustomer.objects.select_for_update().get(pk=payment.owner.pk)
    charge = payment.charge
    row = Transaction.objects.filter(stripe_id=charge.charge_id).first()
    if row is None:
        row = Transaction(vendor_id=owner.vendor_id, stripe_id=charge.charge_id)
    elif row.synced_at > asked_at:
        raise SavedMeanwhile
    before = row.status
    _describe(row, payment)
    if before != row.status:
        row.mail_wanted = _is_news_to_the_customer(row, payment, before=before)
        row.mail_wanted_at = timezone.now() if row.mail_wanted else None
    if row.status == Transaction.Status.SUCCEEDED:
        if payment.subscription is None:
            row.one_time_purchase = _purchase(payment, owner)
        if row.document_id is None and charge.amount_minor:
            row.document = _receipt(row, payment)
    row.save()
    _save_reversals(row, payment)
    return row


def _save_reversals(row: Transaction, payment: Payment) -> None:
    for refund in payment.refunds:
        reversals.save_refund(row, refund, payment.sale)
    for dispute in payment.disputes:
        reversals.save_dispute(row, dispute)
    if payment.sale and row.status == Transaction.Status.SUCCEEDED:
        for note in payment.sale.credit_notes:
            reversals.save_credit(row, note, payment.sale)
    if row.one_time_purchase is not None:
        reversals.add_up(row.one_time_purchase)


def _describe(row: Transaction, payment: Payment) -> None:
    charge, card = payment.charge, payment.charge.card
    row.status = STATUSES[charge.status]
    row.kind = Transaction.Kind.CHARGE
    row.customer_id = payment.owner.customer_id
    row.subscription = payment.subscription
    fill(
        row,
        stripe_invoice_id=payment.sale.invoice_id if payment.sale else "",
        stripe_status=charge.status,
        description=payment.name,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        card_brand=card.brand if card else "",
        card_last4=card.last4 if card else "",
        failure_code=charge.failure_code,
        happened_at=charge.created_at,
    )


def _is_news_to_the_customer(row: Transaction, payment: Payment, *, before: str) -> bool:
    """A renewal failed a short while ago, and nobody was at the card page to see it. A bank may
    take days to say no to what was on its way."""
    sale = payment.sale
    is_renewal = sale is not None and sale.billing_reason != "subscription_create"
    if row.status != Transaction.Status.FAILED or row.subscription is None or not is_renewal:
        return False
    was_on_its_way = before == Transaction.Status.PENDING
    if row.happened_at < timezone.now() - notices.WORTH_TELLING and not was_on_its_way:
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
    billed = payment.sale.billed if payment.sale else None
    return issue_receipt(
        row.customer,
        buyer=buyers.buyer_of(row.customer, party=payment.party, billed=billed),
        source=row.stripe_id,
        title=row.description,
        lines=lines.lines_of(payment.charge, payment.sale, row),
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
    of_sale = payment.sale.metadata if payment.sale else {}
    return order_number(payment.charge.metadata) or order_number(of_sale)
