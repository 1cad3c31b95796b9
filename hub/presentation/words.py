"""How moments and cards read on a page."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _

from billing.brands import brand_name, words_for
from billing.models import CardOnFile


def day(moment: datetime) -> str:
    """`3 November 2026`"""
    return date_format(localtime(moment), "DATE_FORMAT")


def near_day(moment: datetime) -> str:
    """`3 November` within this year, else with the year."""
    local = localtime(moment)
    near = local.year == localdate().year
    return date_format(local, "MONTH_DAY_FORMAT" if near else "DATE_FORMAT")


def card_ending(brand: str, last4: str) -> str:
    """`Visa ending in 4242`"""
    return _("%(brand)s ending in %(last4)s") % {"brand": brand_name(brand), "last4": last4}


def long_card(card: CardOnFile) -> str:
    """`Visa ending in 4242, valid until 08/2027`, `Link (alice@example.com)`"""
    words = {
        "brand": brand_name(card.card_brand),
        "last4": card.card_last4,
        "month": card.card_exp_month,
        "year": card.card_exp_year,
    }
    if not card.card_last4:
        return words_for(card)
    if not card.card_exp_year:
        return card_ending(card.card_brand, card.card_last4)
    return _("%(brand)s ending in %(last4)s, valid until %(month)02d/%(year)d") % words
