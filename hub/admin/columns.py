"""How money, cards and longer texts read in lists and on records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from billing.brands import card_words
from billing.models import CardOnFile, OneTimePurchase, Subscription, Transaction
from invoices.models import Document
from invoices.money import format_money


class Columns:
    """For a record that has the fields; a list names those it shows."""

    @admin.display(description=_("customer"), ordering="customer__email")
    def who(self, obj: Any) -> SafeString:
        """By name, else by address: short enough for a list."""
        customer: Customer | None = obj.customer
        return format_html("<bdi>{}</bdi>", (customer.name or customer.email) if customer else "–")

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, obj: Subscription | OneTimePurchase | Transaction) -> str:
        return format_money(obj.amount_minor, obj.currency)

    @admin.display(description=_("total"), ordering="total_minor")
    def total(self, obj: Document) -> str:
        return format_money(obj.total_minor, obj.currency)

    @admin.display(description=_("of which tax"))
    def tax(self, obj: Document) -> str:
        return format_money(obj.tax_minor, obj.currency)

    @admin.display(description=_("refunded"), ordering="refunded_minor")
    def refunded(self, obj: OneTimePurchase) -> str:
        return format_money(obj.refunded_minor, obj.currency) if obj.refunded_minor else ""

    @admin.display(description=_("card"))
    def card(self, obj: CardOnFile | Transaction) -> str:
        return card_words(obj.card_brand, obj.card_last4)


def short_day(moment: datetime | None) -> str:
    """`3 Nov 2026`"""
    return date_format(localtime(moment), "SHORT_DATE_FORMAT") if moment else ""


def lines(values: Any) -> SafeString:
    """One below the other, escaped."""
    return format_html_join(SafeString("<br>"), "{}", ((value,) for value in values if value))
