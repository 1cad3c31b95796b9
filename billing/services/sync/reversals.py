"""What takes a payment back: refunds, disputes, and credits that moved no money to the card."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.gateway.records import CreditNoteRecord, DisputeRecord, RefundRecord, SaleRecord
from billing.models import OneTimePurchase, Transaction
from billing.services.sync import lines
from billing.services.sync.rows import fill
from invoices.items import Amounts, left_to_credit
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
    """What of a credit note went one way, after `before_minor` of it had gone another."""

    note: CreditNoteRecord
    stripe_id: str
    amount_minor: int
    before_minor: int
    refunded_to: str | None
    """As in `issue_credit_note`: none for a refund, which goes to what paid."""


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
        _credit(row, refund.amount_minor, sale, _part_of(refund, sale, charge))
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
    for part in _parts_of(note, charge)[len(note.refunds) :]:
        known = Transaction.objects.filter(stripe_id=part.stripe_id).first()
        if known and known.charge_id != charge.pk:
            continue
        if not part.refunded_to and not known and (lost := _lost_dispute(charge)):
            _credit(lost, part.amount_minor, sale, part)
            lost.save()
        else:
            _save_part(charge, part, sale)


def _parts_of(note: CreditNoteRecord, charge: Transaction) -> list[Part]:
    """Its refunds, then what went outside of Stripe, then what is a balance. Of the last two the
    first is known by the note's own id."""
    outside = min(note.outside_minor, note.not_refunded_minor)
    with lines.in_the_words_of(charge.customer):
        balance = _("the balance of your account")
    others = [("", outside), (balance, note.not_refunded_minor - outside)]
    ids = iter([note.credit_note_id, f"{note.credit_note_id} balance"])
    ways: list[tuple[str, int, str | None]] = [(key, n, None) for key, n in note.refunds.items()]
    ways += [(next(ids), amount, to) for to, amount in others if amount > 0]
    before = accumulate((amount for _id, amount, _to in ways), initial=0)
    return [
        Part(note=note, stripe_id=key, amount_minor=amount, before_minor=gone, refunded_to=to)
        for (key, amount, to), gone in zip(ways, before, strict=False)
    ]


def _save_part(charge: Transaction, part: Part, sale: SaleRecord) -> None:
    row = _row(charge, part.stripe_id, Kind.CREDIT if part.refunded_to else Kind.REFUND)
    row.status = Status.SUCCEEDED
    fill(
        row,
        card_brand="",
        card_last4="",
        amount_minor=-part.amount_minor,
        currency=charge.currency,
        happened_at=part.note.created_at,
    )
    _credit(row, part.amount_minor, sale, part)
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


def _part_of(refund: RefundRecord, sale: SaleRecord | None, charge: Transaction) -> Part | None:
    """What of a credit note at Stripe this refund pays out, where it pays out nothing else."""
    notes = sale.credit_notes if sale else []
    parts = (part for note in notes for part in _parts_of(note, charge))
    paid_out = (refund.refund_id, refund.amount_minor)
    return next((part for part in parts if (part.stripe_id, part.amount_minor) == paid_out), None)


def _credit(
    row: Transaction, amount_minor: int, sale: SaleRecord | None, part: Part | None
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
            refunded_at=part.note.created_at if part else row.happened_at,
            refunded_to=part.refunded_to if part else None,
            wanted=_wanted(part, sale) if part and sale else None,
        )


def _wanted(part: Part, sale: SaleRecord) -> dict[int, Amounts]:
    return lines.wanted_by(
        part.note, sale, amount_minor=part.amount_minor, before_minor=part.before_minor
    )


def _take_back(row: Transaction) -> None:
    note = row.document
    if note is not None and note.kind == Document.Kind.CREDIT_NOTE:
        row.document = take_back_credit_note(
            note, source=f"{row.stripe_id} failed", failed_at=timezone.now()
        )
