"""How a price comes about, as people read prices: by the pack, by tiers, finer than a cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from invoices.money import format_exact


def is_short(tariff: dict[str, Any]) -> bool:
    """Whether it is one price, whatever the quantity."""
    return len(tariff["tiers"]) == 1


def tariff_words(tariff: dict[str, Any], currency: str) -> str:
    """`€0.002 each`, `€5.00 for every 1,000`,
    `€1.00 each for the first 100, €0.80 each up to 500, €0.50 each beyond that`."""
    if tariff["pack"] > 1:
        words = {
            "price": format_exact(Decimal(tariff["tiers"][0]["unit"]), currency),
            "count": _number(tariff["pack"]),
        }
        return _("%(price)s for every %(count)s") % words
    steps = [_step(tariff, place, currency) for place in range(len(tariff["tiers"]))]
    prices = ", ".join(steps)
    if tariff["mode"] == "volume" and len(steps) > 1:
        return _("%(prices)s; the number of all decides the price") % {"prices": prices}
    return prices


def _step(tariff: dict[str, Any], place: int, currency: str) -> str:
    tier = tariff["tiers"][place]
    words = {"cost": _cost(tier, currency), "count": _number(tier["up_to"] or 0)}
    if tier["up_to"] is None:
        return _("%(cost)s beyond that") % words if place else words["cost"]
    if place == 0 and tariff["mode"] == "graduated":
        return _("%(cost)s for the first %(count)s") % words
    return _("%(cost)s up to %(count)s") % words


def _cost(tier: dict[str, Any], currency: str) -> str:
    unit, flat = Decimal(tier["unit"]), Decimal(tier["flat"])
    words = {"unit": format_exact(unit, currency), "flat": format_exact(flat, currency)}
    if unit and flat:
        return _("%(flat)s plus %(unit)s each") % words
    if flat:
        return words["flat"]
    return _("%(unit)s each") % words if unit else pgettext("price", "Free")


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)
