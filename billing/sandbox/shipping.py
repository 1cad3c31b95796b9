"""What an invoice adds for bringing the goods, and where they go."""

from typing import Any

from billing.sandbox.errors import invalid, no_such
from billing.sandbox.ids import new_id
from billing.sandbox.routing import Params
from billing.sandbox.store import Obj
from billing.sandbox.values import nulls

ADDRESS = "city country line1 line2 postal_code state"


def assign_shipping(invoice: Obj, params: Params, *, currency: str) -> None:
    """Only rates that are given with the invoice, and without a tax of their own."""
    if "shipping_cost" in params:
        invoice["shipping_cost"] = _cost(params["shipping_cost"], currency)
    if "shipping_details" in params:
        invoice["shipping_details"] = _details(params["shipping_details"])


def amount_of(invoice: Obj) -> int:
    cost: Obj | None = invoice["shipping_cost"]
    return int(cost["amount_total"]) if cost else 0


def _cost(given: Any, currency: str) -> Obj | None:
    if not given:
        return None
    if "shipping_rate" in given:
        raise no_such("shipping rate", given["shipping_rate"], "shipping_cost[shipping_rate]")
    fixed = given["shipping_rate_data"].get("fixed_amount")
    if fixed is None or fixed["currency"] != currency:
        raise invalid(
            f"The shipping rate needs a fixed amount in {currency}, as the invoice is.",
            "shipping_cost[shipping_rate_data][fixed_amount]",
        )
    return {
        "amount_subtotal": fixed["amount"],
        "amount_tax": 0,
        "amount_total": fixed["amount"],
        "shipping_rate": new_id("shipping_rate"),
    }


def _details(given: Any) -> Obj | None:
    if not given:
        return None
    address = nulls(ADDRESS) | dict(given["address"])
    return {"address": address, "name": given["name"], "phone": given.get("phone")}
