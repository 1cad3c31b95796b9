"""Stripe's invoices: what was charged, what is open, and paying it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import stripe
from django.utils import timezone

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.payments import Standing, read_payment
from billing.gateway.reading import card_of, first_text, id_of, moment, moment_or_none
from billing.gateway.records import InvoiceRecord
from billing.one_off_invoices import OneOffInvoice


@dataclass(frozen=True, kw_only=True)
class BilledPeriod:
    """A period that an invoice is for, whatever became of that; a renewal's is a draft for an hour.
    `amount_minor`: after discounts, as prices are: with the tax only if they include it."""

    starts_at: datetime
    amount_minor: int
    is_paid: bool
    """With money, or from the customer's credit balance at Stripe."""


@dataclass(frozen=True, kw_only=True)
class PaymentHistory:
    """How far a subscription's payments have come."""

    periods: list[BilledPeriod]
    """Of each invoice that bills one; what else is invoiced beside them is no payment of a plan."""
    drafted_at: datetime | None
    """When Stripe finalises the first of its drafts by itself, and then collects it."""
    drafted_minor: int
    past_due_since: datetime | None
    """Since an invoice was made and charged in vain, or since the day one that was sent was due."""
    past_due_minor: int
    next_attempt_at: datetime | None
    waits_for_approval: bool
    """All that is past due: its bank asks the card's owner first (3-D Secure)."""
    open_count: int
    open_minor: int
    """What all open invoices come to, overdue or not."""
    open_invoice_url: str
    """Stripe's page of the oldest open invoice, where it can be paid."""

    @property
    def payments_made(self) -> int:
        return sum(period.is_paid and period.amount_minor > 0 for period in self.periods)

    @property
    def payments_billed(self) -> int:
        return sum(period.amount_minor > 0 for period in self.periods)


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
        periods=[period for i in invoices if (period := _billed_period(i))],
        drafted_at=_first_moment(draft.automatically_finalizes_at for draft in drafts),
        drafted_minor=sum(draft.amount_due for draft in drafts),
        past_due_since=_first_moment(invoice.due_date or invoice.created for invoice in overdue),
        past_due_minor=sum(invoice.amount_remaining for invoice in overdue),
        next_attempt_at=_first_moment(i.next_payment_attempt for i in overdue),
        open_count=len(open_ones),
        open_minor=sum(invoice.amount_remaining for invoice in open_ones),
        waits_for_approval=_wait_for_owner(vendor, overdue),
        open_invoice_url=first_text(*(invoice.hosted_invoice_url for invoice in open_ones)),
    )


def open_one_offs(vendor: Vendor, customer_id: str) -> list[OneOffInvoice]:
    """Those of no subscription, oldest first."""
    expand = ["data.default_payment_method", "data.default_source"]
    with asking():
        found = client_for(vendor).invoices.list(
            {"customer": customer_id, "status": "open", "limit": 100, "expand": expand}
        )
        ones = [one for one in found.auto_paging_iter() if not _subscription_id(one)]
        ones.sort(key=lambda one: (one.created, one.id))  # always the same, in one second too
        return [_one_off(vendor, invoice) for invoice in ones]


def _one_off(vendor: Vendor, invoice: stripe.Invoice) -> OneOffInvoice:
    card = card_of(invoice.default_payment_method, invoice.default_source)
    return OneOffInvoice(
        invoice_id=invoice.id,
        amount_minor=invoice.amount_remaining,
        currency=invoice.currency,
        charged_at=moment_or_none(invoice.next_payment_attempt),
        due_at=moment_or_none(invoice.due_date),
        is_on_its_way=read_payment(vendor, invoice.id).standing == Standing.ON_ITS_WAY,
        card=[card.brand, card.last4, card.account] if card else [],
        url=invoice.hosted_invoice_url or "",
    )


def _billed_period(invoice: stripe.Invoice) -> BilledPeriod | None:
    """None for one of extras only, such as the prorations of a change."""
    lines = [line for line in invoice.lines.data if _is_of_period(line)]
    if not lines:
        return None
    off = sum(part.amount for line in lines for part in line.discount_amounts or [])
    return BilledPeriod(
        starts_at=moment(min(line.period.start for line in lines)),
        amount_minor=sum(line.amount for line in lines) - off,
        is_paid=invoice.status == "paid",
    )


def _is_of_period(line: stripe.InvoiceLineItem) -> bool:
    item = line.parent.subscription_item_details if line.parent else None
    return item is not None and not item.proration


def _is_overdue(invoice: stripe.Invoice) -> bool:
    """Sent to be paid by a day that is over, whatever was tried before; else tried in vain."""
    if invoice.due_date is not None:
        return moment(invoice.due_date) < timezone.now()
    return invoice.attempted


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
    return InvoiceRecord(
        invoice_id=invoice.id,
        customer_id=id_of(invoice.customer),
        subscription_id=_subscription_id(invoice),
        status=invoice.status or "",
        currency=invoice.currency,
        created_at=moment(invoice.created),
    )


def _subscription_id(invoice: stripe.Invoice) -> str:
    details = invoice.parent.subscription_details if invoice.parent else None
    return id_of(details.subscription) if details else ""
