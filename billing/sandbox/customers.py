"""Customers."""

from typing import Any

from billing.sandbox import endings, payment_methods
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid
from billing.sandbox.ids import new_id, secret
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.tax_ids import new_tax_id
from billing.sandbox.values import address, assign, merged_metadata, nulls

TEXTS = ("business_name", "description", "email", "individual_name", "name", "phone")
CLEARS = (*TEXTS, "address", "preferred_locales")


@route("POST", "/v1/customers", "CustomerCreateParams", clears=CLEARS)
def create_customer(call: Call) -> Obj:
    return new_customer(call.account, call.params)


def new_customer(account: Account, params: Params) -> Obj:
    customer: Obj = {
        "id": new_id("customer"),
        "object": "customer",
        "balance": 0,
        "created": account.now(),
        "delinquent": False,
        "invoice_prefix": params.get("invoice_prefix") or secret(8).upper(),
        "invoice_settings": {
            **nulls("custom_fields default_payment_method footer rendering_options")
        },
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": params.get("next_invoice_sequence", 1),
        "preferred_locales": [],
        "tax_exempt": "none",
        **nulls("address currency default_source discount shipping test_clock"),
        **dict.fromkeys(TEXTS),
    }
    account.create(customer)
    _apply(account, customer, params)
    customer["name"] = customer["name"] or customer["business_name"] or customer["individual_name"]
    if (method := params.get("payment_method")) is not None:
        saved = payment_methods.attached(account, method, customer["id"], "customer")
        if customer["invoice_settings"]["default_payment_method"] == method:
            customer["invoice_settings"]["default_payment_method"] = saved["id"]
    account.save(customer)
    account.emit("customer.created", customer)
    for data in params.get("tax_id_data", []):
        new_tax_id(account, customer, data["type"], data["value"])
    return customer


def _apply(account: Account, customer: Obj, params: Params) -> None:
    for name in TEXTS:
        if name in params:
            customer[name] = params[name] or None
    assign(customer, params, "balance")
    _check_email(customer["email"])
    if "address" in params:
        customer["address"] = address(params["address"])
    if "shipping" in params:
        customer["shipping"] = _shipping(params["shipping"])
    customer["tax_exempt"] = params.get("tax_exempt", customer["tax_exempt"]) or "none"
    if "preferred_locales" in params:
        customer["preferred_locales"] = params["preferred_locales"] or []
    if (settings := params.get("invoice_settings")) is not None:
        _apply_invoice_settings(account, customer, settings, params.get("payment_method"))
    customer["metadata"] = merged_metadata(customer["metadata"], params.get("metadata"))


def _apply_invoice_settings(
    account: Account, customer: Obj, given: Obj, just_given: str | None
) -> None:
    settings = customer["invoice_settings"]
    assign(settings, given, "custom_fields", "footer", "rendering_options")
    method = given.get("default_payment_method")
    if method is not None and method != just_given:
        param = "invoice_settings[default_payment_method]"
        method = payment_methods.of_customer(account, method, customer["id"], param)
    if method is not None:
        settings["default_payment_method"] = method


def _check_email(email: str | None) -> None:
    if email is not None and ("@" not in email or " " in email or len(email) > 512):
        raise invalid(f"Invalid email address: {email}", "email", "email_invalid")


def _shipping(given: Any) -> Obj | None:
    if not given:
        return None
    whole = nulls("carrier tracking_number phone")
    return {**whole, "name": given["name"], "address": address(given["address"])}


@route("GET", "/v1/customers", "CustomerListParams")
def list_customers(call: Call) -> Page:
    return page(call, "customer", "/v1/customers", "email")


@route("GET", "/v1/customers/{key}", "CustomerRetrieveParams")
def retrieve_customer(call: Call, key: str) -> Obj:
    return call.account.get("customer", key)


@route("POST", "/v1/customers/{key}", "CustomerUpdateParams", clears=CLEARS)
def update_customer(call: Call, key: str) -> Obj:
    customer = call.account.living("customer", key)
    _apply(call.account, customer, call.params)
    call.account.save(customer, "customer.updated")
    return customer


@route("DELETE", "/v1/customers/{key}", "CustomerDeleteParams")
def delete_customer(call: Call, key: str) -> Obj:
    """Ends what the customer has; what they had stays to be read."""
    account, customer = call.account, call.account.living("customer", key)
    for subscription in account.all("subscription", customer=key):
        if subscription["ended_at"] is None:
            endings.end(account, subscription)
    for method in account.all("payment_method", customer=key):
        payment_methods.detach(account, method)
    account.emit("customer.deleted", customer)
    customer["deleted"] = True
    account.save(customer)
    return customer
