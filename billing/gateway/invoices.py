"""Stripe's invoices: what was charged, what is open, and paying it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import stripe
from django.utils import timezone

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.payments import read_payment
from billing.gateway.reading import first_text, id_of, moment, moment_or_none
from billing.gateway.records import InvoiceRecord


@dataclass(frozen=True, kw_only=True)
class PaymentHistory:
    """How far a subscription's payments have come."""

    payments_made: int
    """Invoices that were paid with money."""
    payments_billed: int
    """Invoices that ask for money, whatever became of them; a renewal's is a draft for an hour."""
    drafted_at: datetime | None
    """When Stripe finalises the first of its drafts by itself, and then collects it."""
    drafted_minor: int
    past_due_since: datetime | None
    past_due_minor: int
    next_attempt_at: datetime | None
    waits_for_approval: bool
    """All that is past due: its bank asks the card's owner first (3-D Secure)."""
    open_minor: int
    """What all open invoices come to, overdue or not."""
    open_invoice_url: str
    """Stripe's page of the oldest open invoice, where it can be paid."""


def read_invoice(vendor: Vendor, invoice_id: str) -> InvoiceRecord:
    with asking():
        return _record(client_for(vendor).invoices.retrieve(invoice_id))


def payment_history(vendor: Vendor, subscription_id: str) -> PaymentHistory:
    with asking():
        found = client_for(vendor).invoices.list({"subscription": subscription_id, "limit": 100})
        invoices = list(found.auto_paging_iter())
    open_ones = sorted((i for i in invoices if i.status == "open"), key=lambda i: i.created)
    overdue = [invoice for invoice in open_ones if _is_overdue(invoice)]
    drafts = [invoice for invoice in invoices if _is_to_come(invoice)]
    return PaymentHistory(
        payments_made=sum(i.status == "paid" and i.amount_paid > 0 for i in invoices),
        payments_billed=sum(i.total > 0 for i in invoices),
        drafted_at=_first_moment(draft.automatically_finalizes_at for draft in drafts),
        drafted_minor=sum(draft.amount_due for draft in drafts),
        past_due_since=_first_moment(invoice.created for invoice in overdue),
        past_due_minor=sum(invoice.amount_remaining for invoice in overdue),
        next_attempt_at=_first_moment(i.next_payment_attempt for i in overdue),
        open_minor=sum(invoice.amount_remaining for invoice in open_ones),
        waits_for_approval=_wait_for_owner(vendor, overdue),
        open_invoice_url=first_text(*(invoice.hosted_invoice_url for invoice in open_ones)),
    )


def _is_overdue(invoice: stripe.Invoice) -> bool:
    """Tried in vain; or sent to be paid by a day that is over."""
    is_late = invoice.due_date is not None and moment(invoice.due_date) < timezone.now()
    return invoice.attempted or is_late


def _is_to_come(invoice: stripe.Invoice) -> bool:
    """A draft that Stripe finalises by itself, and that asks for money."""
    waits = invoice.status == "draft" and invoice.automatically_finalizes_at is not None
    return waits and invoice.amount_due > 0


def _first_moment(found: Iterable[int | None]) -> datetime | None:
    return moment_or_none(min((seconds for seconds in found if seconds), default=None))


def _wait_for_owner(vendor: Vendor, overdue: list[stripe.Invoice]) -> bool:
    charged = [i.id for i in overdue if i.collection_method == "charge_automatically"]
    return bool(charged) and all(read_payment(vendor, key).waits_for_owner for key in charged)


def _record(invoice: stripe.Invoice) -> InvoiceRecord:
    details = invoice.parent.subscription_details if invoice.parent else None
    return InvoiceRecord(
        invoice_id=invoice.id,
        customer_id=id_of(invoice.customer),
        subscription_id=id_of(details.subscription) if details else "",
        status=invoice.status or "",
        currency=invoice.currency,
        created_at=moment(invoice.created),
    )
