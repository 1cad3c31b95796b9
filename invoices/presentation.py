"""A document in words: every string its page, its PDF and its mail show, in its own language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import groupby, zip_longest
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from invoices.models import Document, Line
from invoices.money import format_money, format_rate, format_unit_price, name_currency

type Fact = tuple[str, str]

ISOLATE, ISOLATE_END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
# How many characters the narrow table of sums has room for: a rate's name, an amount.
NARROW = (6, 9)


def document_context(document: Document) -> dict[str, Any]:
    """What "invoices/document.html" shows, and its part "#body" within a page of the hub."""
    with translation.override(document.language), timezone.override(document.vendor.time_zone):
        lines = list(document.lines.all())
        is_taxed = any(line.tax_minor or line.tax_rate is not None for line in lines)
        tax_word = _tax_word(lines)
        columns = _columns(tax_word, is_taxed=is_taxed)
        tax = _tax_table(lines, document.currency, tax_word) if is_taxed else None
        total = _sum(document, is_taxed=is_taxed)
        return {
            "document": document,
            "vendor": document.vendor,
            "language": document.language,
            "title": f"{document.get_kind_display()} {document.number}",
            "paper": {
                "kind": document.get_kind_display(),
                "lead": _lead(document),
                "correction": _correction(document),
                "facts": _facts(document),
                "parties": [
                    _party(_("Seller"), document.seller, with_email=False),
                    _party(_("Billed to"), document.buyer, with_email=True),
                ],
                "lines_title": _lines_title(document),
                "columns": columns,
                "lines": [_line(line, document.currency, columns) for line in lines],
                "tax": tax,
                "sum": total,
                "is_wide": _is_wide([*(tax["rows"] if tax else []), total]),
                "settled": _settled(document),
                "button": (_button_text(), _button_url(document)),
                "notes": _notes(document),
            },
        }


def mail_context(document: Document) -> dict[str, Any]:
    """What the mail about it says, in the language that is active."""
    lines = list(document.lines.all())
    money = partial(format_money, currency=document.currency)
    return {
        "document": document,
        "amount": _amount(document),
        "settled": _settled(document),
        "date": _day(document.paid_at),
        "correction": _correction(document),
        "arrives": _arrives(document),
        "lines": [(li.description, li.detail, money(li.gross_minor)) for li in lines],
        "lines_title": _lines_title(document),
        "total_label": _("Total"),
        "total": money(document.total_minor),
        "tax_included": _tax_included(document, _tax_word(lines)),
        "button_text": _button_text(),
        "button_url": _button_url(document),
    }


def _button_text() -> str:
    return _("Click here to manage your billing details and view purchase history")


def _button_url(document: Document) -> str:
    """The door of the hub, with the address filled in."""
    return document.vendor.url(f"/?{urlencode({'email': document.customer.email})}")


def _amount(document: Document) -> str:
    """What was paid, or given back, without a sign."""
    return format_money(abs(document.total_minor), document.currency)


def _day(moment: datetime) -> str:
    """In the time zone that is in force: the vendor's."""
    return date_format(timezone.localtime(moment))


def _tax_included(document: Document, tax_word: str) -> str:
    if not document.tax_minor:
        return ""
    tax = format_money(abs(document.tax_minor), document.currency)
    return _("Includes %(amount)s %(tax)s") % {"amount": tax, "tax": tax_word}


def _lines_title(document: Document) -> str:
    titles = {
        Document.Kind.CREDIT_NOTE: _("What was credited"),
        Document.Kind.REVERSAL: _("What is no longer credited"),
    }
    return titles.get(Document.Kind(document.kind), _("What was sold"))


def _lead(document: Document) -> str:
    words = {"amount": _amount(document), "date": _day(document.paid_at)}
    if document.kind == Document.Kind.CREDIT_NOTE:
        return _("%(amount)s refunded on %(date)s") % words
    if document.kind == Document.Kind.REVERSAL:
        return _("The refund of %(amount)s did not arrive") % words
    return _("%(amount)s paid on %(date)s") % words


def _correction(document: Document) -> str:
    """Which document this one corrects, as the law wants it named."""
    if document.corrects is None:
        return ""
    words = {"number": document.corrects.number, "date": _day(document.corrects.issued_at)}
    if document.kind == Document.Kind.REVERSAL:
        return _("Takes back credit note %(number)s of %(date)s.") % words
    return _("Corrects receipt %(number)s of %(date)s.") % words


def _facts(document: Document) -> list[tuple[Fact, ...]]:
    """Rows of two, without those there is nothing to say about."""
    moved_on, moved_by = {
        Document.Kind.RECEIPT: (_("Date of payment"), _("Paid with")),
        Document.Kind.CREDIT_NOTE: (_("Date of refund"), _("Refunded to")),
        Document.Kind.REVERSAL: (_("Refund failed on"), _("Refund sent to")),
    }[Document.Kind(document.kind)]
    start = [
        (_("Document number"), document.number),
        (_("Date of issue"), _day(document.issued_at)),
        (moved_on, _day(document.paid_at)),
    ]
    end = [
        (moved_by, document.paid_with),
        (_("Order"), document.reference),
        (_("Currency"), name_currency(document.currency)),
    ]
    columns = [
        [(label, _isolated(value)) for label, value in side if value] for side in (start, end)
    ]
    return list(zip_longest(*columns, fillvalue=("", "")))


def _party(heading: str, party: dict[str, Any], *, with_email: bool) -> dict[str, Any]:
    tax_id = party["tax_id"] and _("Tax ID %(number)s") % {"number": party["tax_id"]}
    email = with_email and party["email"] != party["name"] and party["email"]
    return {
        "heading": heading,
        "name": _isolated(party["name"]),
        "lines": [_isolated(text) for text in (*party["lines"], tax_id, email) if text],
    }


def _isolated(text: str) -> str:
    """In a language written from right to left, what may be written the other way stays whole."""
    return f"{ISOLATE}{text}{ISOLATE_END}" if text and get_language_bidi() else text


def _tax_word(lines: Sequence[Line]) -> str:
    """The tax's own name if all lines bear the same: "VAT"."""
    names = {line.tax_label for line in lines if line.tax_label}
    return names.pop() if len(names) == 1 else _("Tax")


def _columns(tax_word: str, *, is_taxed: bool) -> list[str]:
    if is_taxed:
        return [_("Description"), _("Quantity"), _("Unit price, net"), tax_word, _("Net")]
    return [_("Description"), _("Quantity"), _("Unit price"), _("Amount")]


def _line(line: Line, currency: str, columns: list[str]) -> dict[str, Any]:
    cells = [
        number_format(line.quantity, force_grouping=True),
        format_unit_price(line.net_minor, line.quantity, currency),
        _rate(line),
        format_money(line.net_minor, currency),
    ]
    if len(columns) == len(cells):  # the description, and no rate
        del cells[2]
    return {
        "description": _isolated(line.description),
        "detail": _isolated(line.detail),
        "cells": list(zip(columns[1:], cells, strict=True)),
    }


def _rate(line: Line) -> str:
    return "–" if line.tax_rate is None else format_rate(line.tax_rate)


def _tax_table(lines: Sequence[Line], currency: str, tax_word: str) -> dict[str, Any]:
    """Net, tax and gross of each rate, the highest first."""

    def rate(line: Line) -> tuple[int, str]:
        return (-1 if line.tax_rate is None else line.tax_rate, line.tax_label)

    rows = []
    for (_hundredths, label), group in groupby(sorted(lines, key=rate, reverse=True), key=rate):
        of_rate = list(group)
        name = _rate(of_rate[0]) if label in ("", tax_word) else f"{label} {_rate(of_rate[0])}"
        net, tax = sum(li.net_minor for li in of_rate), sum(li.tax_minor for li in of_rate)
        rows.append(_tax_row(name, net, tax, currency))
    return {"title": tax_word, "columns": [_("Rate"), _("Net"), tax_word, _("Gross")], "rows": rows}


def _tax_row(name: str, net_minor: int, tax_minor: int, currency: str) -> list[str]:
    amounts = (net_minor, tax_minor, net_minor + tax_minor)
    return [name, *(format_money(minor, currency) for minor in amounts)]


def _sum(document: Document, *, is_taxed: bool) -> list[str]:
    if is_taxed:
        net, tax = document.net_minor, document.tax_minor
        return _tax_row(_("Total"), net, tax, document.currency)
    return [_("Total"), format_money(document.total_minor, document.currency)]


def _is_wide(rows: list[list[str]]) -> bool:
    name, amount = NARROW
    return any(len(row[0]) > name or max(map(len, row[1:])) > amount for row in rows)


def _settled(document: Document) -> str:
    words = {"means": document.paid_with, "date": _day(document.paid_at)}
    if document.kind == Document.Kind.CREDIT_NOTE:
        if document.paid_with:
            return _("Refunded to %(means)s on %(date)s.") % words
        return _("Refunded on %(date)s.") % words
    if document.kind == Document.Kind.REVERSAL:
        return _("Your bank did not accept the refund. Please ask us to send it another way.")
    if document.paid_with:
        return _("Paid in full with %(means)s on %(date)s. Nothing is due.") % words
    return _("Paid in full on %(date)s. Nothing is due.") % words


def _arrives(document: Document) -> str:
    """When what went back the way it came can be seen there."""
    receipt = document.corrects
    if receipt is None or not document.paid_with or document.paid_with != receipt.paid_with:
        return ""
    return _("Your bank may need a few days to show it.")


def _notes(document: Document) -> list[str]:
    seller = document.seller
    contact = ", ".join(_isolated(way) for way in (seller["email"], seller.get("phone")) if way)
    return [
        _("Questions: %(contact)s") % {"contact": contact},
        *seller.get("footer", "").splitlines(),
    ]
