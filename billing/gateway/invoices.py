"""Stripe's invoices: what was charged, what is open, and paying it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import id_of, moment, texts
from billing.gateway.records import InvoiceLineRecord, InvoiceRecord

if TYPE_CHECKING:
    from stripe.params import InvoicePaymentListParamsPayment


@dataclass(frozen=True, kw_only=True)
class PaymentHistory:
    """How far a subscription's payments have come."""

    payments_made: int
    """Invoices that were paid with money."""
    payments_billed: int
    """Invoices that ask for money, whatever became of them; a renewal's is a draft for an hour."""
    past_due_since: datetime | None
    past_due_minor: int
    next_attempt_at: datetime | None


def read_invoice(vendor: Vendor, invoice_id: str) -> InvoiceRecord:
    with asking():
        client = client_for(vendor)
        return _record(client, client.invoices.retrieve(invoice_id))


def invoice_of_payment(vendor: Vendor, payment_intent_id: str) -> InvoiceRecord | None:
    """Charges and PaymentIntents do not say which invoice they pay; the invoice's payments do."""
    paid_by: InvoicePaymentListParamsPayment = {
        "type": "payment_intent",
        "payment_intent": payment_intent_id,
    }
    with asking():
        client = client_for(vendor)
        found = client.invoice_payments.list(
            {"payment": paid_by, "expand": ["data.invoice"], "limit": 1}
        )
        for payment in found.data:
            if isinstance(payment.invoice, stripe.Invoice):
                return _record(client, payment.invoice)
        return None


def payment_history(vendor: Vendor, subscription_id: str) -> PaymentHistory:
    with asking():
        found = client_for(vendor).invoices.list({"subscription": subscription_id, "limit": 100})
        invoices = list(found.auto_paging_iter())
    overdue = [invoice for invoice in invoices if invoice.status == "open" and invoice.attempted]
    attempts = [i.next_payment_attempt for i in overdue if i.next_payment_attempt]
    return PaymentHistory(
        payments_made=sum(i.status == "paid" and i.amount_paid > 0 for i in invoices),
        payments_billed=sum(i.total > 0 for i in invoices),
        past_due_since=moment(min(i.created for i in overdue)) if overdue else None,
        past_due_minor=sum(invoice.amount_remaining for invoice in overdue),
        next_attempt_at=moment(min(attempts)) if attempts else None,
    )


def open_invoices(vendor: Vendor, subscription_id: str) -> list[InvoiceRecord]:
    """Oldest first."""
    with asking():
        client = client_for(vendor)
        found = client.invoices.list(
            {"subscription": subscription_id, "status": "open", "limit": 100}
        )
        invoices = [_record(client, invoice) for invoice in found.auto_paging_iter()]
    return sorted(invoices, key=lambda invoice: invoice.created_at)


def pay_invoice(vendor: Vendor, invoice_id: str, *, payment_method_id: str, key: str) -> None:
    """While its owner is there: raises CardNotConfirmed where the bank wants to ask them."""
    with asking():
        client_for(vendor).invoices.pay(
            invoice_id,
            {"payment_method": payment_method_id, "off_session": False},
            {"idempotency_key": key},
        )


def payment_secret(vendor: Vendor, invoice_id: str) -> str:
    """With which the browser confirms the invoice's open payment."""
    with asking():
        invoice = client_for(vendor).invoices.retrieve(
            invoice_id, {"expand": ["confirmation_secret"]}
        )
        secret = invoice.confirmation_secret
        return secret.client_secret if secret else ""


def _record(client: stripe.V1Services, invoice: stripe.Invoice) -> InvoiceRecord:
    details = invoice.parent.subscription_details if invoice.parent else None
    lines = list(invoice.lines.auto_paging_iter())
    rates = _tax_rates(client, lines)
    return InvoiceRecord(
        invoice_id=invoice.id,
        customer_id=id_of(invoice.customer),
        subscription_id=id_of(details.subscription) if details else "",
        status=invoice.status or "",
        billing_reason=invoice.billing_reason or "",
        currency=invoice.currency,
        starting_balance_minor=invoice.starting_balance,
        created_at=moment(invoice.created),
        lines=[_line(line, rates) for line in lines],
        metadata=texts(invoice.metadata) | texts(details.metadata if details else None),
    )


def _tax_rates(
    client: stripe.V1Services, lines: list[stripe.InvoiceLineItem]
) -> dict[str, stripe.TaxRate]:
    taxes = [tax for line in lines for tax in line.taxes or []]
    ids = dict.fromkeys(tax.tax_rate_details.tax_rate for tax in taxes if tax.tax_rate_details)
    return {rate_id: client.tax_rates.retrieve(rate_id) for rate_id in ids}


def _line(line: stripe.InvoiceLineItem, rates: dict[str, stripe.TaxRate]) -> InvoiceLineRecord:
    taxes = line.taxes or []
    inside = sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive")
    discount = sum(discount.amount for discount in line.discount_amounts or [])
    used = [rates[tax.tax_rate_details.tax_rate] for tax in taxes if tax.tax_rate_details]
    return InvoiceLineRecord(
        description=line.description or "",
        starts_at=moment(line.period.start),
        ends_at=moment(line.period.end),
        quantity=1 if line.quantity is None else line.quantity,
        net_minor=line.amount - discount - inside,
        tax_minor=sum(tax.amount for tax in taxes),
        tax_rate=_hundredths(used[0].percentage) if len(used) == 1 else None,
        tax_label=used[0].display_name if len(used) == 1 else "",
    )


def _hundredths(percentage: float) -> int:
    return round(Decimal(str(percentage)) * 100)
