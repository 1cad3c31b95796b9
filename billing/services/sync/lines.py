"""What was sold, in the words of a receipt, adding up to what was charged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Sum
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from accounts.languages import first_supported
from accounts.models import Customer, Vendor
from billing.gateway.records import (
    ChargeRecord,
    CreditNoteRecord,
    LineRecord,
    SaleRecord,
    ShippingRecord,
)
from billing.models import Transaction
from invoices.items import Amounts, LineItem, total_of
from invoices.models import Line
from invoices.money import format_money, share_out

_stripes_words = re.compile(r"^[\d.,]+ [×x] (?P<name>.+?)(?: \(at [^()]+\))?$")
"""`1 × Language Lab: Italian (at €19.00 / month)`: the price is said elsewhere, in our words."""


def lines_of(charge: ChargeRecord, sale: SaleRecord | None, row: Transaction) -> list[LineItem]:
    """In the language of the receipt, adding up to the charge to the last cent."""
    with in_the_words_of(row.customer):
        if sale is None or not sale.lines:
            return [LineItem(description=row.description, net_minor=charge.amount_minor)]
        lines = [_line(line, charge.currency) for line in sale.lines]
        lines += [*_shipping(sale), *_rounding(sale)]
        for note in sale.credit_notes:
            lines += _credited_before(note)
        if sale.balance_minor:
            words = _("Balance of your account")
            lines.append(LineItem(description=words, net_minor=sale.balance_minor))
        rest = charge.amount_minor - total_of(lines)
        if rest > 0:
            lines.append(LineItem(description=_("Added to your account"), net_minor=rest))
        return _part_of(lines, row) if rest < 0 else lines


def wanted_by(
    note: CreditNoteRecord, sale: SaleRecord, *, amount_minor: int, before_minor: int
) -> dict[int, Amounts]:
    """What a credit note takes back of each line of the receipt, where it says so: the share of
    `amount_minor` in that, after `before_minor` went another way."""
    positions = {line.line_id: position for position, line in enumerate(sale.lines, start=1)}
    whole: dict[int, Amounts] = {}
    for line in note.lines:
        if (position := positions.get(line.line_id)) is None:
            return {}
        net, tax = whole.get(position, (0, 0))
        whole[position] = (net + line.net_minor, tax + line.tax_minor)
    amounts = [amount for pair in whole.values() for amount in pair]
    if sum(amounts) != note.after_payment_minor:
        return {}
    before, after = (
        share_out(part, amounts) for part in (before_minor, before_minor + amount_minor)
    )
    shares = [then - now for now, then in zip(before, after, strict=True)]
    return dict(zip(whole, zip(shares[::2], shares[1::2], strict=True), strict=True))


def names_in(sale: SaleRecord) -> list[str]:
    """Of what was sold; a proration bears a sentence rather than a name."""
    return [_name(line) for line in sale.lines if not line.is_prorated]


def unnamed(vendor: Vendor) -> str:
    """For a payment of which Stripe knows no more than the amount."""
    with translation.override(first_supported(vendor.language)):
        return _("Purchase")


@contextmanager
def in_the_words_of(customer: Customer) -> Iterator[None]:
    vendor = customer.vendor
    language = first_supported(customer.language, vendor.language)
    with translation.override(language), timezone.override(vendor.time_zone):
        yield


def _line(line: LineRecord, currency: str) -> LineItem:
    is_counted = line.quantity == line.quantity.to_integral_value() and not line.is_prorated
    details = [_period(line.starts_at, line.ends_at)]
    if not is_counted and line.quantity != 1:
        details.append(_("Quantity %(number)s") % {"number": number_format(line.quantity)})
    if line.discount_minor:
        amount = format_money(line.discount_minor, currency)
        details.append(_("%(amount)s discount taken off") % {"amount": amount})
    if line.credit_minor:
        amount = format_money(line.credit_minor, currency)
        details.append(_("%(amount)s of your credit used") % {"amount": amount})
    if line.is_reverse_charged:
        details.append(_("Reverse charge: the buyer owes the tax"))
    return LineItem(
        description=_name(line)[:250],
        detail=", ".join(filter(None, details)),
        quantity=int(line.quantity) if is_counted else 1,
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        tax_rate=line.tax_rate,
        tax_label=line.tax_label[:60],
    )


def _name(line: LineRecord) -> str:
    found = _stripes_words.match(line.description)
    return (found["name"] if found else line.description).strip()


def _period(starts_at: datetime | None, ends_at: datetime | None) -> str:
    """The days it is for; nothing for what has no length."""
    if starts_at is None or ends_at is None or ends_at <= starts_at:
        return ""
    days = [
        date_format(timezone.localtime(moment), "DATE_FORMAT") for moment in (starts_at, ends_at)
    ]
    return _("%(first)s to %(last)s") % {"first": days[0], "last": days[1]}


# --- What else goes into a payment ---


def _shipping(sale: SaleRecord) -> list[LineItem]:
    shipping = sale.shipping
    if shipping is None or not (shipping.net_minor or shipping.tax_minor):
        return []
    return [_besides(sale, _("Shipping"), shipping.net_minor, shipping.tax_minor)]


def _rounding(sale: SaleRecord) -> list[LineItem]:
    """A vendor may have tax rounded once for all lines; then they are a cent off one by one."""
    parts: list[LineRecord | ShippingRecord] = [*sale.lines]
    parts += [sale.shipping] if sale.shipping else []
    tax = sale.tax_minor - sum(part.tax_minor for part in parts)
    net = sale.total_minor - sale.tax_minor - sum(part.net_minor for part in parts)
    if not net and not tax:
        return []
    is_small = abs(net + tax) <= len(parts)
    return [_besides(sale, _("Rounding") if is_small else _("Other amounts"), net, tax)]


def _besides(sale: SaleRecord, words: str, net_minor: int, tax_minor: int) -> LineItem:
    """What is no line at Stripe; its tax counts with that of the lines, where they have but one."""
    taxes = {(line.tax_rate, line.tax_label[:60]) for line in sale.lines}
    is_same = bool(tax_minor) and len(taxes) == 1
    rate, label = taxes.pop() if is_same else (None, "")
    return LineItem(
        description=words,
        net_minor=net_minor,
        tax_minor=tax_minor,
        tax_rate=rate,
        tax_label=label,
    )


def _credited_before(note: CreditNoteRecord) -> list[LineItem]:
    """What was taken off an invoice while it was open, so that less was charged."""
    if not note.before_payment_minor:
        return []
    parts = [part for line in note.lines for part in (line.net_minor, line.tax_minor)]
    shares = share_out(note.before_payment_minor, parts)
    words = _("Credit note %(number)s") % {"number": note.number}
    return [
        LineItem(
            description=words,
            detail=_name(line)[:250],
            net_minor=-net,
            tax_minor=-tax,
            tax_rate=line.tax_rate,
            tax_label=line.tax_label[:60],
        )
        for line, net, tax in zip(note.lines, shares[::2], shares[1::2], strict=True)
    ]


def _part_of(lines: list[LineItem], row: Transaction) -> list[LineItem]:
    """One of several payments: its share of what the others' receipts have left of each line."""
    said = _said_before(row)
    left: list[int] = []
    for position, line in enumerate(lines, start=1):
        net, tax = said.get(position, (0, 0))
        left += [line.net_minor - net, line.tax_minor - tax]
    paid, whole = row.amount_minor, total_of(lines)
    if not 0 < paid <= sum(left):
        rest = LineItem(description=_("Paid in another way"), net_minor=paid - whole)
        return [*lines, rest]
    shares = share_out(paid, left)
    money = [format_money(amount, row.currency) for amount in (paid, whole)]
    words = _("%(paid)s of %(whole)s") % {"paid": money[0], "whole": money[1]}
    return [
        LineItem(
            description=line.description,
            detail=", ".join(filter(None, [line.detail, words])),
            net_minor=net,
            tax_minor=tax,
            tax_rate=line.tax_rate,
            tax_label=line.tax_label,
        )
        for line, net, tax in zip(lines, shares[::2], shares[1::2], strict=True)
    ]


def _said_before(row: Transaction) -> Mapping[int, Amounts]:
    """By the receipts of the invoice's earlier payments, line by line."""
    paid = Line.objects.filter(
        document__transaction__stripe_invoice_id=row.stripe_invoice_id,
        document__transaction__kind=Transaction.Kind.CHARGE,
    ).exclude(document__transaction__stripe_id=row.stripe_id)
    sums = paid.values("position").annotate(net=Sum("net_minor"), tax=Sum("tax_minor")).order_by()
    return {row["position"]: (row["net"], row["tax"]) for row in sums}
