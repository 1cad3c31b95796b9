"""How moments and cards read on a page."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _

from billing.brands import brand_name
from billing.models import CardOnFile


def day(moment: datetime) -> str:
    """`3 November 2026`"""
    return date_format(localtime(moment), "DATE_FORMAT")


def near_day(moment: datetime) -> str:
    """`3 November` within this year, else with the year."""
    local = localtime(moment)
    near = local.year == localdate().year
    return date_format(local, "MONTH_DAY_FORMAT" if near else "DATE_FORMAT")


def long_card(card: CardOnFile) -> str:
    """`Visa ending in 4242, valid until 08/2027`"""
    return _("%(brand)s ending in %(last4)s, valid until %(month)02d/%(year)d") % {
        "brand": brand_name(card.card_brand),
        "last4": card.card_last4,
        "month": card.card_exp_month or 0,
        "year": card.card_exp_year or 0,
    }
