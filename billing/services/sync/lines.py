"""An invoice's lines in the words of a receipt, adding up to what was charged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.languages import first_supported
from accounts.models import Customer, Vendor
from billing.gateway.reading import joined
from billing.gateway.records import ChargeRecord, InvoiceLineRecord, InvoiceRecord
from billing.models import Transaction
from invoices.services import LineItem

_stripes_words = re.compile(r"^\d+ [×x] (?P<name>.+?)(?: \(at [^()]+\))?$")
"""`1 × Language Lab: Italian (at €19.00 / month)`: the price is said elsewhere, in our words."""


def lines_of(
    charge: ChargeRecord, invoice: InvoiceRecord | None, row: Transaction
) -> list[LineItem]:
    """In the language of the receipt. What else went into the charge, such as a balance, is a
    line of its own, so that the sum is the charge to the last cent."""
    with _in_the_words_of(row.customer):
        if invoice is None or not invoice.lines:
            return [LineItem(description=row.description, net_minor=charge.amount_minor)]
        lines = [_line(line) for line in invoice.lines]
        rest = charge.amount_minor - sum(line.net_minor + line.tax_minor for line in lines)
        if rest:
            lines.append(LineItem(description=_rest_words(invoice), net_minor=rest))
        return lines


def names_of(invoice: InvoiceRecord) -> str:
    return joined(_name(line) for line in invoice.lines)


def unnamed(vendor: Vendor) -> str:
    """For a payment of which Stripe knows no more than the amount."""
    with translation.override(first_supported(vendor.language)):
        return _("Purchase")


@contextmanager
def _in_the_words_of(customer: Customer) -> Iterator[None]:
    vendor = customer.vendor
    language = first_supported(customer.language, vendor.language)
    with translation.override(language), timezone.override(vendor.time_zone):
        yield


def _line(line: InvoiceLineRecord) -> LineItem:
    return LineItem(
        description=_name(line)[:250],
        detail=_period(line.starts_at, line.ends_at),
        quantity=max(1, line.quantity),
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        tax_rate=line.tax_rate,
        tax_label=line.tax_label[:60],
    )


def _name(line: InvoiceLineRecord) -> str:
    found = _stripes_words.match(line.description)
    return (found["name"] if found else line.description).strip()


def _period(starts_at: datetime, ends_at: datetime) -> str:
    """The days it is for; nothing for what has no length."""
    if ends_at <= starts_at:
        return ""
    days = [
        date_format(timezone.localtime(moment), "DATE_FORMAT") for moment in (starts_at, ends_at)
    ]
    return _("%(first)s to %(last)s") % {"first": days[0], "last": days[1]}


def _rest_words(invoice: InvoiceRecord) -> str:
    if invoice.starting_balance_minor:
        return _("Balance of your account")
    return _("Paid in another way")
