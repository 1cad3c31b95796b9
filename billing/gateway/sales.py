"""What was sold for a payment: the lines of an invoice or of a Checkout Session, with their taxes
and discounts, and the credit notes that took something of it back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import billed_by, first_text, id_of, moment, texts
from billing.gateway.records import (
    ChargeRecord,
    CreditNoteRecord,
    LineRecord,
    SaleRecord,
    ShippingRecord,
)
from billing.gateway.taxes import Rates, id_of_rate, rate_of, rates_of

if TYPE_CHECKING:
    from stripe.params import InvoicePaymentListParamsPayment


def sale_of_payment(vendor: Vendor, payment_intent_id: str) -> SaleRecord | None:
    """Charges and PaymentIntents do not say what they pay; an invoice's payments and Checkout
    Sessions do. None for a payment that was made by itself."""
    with asking():
        client = client_for(vendor)
        return _invoiced(client, payment_intent_id) or _checked_out(client, payment_intent_id)


def payment_outside(vendor: Vendor, invoice_id: str) -> tuple[ChargeRecord, SaleRecord] | None:
    """What the vendor marked as paid outside of Stripe, in the shape of a charge."""
    with asking():
        client = client_for(vendor)
        invoice = client.invoices.retrieve(invoice_id)
        amount = _paid_outside_minor(invoice)
        paid_at = invoice.status_transitions.paid_at
        if invoice.status != "paid" or not amount or paid_at is None:
            return None
        charge = ChargeRecord(
            charge_id=invoice.id,
            customer_id=id_of(invoice.customer),
            payment_intent_id="",
            status="succeeded",
            amount_minor=amount,
            refunded_minor=0,
            is_disputed=False,
            currency=invoice.currency,
            description=invoice.description or "",
            failure_code="",
            card=None,
            created_at=moment(paid_at),
        )
        return charge, _sale_of_invoice(client, invoice)


def paid_outside(vendor: Vendor, customer_id: str) -> list[str]:
    """The invoices of a Stripe customer that were paid outside of Stripe."""
    with asking():
        found = client_for(vendor).invoices.list(
            {"customer": customer_id, "status": "paid", "limit": 100}
        )
        return [i.id for i in found.auto_paging_iter() if _paid_outside_minor(i)]


def _paid_outside_minor(invoice: stripe.Invoice) -> int:
    return getattr(invoice, "amount_paid_off_stripe", None) or 0


def payments_of_credited(vendor: Vendor, credit_note_id: str) -> tuple[str, list[str]]:
    """The invoice that a credit note is about, and the charges that paid it."""
    with asking():
        client = client_for(vendor)
        invoice_id = id_of(client.credit_notes.retrieve(credit_note_id).invoice)
        found = client.invoice_payments.list(
            {
                "invoice": invoice_id,
                "status": "paid",
                "expand": ["data.payment.payment_intent"],
                "limit": 100,
            }
        )
        intents = [payment.payment.payment_intent for payment in found.auto_paging_iter()]
    charges = [id_of(i.latest_charge) for i in intents if isinstance(i, stripe.PaymentIntent)]
    return invoice_id, [charge_id for charge_id in charges if charge_id]


def _invoiced(client: stripe.V1Services, payment_intent_id: str) -> SaleRecord | None:
    paid_by: InvoicePaymentListParamsPayment = {
        "type": "payment_intent",
        "payment_intent": payment_intent_id,
    }
    found = client.invoice_payments.list(
        {"payment": paid_by, "expand": ["data.invoice"], "limit": 100}
    )
    invoices = [payment.invoice for payment in found.auto_paging_iter()]
    paid = {one.id: one for one in invoices if isinstance(one, stripe.Invoice)}
    sales = [
        _sale_of_invoice(client, one)
        for one in sorted(paid.values(), key=lambda i: (i.created, i.id))
    ]
    return _together(sales) if sales else None


def _together(sales: list[SaleRecord]) -> SaleRecord:
    """One payment may be for several invoices: it then goes by the oldest's name."""
    if len(sales) == 1:
        return sales[0]
    shipped = [sale.shipping for sale in sales if sale.shipping]
    tax = sum(part.tax_minor for part in shipped)
    shipping = _shipping(tax + sum(part.net_minor for part in shipped), tax)
    return replace(
        sales[0],
        subscription_id=first_text(*(sale.subscription_id for sale in sales)),
        total_minor=sum(sale.total_minor for sale in sales),
        tax_minor=sum(sale.tax_minor for sale in sales),
        balance_minor=sum(sale.balance_minor for sale in sales),
        lines=[line for sale in sales for line in sale.lines],
        shipping=shipping if shipped else None,
        credit_notes=[note for sale in sales for note in sale.credit_notes],
    )


def _sale_of_invoice(client: stripe.V1Services, invoice: stripe.Invoice) -> SaleRecord:
    details = invoice.parent.subscription_details if invoice.parent else None
    lines = list(invoice.lines.auto_paging_iter())
    rates = rates_of(client, (tax for line in lines for tax in line.taxes or []))
    is_credited = (
        invoice.pre_payment_credit_notes_amount or invoice.post_payment_credit_notes_amount
    )
    shipping = invoice.shipping_cost
    return SaleRecord(
        invoice_id=invoice.id,
        billed=billed_by(invoice),
        customer_id=id_of(invoice.customer),
        subscription_id=id_of(details.subscription) if details else "",
        billing_reason=invoice.billing_reason or "",
        total_minor=invoice.total,
        tax_minor=sum(tax.amount for tax in invoice.total_taxes or []),
        balance_minor=invoice.starting_balance - (invoice.ending_balance or 0),
        lines=[_invoice_line(line, rates) for line in lines],
        shipping=_shipping(shipping.amount_total, shipping.amount_tax) if shipping else None,
        credit_notes=_credit_notes(client, invoice.id) if is_credited else [],
        metadata=texts(invoice.metadata) | texts(details.metadata if details else None),
    )


def _invoice_line(line: stripe.InvoiceLineItem, rates: Rates) -> LineRecord:
    taxes = line.taxes or []
    inside = sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive")
    discount = sum(discount.amount for discount in line.discount_amounts or [])
    credit = sum(
        used.amount
        for used in line.pretax_credit_amounts or []
        if used.type == "credit_balance_transaction"
    )
    rate, label = rate_of([(tax, rates.get(id_of_rate(tax))) for tax in taxes])
    parent = line.parent
    origin = parent and (parent.invoice_item_details or parent.subscription_item_details)
    return LineRecord(
        line_id=line.id,
        description=line.description or "",
        starts_at=moment(line.period.start),
        ends_at=moment(line.period.end),
        quantity=_quantity(line),
        discount_minor=discount,
        credit_minor=credit,
        net_minor=line.amount - discount - credit - inside,
        tax_minor=sum(tax.amount for tax in taxes),
        tax_rate=rate,
        tax_label=label,
        is_reverse_charged=any(tax.taxability_reason == "reverse_charge" for tax in taxes),
        is_prorated=bool(origin and origin.proration),
    )


def _quantity(line: stripe.InvoiceLineItem) -> Decimal:
    """Whole as a rule; the usage of a metered price may be a part."""
    exact: Decimal | None = getattr(line, "quantity_decimal", None)
    if exact is not None:
        return Decimal(exact)
    return Decimal(1 if line.quantity is None else line.quantity)


def _shipping(total_minor: int, tax_minor: int) -> ShippingRecord:
    return ShippingRecord(net_minor=total_minor - tax_minor, tax_minor=tax_minor)


# --- Credit notes ---


def _credit_notes(client: stripe.V1Services, invoice_id: str) -> list[CreditNoteRecord]:
    """Those in force, oldest first."""
    found = client.credit_notes.list({"invoice": invoice_id, "limit": 100})
    notes = [_credit_note(client, n) for n in found.auto_paging_iter() if n.status == "issued"]
    return sorted(notes, key=lambda note: (note.created_at, note.credit_note_id))


def _credit_note(client: stripe.V1Services, note: stripe.CreditNote) -> CreditNoteRecord:
    lines = list(note.lines.auto_paging_iter())
    rates = rates_of(client, (tax for line in lines for tax in line.taxes or []))
    return CreditNoteRecord(
        credit_note_id=note.id,
        number=note.number,
        total_minor=note.total,
        before_payment_minor=note.pre_payment_amount,
        after_payment_minor=note.post_payment_amount,
        outside_minor=note.out_of_band_amount or 0,
        refunds={id_of(given.refund): given.amount_refunded for given in note.refunds},
        lines=[_credited_line(line, rates) for line in lines],
        created_at=moment(note.created),
    )


def _credited_line(line: stripe.CreditNoteLineItem, rates: Rates) -> LineRecord:
    taxes = line.taxes or []
    inside = sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive")
    rate, label = rate_of([(tax, rates.get(id_of_rate(tax))) for tax in taxes])
    return LineRecord(
        line_id=line.invoice_line_item or "",
        description=line.description or "",
        net_minor=line.amount - line.discount_amount - inside,
        tax_minor=sum(tax.amount for tax in taxes),
        tax_rate=rate,
        tax_label=label,
    )


# --- Checkout ---


def _checked_out(client: stripe.V1Services, payment_intent_id: str) -> SaleRecord | None:
    """Sold without an invoice: all there is to know is in the Checkout Session."""
    found = client.checkout.sessions.list({"payment_intent": payment_intent_id, "limit": 1}).data
    if not found:
        return None
    session = found[0]
    items = client.checkout.sessions.line_items.list(
        session.id, {"limit": 100, "expand": ["data.taxes"]}
    )
    lines = [_bought_line(item) for item in items.auto_paging_iter()]
    shipping, totals = session.shipping_cost, session.total_details
    return SaleRecord(
        customer_id=id_of(session.customer),
        total_minor=session.amount_total or 0,
        tax_minor=totals.amount_tax if totals else 0,
        lines=lines,
        shipping=_shipping(shipping.amount_total, shipping.amount_tax) if shipping else None,
        metadata=texts(session.metadata),
    )


def _bought_line(item: stripe.LineItem) -> LineRecord:
    taxes = item.taxes or []
    rate, label = rate_of([(tax, tax.rate) for tax in taxes])
    return LineRecord(
        line_id=item.id,
        description=item.description or "",
        quantity=Decimal(1 if item.quantity is None else item.quantity),
        discount_minor=item.amount_discount,
        net_minor=item.amount_total - item.amount_tax,
        tax_minor=item.amount_tax,
        tax_rate=rate,
        tax_label=label,
        is_reverse_charged=any(tax.taxability_reason == "reverse_charge" for tax in taxes),
    )
