"""Requests about charges."""

from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata


@route("GET", "/v1/charges", "ChargeListParams")
def list_charges(call: Call) -> Page:
    return page(call, "charge", "/v1/charges", "customer", "payment_intent")


@route("GET", "/v1/charges/{key}", "ChargeRetrieveParams")
def retrieve_charge(call: Call, key: str) -> Obj:
    return call.account.get("charge", key)


@route("POST", "/v1/charges/{key}", "ChargeUpdateParams")
def update_charge(call: Call, key: str) -> Obj:
    charge, params = call.account.get("charge", key), call.params
    assign(charge, params, "description", "receipt_email")
    charge["metadata"] = merged_metadata(charge["metadata"], params.get("metadata"))
    call.account.save(charge, "charge.updated")
    return charge
