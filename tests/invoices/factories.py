"""Documents as the services issue them, for a customer of the cast."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from accounts.models import Customer
from accounts.tenancy import vendor_scope
from invoices import services
from invoices.items import LineItem
from invoices.models import Document

IN_JUNE = datetime(2026, 6, 14, 9, 30, tzinfo=UTC)

_numbers = count(1)


def course(**fields: Any) -> LineItem:
    given = {
        "description": "Watercolour for Travellers",
        "detail": "Online course, lifetime access",
        "net_minor": 6167,
        "tax_minor": 1233,
        "tax_rate": 2000,
        "tax_label": "VAT",
    }
    return LineItem(**given | fields)


def workbook(**fields: Any) -> LineItem:
    given = {
        "description": "Workbook",
        "detail": "Printed, 96 pages",
        "net_minor": 1422,
        "tax_minor": 78,
        "tax_rate": 550,
        "tax_label": "VAT",
    }
    return LineItem(**given | fields)


def make_receipt(customer: Customer, **fields: Any) -> Document:
    """Of the course and its workbook: 89 euros, 13.11 of them VAT at two rates."""
    given = {
        "source": f"payment {next(_numbers)}",
        "title": "Watercolour for Travellers",
        "lines": [course(), workbook()],
        "currency": "eur",
        "paid_at": IN_JUNE,
        "paid_with": "Visa ending in 4242",
        "reference": "WT-118203",
        "is_first_payment": True,
    }
    with vendor_scope(customer.vendor):
        return services.issue_receipt(customer, **given | fields)


def make_credit_note(receipt: Document, amount_minor: int, **fields: Any) -> Document:
    given = {"source": f"refund {next(_numbers)}", "refunded_at": IN_JUNE}
    with vendor_scope(receipt.vendor):
        return services.issue_credit_note(receipt, amount_minor=amount_minor, **given | fields)


def read_pdf(document: Document) -> bytes:
    with vendor_scope(document.vendor):
        return services.read_pdf(document)
