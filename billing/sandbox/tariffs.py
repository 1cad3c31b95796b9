"""How a price comes about: per unit, by the pack, or by tiers."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.sandbox.errors import invalid, missing
from billing.sandbox.store import Obj


def per_unit(params: Mapping[str, Any]) -> Obj:
    if "unit_amount" not in params and "unit_amount_decimal" not in params:
        raise missing("unit_amount")
    packs = params.get("transform_quantity")
    return {
        **_amounts(params, "unit_amount"),
        "transform_quantity": dict(packs) if packs else None,
        "_tiers": None,
    }


def tiered(params: Mapping[str, Any]) -> Obj:
    given, mode = params.get("tiers") or [], params.get("tiers_mode")
    if mode is None:
        raise missing("tiers_mode")
    if not given or given[-1]["up_to"] != "inf":
        raise invalid("The last tier must have up_to=inf.", "tiers")
    return {
        "unit_amount": None,
        "unit_amount_decimal": None,
        "tiers_mode": mode,
        "_tiers": [
            {
                **_amounts(tier, "flat_amount"),
                **_amounts(tier, "unit_amount"),
                "up_to": None if tier["up_to"] == "inf" else tier["up_to"],
            }
            for tier in given
        ],
    }


def _amounts(given: Mapping[str, Any], name: str) -> Obj:
    """Once in whole units of the currency, if it is whole, and once exactly."""
    whole, exact = given.get(name), given.get(f"{name}_decimal")
    if exact is None:
        return {name: whole, f"{name}_decimal": None if whole is None else str(whole)}
    is_whole = Decimal(str(exact)) % 1 == 0
    return {name: int(exact) if is_whole else None, f"{name}_decimal": str(exact)}


def cost(price: Obj, quantity: int) -> Fraction:
    if (tiers := price["_tiers"]) is None:
        return Fraction(price["unit_amount_decimal"]) * _packs(price, quantity)
    if price["tiers_mode"] == "volume":
        tier = next(t for t in tiers if t["up_to"] is None or quantity <= t["up_to"])
        return _flat(tier) + _unit(tier) * quantity
    total, below = Fraction(0), 0
    for tier in tiers:
        upto = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        total += _flat(tier) + _unit(tier) * (upto - below)
        below = upto
        if below >= quantity:
            break
    return total


def _packs(price: Obj, quantity: int) -> int:
    if (packs := price["transform_quantity"]) is None:
        return quantity
    whole, rest = divmod(quantity, packs["divide_by"])
    return int(whole + (1 if rest and packs["round"] == "up" else 0))


def _flat(tier: Obj) -> Fraction:
    return Fraction(tier["flat_amount_decimal"] or 0)


def _unit(tier: Obj) -> Fraction:
    return Fraction(tier["unit_amount_decimal"] or 0)


def first_amount(price: Obj) -> int:
    """What one of it costs, as far as a short description tells."""
    return int(cost(price, 1))
