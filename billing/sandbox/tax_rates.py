"""Tax rates, and the tax they put on an amount."""

from decimal import ROUND_HALF_UP, Decimal

from billing.sandbox.accounts import Account
from billing.sandbox.ids import new_id
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata, nulls

EXEMPTIONS = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


@route("POST", "/v1/tax_rates", "TaxRateCreateParams")
def create_tax_rate(call: Call) -> Obj:
    params = call.params
    rate: Obj = {
        "id": new_id("tax_rate"),
        "object": "tax_rate",
        "active": params.get("active", True),
        "created": call.account.now(),
        "display_name": params["display_name"],
        "inclusive": params["inclusive"],
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "percentage": params["percentage"],
        "rate_type": "percentage",
        **nulls("country description effective_percentage flat_amount jurisdiction"),
        **nulls("jurisdiction_level state tax_type"),
    }
    assign(rate, params, "country", "description", "jurisdiction", "state", "tax_type")
    return call.account.create(rate, "tax_rate.created")


@route("GET", "/v1/tax_rates", "TaxRateListParams")
def list_tax_rates(call: Call) -> Page:
    return page(call, "tax_rate", "/v1/tax_rates", "active", "inclusive")


@route("GET", "/v1/tax_rates/{key}", "TaxRateRetrieveParams")
def retrieve_tax_rate(call: Call, key: str) -> Obj:
    return call.account.get("tax_rate", key)


@route("POST", "/v1/tax_rates/{key}", "TaxRateUpdateParams")
def update_tax_rate(call: Call, key: str) -> Obj:
    rate, params = call.account.get("tax_rate", key), call.params
    assign(rate, params, "active", "country", "description", "display_name")
    assign(rate, params, "jurisdiction", "state", "tax_type")
    rate["metadata"] = merged_metadata(rate["metadata"], params.get("metadata"))
    call.account.save(rate, "tax_rate.updated")
    return rate


def checked(account: Account, keys: list[str] | str | None, param: str) -> list[str]:
    """The ids of tax rates that exist."""
    return [account.get("tax_rate", key, param)["id"] for key in keys or []]


def taxes_on(account: Account, amount: int, keys: list[str], exempt: str) -> list[Obj]:
    """The taxes on a line of this amount, as invoices list them. Who is exempt, or owes the tax
    themselves (`reverse`), is charged none."""
    rates = [account.get("tax_rate", key) for key in keys]
    inclusive = sum(Decimal(str(rate["percentage"])) for rate in rates if rate["inclusive"])
    net = Decimal(amount) * 100 / (100 + inclusive)
    return [_tax(rate, net, EXEMPTIONS.get(exempt)) for rate in rates]


def _tax(rate: Obj, net: Decimal, exemption: str | None) -> Obj:
    amount = Decimal(0) if exemption else net * Decimal(str(rate["percentage"])) / 100
    reason = exemption or ("standard_rated" if amount else "zero_rated")
    return {
        "amount": _rounded(amount),
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": reason,
        "taxable_amount": _rounded(net),
        "type": "tax_rate_details",
    }


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def sum_up(taxes: list[Obj]) -> list[Obj]:
    """The taxes of several lines, one entry for each rate."""
    totals: dict[str, Obj] = {}
    for tax in taxes:
        rate = tax["tax_rate_details"]["tax_rate"]
        if rate in totals:
            totals[rate]["amount"] += tax["amount"]
            totals[rate]["taxable_amount"] += tax["taxable_amount"]
        else:
            totals[rate] = dict(tax)
    return list(totals.values())


def exclusive(taxes: list[Obj]) -> int:
    """What these taxes add to a total."""
    return sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")


def inclusive(taxes: list[Obj]) -> int:
    """What of an amount is these taxes already."""
    return sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
