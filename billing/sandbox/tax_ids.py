"""Customers' tax ids."""

import re

from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, no_such
from billing.sandbox.ids import new_id
from billing.sandbox.paging import page
from billing.sandbox.rendering import includes, list_of
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj

EUROPEAN = {
    "AT": "U[0-9]{8}",
    "BE": "[01][0-9]{9}",
    "BG": "[0-9]{9,10}",
    "CY": "[0-9]{8}[A-Z]",
    "CZ": "[0-9]{8,10}",
    "DE": "[0-9]{9}",
    "DK": "[0-9]{8}",
    "EE": "[0-9]{9}",
    "EL": "[0-9]{9}",
    "ES": "[0-9A-Z][0-9]{7}[0-9A-Z]",
    "FI": "[0-9]{8}",
    "FR": "[0-9A-Z]{2}[0-9]{9}",
    "HR": "[0-9]{11}",
    "HU": "[0-9]{8}",
    "IE": "[0-9][0-9A-Z+*][0-9]{5}[A-Z]{1,2}",
    "IT": "[0-9]{11}",
    "LT": "[0-9]{9}([0-9]{3})?",
    "LU": "[0-9]{8}",
    "LV": "[0-9]{11}",
    "MT": "[0-9]{8}",
    "NL": "[0-9]{9}B[0-9]{2}",
    "PL": "[0-9]{10}",
    "PT": "[0-9]{9}",
    "RO": "[0-9]{2,10}",
    "SE": "[0-9]{12}",
    "SI": "[0-9]{8}",
    "SK": "[0-9]{10}",
    "XI": "[0-9]{9}([0-9]{3})?",
}
"""How a VAT number goes on after its country; Stripe minds no check digits."""

# Formats the sandbox knows; other types are taken as they are.
FORMATS = {
    "eu_vat": re.compile("|".join(rf"{country}{rest}\Z" for country, rest in EUROPEAN.items())),
    "gb_vat": re.compile(r"(GB|XI)?[0-9]{9}([0-9]{3})?\Z"),
    "ch_vat": re.compile(r"CHE[0-9.\-]{9,12} ?(MWST|TVA|IVA)\Z"),
    "us_ein": re.compile(r"[0-9]{2}-[0-9]{7}\Z"),
}
VERIFIED = ("eu_vat", "gb_vat", "au_abn")


@route("POST", "/v1/customers/{customer}/tax_ids", "CustomerCreateTaxIdParams")
def create_tax_id(call: Call, customer: str) -> Obj:
    owner = call.account.living("customer", customer)
    return new_tax_id(call.account, owner, call.params["type"], call.params["value"])


def new_tax_id(account: Account, customer: Obj, kind: str, value: str) -> Obj:
    value = value.strip()
    if kind in FORMATS and not FORMATS[kind].match(value):
        raise invalid(f"Invalid value for {kind}.", "value", "tax_id_invalid")
    key = customer["id"]
    if account.all("tax_id", customer=key, type=kind, value=value):
        raise invalid("The customer already has a tax ID of this type and value.", "value")
    status = "pending" if kind in VERIFIED else "unavailable"
    tax_id = {
        "id": new_id("tax_id"),
        "object": "tax_id",
        "country": value[:2] if kind == "eu_vat" else kind[:2].upper(),
        "created": account.now(),
        "customer": key,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": key, "customer_account": None, "type": "customer"},
        "type": kind,
        "value": value,
        "verification": {"status": status, "verified_address": None, "verified_name": None},
    }
    return account.create(tax_id, "customer.tax_id.created")


def _theirs(account: Account, customer: str, key: str) -> Obj:
    tax_id = account.get("tax_id", key)
    if tax_id["customer"] != customer:
        raise no_such("tax_id", key)
    return tax_id


@route("GET", "/v1/customers/{customer}/tax_ids", "CustomerListTaxIdsParams")
def list_tax_ids(call: Call, customer: str) -> Page:
    call.account.get("customer", customer)
    return page(call, "tax_id", f"/v1/customers/{customer}/tax_ids", customer=customer)


@route("GET", "/v1/customers/{customer}/tax_ids/{key}", "CustomerRetrieveTaxIdParams")
def retrieve_tax_id(call: Call, customer: str, key: str) -> Obj:
    return _theirs(call.account, customer, key)


@route("DELETE", "/v1/customers/{customer}/tax_ids/{key}", "CustomerDeleteTaxIdParams")
def delete_tax_id(call: Call, customer: str, key: str) -> Obj:
    tax_id = _theirs(call.account, customer, key)
    call.account.emit("customer.tax_id.deleted", tax_id)
    call.account.remove(tax_id)
    return {"id": key, "object": "tax_id", "deleted": True}


@includes("customer", "tax_ids")
def tax_ids_of_customer(account: Account, customer: Obj) -> Obj:
    url = f"/v1/customers/{customer['id']}/tax_ids"
    return list_of(account, account.all("tax_id", customer=customer["id"]), url)
