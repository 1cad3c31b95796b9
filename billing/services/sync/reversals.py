"""What takes a payment back: refunds, disputes, and credits that moved no money to the card."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.gateway.records import CreditNoteRecord, DisputeRecord, RefundRecord, SaleRecord
from billing.models import OneTimePurchase, Transaction
from billing.services.sync import lines
from billing.services.sync.rows import fill
from invoices.items import left_to_credit
from invoices.models import Document
from invoices.services import issue_credit_note, take_back_credit_note

Kind, Status = Transaction.Kind, Transaction.Status

REFUND_STATUSES = {
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
"""All others are on their way."""
DISPUTE_STATUSES = {
    "lost": Status.SUCCEEDED,
    "won": Status.FAILED,
    "warning_closed": Status.FAILED,
    "prevented": Status.FAILED,
}
"""All others are open. What the bank takes back for good is a refund in effect."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of a credit note went one way."""

    stripe_id: str
    kind: Transaction.Kind
    amount_minor: int
    refunded_to: str


def save_refund(charge: Transaction, refund: RefundRecord, sale: SaleRecord | None) -> None:
    row = _row(charge, refund.refund_id, Kind.REFUND)
    row.status = REFUND_STATUSES.get(refund.status, Status.PENDING)
    fill(
        row,
        stripe_status=refund.status,
        reason=refund.reason,
        failure_code=refund.failure_code,
        amount_minor=-refund.amount_minor,
        currency=refund.currency,
        happened_at=refund.created_at,
    )
    if row.status == Status.SUCCEEDED:
        _credit(row, refund.amount_minor, sale, _note_of(refund, sale))
    elif row.status == Status.FAILED:
        _take_back(row)
    row.save()


def save_dispute(charge: Transaction, dispute: DisputeRecord) -> None:
    """Without a document, lost or not: the bank moves the money, but only the vendor can say
    whether what was sold is worth less now, and does so by a credit note."""
    row = _row(charge, dispute.dispute_id, Kind.DISPUTE)
    row.status = DISPUTE_STATUSES.get(dispute.status, Status.PENDING)
    fill(
        row,
        stripe_status=dispute.status,
        reason=dispute.reason,
        respond_by=dispute.respond_by if row.status == Status.PENDING else None,
        amount_minor=-dispute.amount_minor,
        currency=dispute.currency,
        happened_at=dispute.created_at,
    )
    row.save()


def save_credit(charge: Transaction, note: CreditNoteRecord, sale: SaleRecord) -> None:
    """What of a credit note is no refund: given back outside of Stripe, kept as a balance, or some
    of both. Each is a movement with a document of its own, so that each is told as what it is.

    After a lost dispute it is the paper for what the bank took; no money moved a second time.
    """
    for part in _parts_of(note, charge):
        known = Transaction.objects.filter(stripe_id=part.stripe_id).first()
        if known and known.charge_id != charge.pk:
            continue
        is_outside = part.kind == Kind.REFUND
        if is_outside and not known and (lost := _lost_dispute(charge)):
            _credit(lost, part.amount_minor, sale, note, refunded_to="")
            lost.save()
        else:
            _save_part(charge, part, note, sale)


def _parts_of(note: CreditNoteRecord, charge: Transaction) -> list[Part]:
    """By the ways they went; the first is known by the note's own id."""
    outside = min(note.outside_minor, note.not_refunded_minor)
    with lines.in_the_words_of(charge.customer):
        balance = _("the balance of your account")
    ways = [(Kind.REFUND, outside, ""), (Kind.CREDIT, note.not_refunded_minor - outside, balance)]
    ids = (note.credit_note_id, f"{note.credit_note_id} balance")
    return [
        Part(stripe_id=stripe_id, kind=kind, amount_minor=amount, refunded_to=to)
        for stripe_id, (kind, amount, to) in zip(ids, (w for w in ways if w[1] > 0), strict=False)
    ]


def _save_part(charge: Transaction, part: Part, note: CreditNoteRecord, sale: SaleRecord) -> None:
    row = _row(charge, part.stripe_id, part.kind)
    row.status = Status.SUCCEEDED
    fill(
        row,
        card_brand="",
        card_last4="",
        amount_minor=-part.amount_minor,
        currency=charge.currency,
        happened_at=note.created_at,
    )
    _credit(row, part.amount_minor, sale, note, refunded_to=part.refunded_to)
    row.save()


def add_up(purchase: OneTimePurchase) -> None:
    """What of it went back to the customer, whoever sent it: no more than was paid, although a
    bank may take the whole of what was refunded in part."""
    went_back = list(
        purchase.transactions.filter(
            kind__in=[Kind.REFUND, Kind.DISPUTE],
            status=Status.SUCCEEDED,
            currency=purchase.currency,
        )
    )
    returned = -sum(row.amount_minor for row in went_back)
    purchase.refunded_minor = min(returned, purchase.amount_minor)
    purchase.refunded_at = max((row.happened_at for row in went_back), default=None)
    purchase.save(update_fields=["refunded_minor", "refunded_at"])


def _row(charge: Transaction, stripe_id: str, kind: Transaction.Kind) -> Transaction:
    row = Transaction.objects.filter(stripe_id=stripe_id).first()
    row = row or Transaction(vendor_id=charge.vendor_id, stripe_id=stripe_id)
    row.kind, row.charge = kind, charge
    for name in ("customer_id", "subscription_id", "one_time_purchase_id"):
        setattr(row, name, getattr(charge, name))
    fill(
        row,
        stripe_invoice_id=charge.stripe_invoice_id,
        description=charge.description,
        card_brand=charge.card_brand,
        card_last4=charge.card_last4,
    )
    return row


def _lost_dispute(charge: Transaction) -> Transaction | None:
    return charge.reversals.filter(kind=Kind.DISPUTE, status=Status.SUCCEEDED).first()


def _note_of(refund: RefundRecord, sale: SaleRecord | None) -> CreditNoteRecord | None:
    """The credit note at Stripe that this refund alone pays out."""
    only = {refund.refund_id: refund.amount_minor}
    notes = sale.credit_notes if sale else []
    return next((n for n in notes if n.refunds == only and not n.not_refunded_minor), None)


def _credit(
    row: Transaction,
    amount_minor: int,
    sale: SaleRecord | None,
    note: CreditNoteRecord | None,
    *,
    refunded_to: str | None = None,
) -> None:
    """Of a receipt no more can be credited than it says was paid."""
    receipt = row.charge.document if row.charge else None
    if row.document is not None or receipt is None or receipt.currency != row.currency:
        return
    amount = min(amount_minor, left_to_credit(receipt))
    if amount > 0:
        row.document = issue_credit_note(
            receipt,
            source=row.stripe_id,
            amount_minor=amount,
            refunded_at=note.created_at if note else row.happened_at,
            refunded_to=refunded_to,
            wanted=lines.wanted_by(note, sale) if note and sale else None,
        )


def _take_back(row: Transaction) -> None:
    note = row.document
    if note is not None and note.kind == Document.Kind.CREDIT_NOTE:
        row.document = take_back_credit_note(
            note, source=f"{row.stripe_id} failed", failed_at=timezone.now()
        )
