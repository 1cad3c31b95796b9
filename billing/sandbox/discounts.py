"""Coupons, and the discounts they give on subscriptions, invoices and their lines."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, missing, not_served
from billing.sandbox.ids import new_id, secret
from billing.sandbox.invoice_lines import rounded
from billing.sandbox.paging import page
from billing.sandbox.periods import add
from billing.sandbox.rendering import includes
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata, nulls

URL = "/v1/coupons"


@route("POST", URL, "CouponCreateParams")
def create_coupon(call: Call) -> Obj:
    account, params = call.account, call.params
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("You must specify either percent_off or amount_off.")
    if "amount_off" in params and "currency" not in params:
        raise missing("currency")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise invalid("duration_in_months is for repeating coupons.", "duration_in_months")
    coupon: Obj = {
        "id": params.get("id") or secret(8),
        "object": "coupon",
        "created": account.now(),
        "duration": duration,
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "times_redeemed": 0,
        "valid": True,
        **nulls("amount_off currency duration_in_months max_redemptions name percent_off"),
        **nulls("redeem_by"),
        "_products": (params.get("applies_to") or {}).get("products"),
    }
    assign(coupon, params, "amount_off", "currency", "duration_in_months", "name", "percent_off")
    return account.create(coupon, "coupon.created")


@includes("coupon", "applies_to")
def applies_to(account: Account, coupon: Obj) -> Obj | None:
    products = account.get("coupon", coupon["id"])["_products"]
    return None if products is None else {"products": products}


@includes("coupon", "currency_options")
def currency_options(_account: Account, coupon: Obj) -> Obj:
    """Here a coupon has one currency."""
    if coupon["currency"] is None:
        return {}
    return {coupon["currency"]: {"amount_off": coupon["amount_off"]}}


@route("GET", URL, "CouponListParams")
def list_coupons(call: Call) -> Page:
    return page(call, "coupon", URL)


@route("GET", URL + "/{key}", "CouponRetrieveParams")
def retrieve_coupon(call: Call, key: str) -> Obj:
    return call.account.get("coupon", key)


@route("DELETE", URL + "/{key}", "CouponDeleteParams")
def delete_coupon(call: Call, key: str) -> Obj:
    """No new discounts; those it gave go on."""
    coupon = call.account.get("coupon", key)
    coupon |= {"deleted": True, "valid": False}
    call.account.save(coupon)
    return coupon


def coupons_in(account: Account, given: Any, param: str) -> list[Obj]:
    """The coupons that a request's `discounts` name."""
    found = []
    for number, one in enumerate(given or []):
        if stray := [f"{param}[{number}][{name}]" for name in one if name != "coupon"]:
            raise not_served(stray)
        found.append(account.living("coupon", one["coupon"], f"{param}[{number}][coupon]"))
    return found


def granted(account: Account, given: Any, param: str, **owner: str) -> list[str]:
    """A new discount of each coupon that a request names, for its owner: their ids."""
    return [_grant(account, coupon, owner) for coupon in coupons_in(account, given, param)]


def _grant(account: Account, coupon: Obj, owner: dict[str, str]) -> str:
    now, months = account.now(), coupon["duration_in_months"]
    coupon["times_redeemed"] += 1
    account.save(coupon)
    discount: Obj = {
        "id": new_id("discount"),
        "object": "discount",
        "end": add(now, "month", months) if months else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        **nulls("checkout_session customer customer_account invoice invoice_item"),
        **nulls("promotion_code subscription subscription_item"),
        **owner,
    }
    return str(account.create(discount)["id"])


def in_force(account: Account, keys: Iterable[str]) -> list[str]:
    """Those that are not over."""
    found = [account.get("discount", key) for key in keys]
    return [d["id"] for d in found if d["end"] is None or d["end"] > account.now()]


def lasting(account: Account, keys: Iterable[str]) -> list[str]:
    """Without those that were good for one invoice."""
    return [key for key in keys if _coupon(account, key)["duration"] != "once"]


def _coupon(account: Account, key: str) -> Obj:
    return account.get("coupon", account.get("discount", key)["source"]["coupon"])


def take_off(account: Account, lines: list[Obj], of_invoice: list[str]) -> None:
    """Each line's own discounts first, then the invoice's, of what is left of the line."""
    for line in lines:
        line["discount_amounts"] = []
        for key in line["discounts"]:
            _take(account, key, [line])
    for key in of_invoice:
        _take(account, key, [line for line in lines if line["discountable"]])


def of_line(line: Obj) -> int:
    return sum(int(part["amount"]) for part in line["discount_amounts"])


def _take(account: Account, key: str, lines: list[Obj]) -> None:
    products = _coupon(account, key)["_products"]
    if products is not None:
        lines = [line for line in lines if _product(line) in products]
    left = [max(line["amount"] - of_line(line), 0) for line in lines]
    for line, amount in zip(lines, shares(_coupon(account, key), left), strict=True):
        line["discount_amounts"].append({"amount": amount, "discount": key})


def _product(line: Obj) -> str | None:
    return line["pricing"]["price_details"]["product"] if line["pricing"] else None


def shares(coupon: Obj, left: list[int]) -> list[int]:
    """What a coupon takes off each of these amounts."""
    if coupon["percent_off"] is not None:
        part = Fraction(str(coupon["percent_off"])) / 100
        return [rounded(amount * part) for amount in left]
    whole = sum(left)
    off, taken, reached, found = min(coupon["amount_off"], whole), 0, 0, []
    for amount in left:
        reached += amount
        upto = rounded(Fraction(off * reached, whole or 1))
        found.append(upto - taken)
        taken = upto
    return found


def sum_up(lines: list[Obj]) -> list[Obj]:
    """What each discount takes off all lines."""
    totals: dict[str, int] = {}
    for part in (part for line in lines for part in line["discount_amounts"]):
        totals[part["discount"]] = totals.get(part["discount"], 0) + part["amount"]
    return [{"amount": amount, "discount": key} for key, amount in totals.items()]
