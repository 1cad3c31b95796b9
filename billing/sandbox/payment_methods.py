"""Payment methods: made from test cards, attached to customers."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from billing.sandbox import cards, other_methods
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, missing
from billing.sandbox.ids import new_id
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import address, merged_metadata, nulls

SPENT = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached "
    "from a Customer, and may not be used again."
)


def from_token(account: Account, token: str, given: Mapping[str, Any] | None = None) -> Obj:
    """A fresh payment method from a test token such as `pm_card_visa` or `tok_visa`."""
    number = cards.number_of_token(token)
    if number is None:
        raise invalid(f"No such PaymentMethod: '{token}'", "payment_method", "resource_missing")
    year = datetime.fromtimestamp(account.now(), UTC).year + 3
    return _new(account, number, 12, year, given or {})


def from_data(account: Account, data: Mapping[str, Any]) -> Obj:
    """A fresh payment method from `payment_method_data`, as a browser sends it."""
    if data.get("type") in other_methods.KINDS:
        return _made(account, data["type"], other_methods.details_of(data["type"], data), data)
    if data.get("type") != "card":
        raise invalid("The sandbox serves no such payment method.", "payment_method_data[type]")
    given = data.get("card") or {}
    if token := given.get("token"):
        return from_token(account, token, data)
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise missing(f"card[{name}]")
    number = cards.check_number(given["number"])
    today = datetime.fromtimestamp(account.now(), UTC)
    year = given["exp_year"] + (2000 if given["exp_year"] < 100 else 0)
    cards.check_expiry(given["exp_month"], year, (today.year, today.month))
    cards.check_cvc(given.get("cvc"))
    return _new(account, number, given["exp_month"], year, data)


def _new(account: Account, number: str, month: int, year: int, given: Mapping[str, Any]) -> Obj:
    return _made(account, "card", _card(number, month, year), given, _number=number)


def _made(account: Account, kind: str, details: Obj, given: Mapping[str, Any], **inner: str) -> Obj:
    method: Obj = {
        "id": new_id("payment_method"),
        "object": "payment_method",
        "allow_redisplay": given.get("allow_redisplay", "unspecified"),
        "billing_details": _billing_details({}, given.get("billing_details") or {}),
        kind: details,
        "created": account.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": merged_metadata({}, given.get("metadata")),
        "type": kind,
        "_set_up": False,
        "_spent": False,
        **inner,
    }
    return account.create(method)


def _card(number: str, month: int, year: int) -> Obj:
    kind = cards.CARDS[number]
    return {
        "brand": kind.brand,
        "checks": nulls("address_line1_check address_postal_code_check")
        | {"cvc_check": kind.cvc_check},
        "country": kind.country,
        "display_brand": "american_express" if kind.brand == "amex" else kind.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"{zlib.crc32(number.encode()):016X}",
        "funding": kind.funding,
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [kind.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _billing_details(present: Mapping[str, Any], given: Mapping[str, Any]) -> Obj:
    details: Obj = nulls("email name phone tax_id") | {"address": address({"city": None})}
    details |= present
    for name in ("email", "name", "phone", "tax_id"):
        if name in given:
            details[name] = given[name] or None
    if given.get("address"):
        details["address"] = address(given["address"])
    return details


CREATE = "PaymentMethodCreateParams"


@route("POST", "/v1/payment_methods", CREATE, browser=CREATE)
def create_payment_method(call: Call) -> Obj:
    params = call.params
    names = ("type", "card", "billing_details", "metadata", *other_methods.KINDS)
    data = {name: params.get(name) for name in names}
    return from_data(call.account, data | {"allow_redisplay": params.get("allow_redisplay")})


@route("GET", "/v1/payment_methods", "PaymentMethodListParams")
def list_payment_methods(call: Call) -> Page:
    if "customer" in call.params:
        call.account.get("customer", call.params["customer"], "customer")
    return page(call, "payment_method", "/v1/payment_methods", "customer", "type")


@route("GET", "/v1/customers/{key}/payment_methods", "CustomerListPaymentMethodsParams")
def list_payment_methods_of_customer(call: Call, key: str) -> Page:
    call.account.living("customer", key)
    url = f"/v1/customers/{key}/payment_methods"
    return page(call, "payment_method", url, "type", customer=key)


@route("GET", "/v1/payment_methods/{key}", "PaymentMethodRetrieveParams")
def retrieve_payment_method(call: Call, key: str) -> Obj:
    return call.account.get("payment_method", key)


@route("POST", "/v1/payment_methods/{key}", "PaymentMethodUpdateParams")
def update_payment_method(call: Call, key: str) -> Obj:
    method, params = call.account.get("payment_method", key), call.params
    if method["customer"] is None:
        raise invalid(
            "You must save this PaymentMethod to a customer before you can update it.",
            "payment_method",
        )
    given = params.get("card") or {}
    for name in ("exp_month", "exp_year"):
        method["card"][name] = given.get(name, method["card"][name])
    method["billing_details"] = _billing_details(
        method["billing_details"], params.get("billing_details") or {}
    )
    method["allow_redisplay"] = params.get("allow_redisplay", method["allow_redisplay"])
    method["metadata"] = merged_metadata(method["metadata"], params.get("metadata"))
    call.account.save(method, "payment_method.updated")
    return method


@route("POST", "/v1/payment_methods/{key}/attach", "PaymentMethodAttachParams")
def attach_payment_method(call: Call, key: str) -> Obj:
    params = call.params
    customer = params.get("customer")
    if customer is None:
        raise missing("customer")
    return attached(call.account, key, customer, "customer")


def attached(account: Account, key: str, customer: str, param: str) -> Obj:
    """A payment method (or a test token) now saved to this customer, checked by the bank."""
    owner = account.living("customer", customer, param)
    is_token = cards.number_of_token(key) is not None
    method = from_token(account, key) if is_token else account.get("payment_method", key)
    if method["customer"] == owner["id"]:
        return method
    if method["customer"] is not None:
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            "payment_method",
        )
    if method["_spent"]:
        raise invalid(SPENT, "payment_method")
    if decline := cards.behaviour(method).setup:
        raise cards.error(cards.DECLINES[decline])
    attach(account, method, owner["id"])
    return method


def attach(account: Account, method: Obj, customer: str) -> None:
    if method["customer"] is None:
        method["customer"] = customer
        account.save(method)
        account.emit("payment_method.attached", method)


@route("POST", "/v1/payment_methods/{key}/detach", "PaymentMethodDetachParams")
def detach_payment_method(call: Call, key: str) -> Obj:
    method = call.account.get("payment_method", key)
    if method["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            "payment_method",
        )
    detach(call.account, method)
    return method


def detach(account: Account, method: Obj) -> None:
    """For good, and nothing charges it any more."""
    key, customer = method["id"], account.get("customer", method["customer"])
    method["customer"] = None
    method["_spent"] = True
    account.save(method)
    account.emit("payment_method.detached", method, {"customer": customer["id"]})
    if customer["invoice_settings"]["default_payment_method"] == key:
        customer["invoice_settings"]["default_payment_method"] = None
        account.save(customer, "customer.updated")
    for subscription in account.all("subscription", default_payment_method=key):
        subscription["default_payment_method"] = None
        account.save(subscription, "customer.subscription.updated")


def of_customer(account: Account, key: str, customer: str, param: str) -> str:
    """The id of a payment method that this customer has."""
    method = account.get("payment_method", key, param)
    if method["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {key}. The payment method "
            "must be attached to the customer.",
            param,
            "resource_missing",
        )
    return str(method["id"])
