"""Requests about invoices."""

from typing import Any

from billing.sandbox import (
    collecting,
    discounts,
    invoice_items,
    invoicing,
    payment_methods,
    tax_rates,
)
from billing.sandbox.accounts import Account
from billing.sandbox.drafts import refresh
from billing.sandbox.errors import invalid, missing
from billing.sandbox.invoice_lines import Period
from billing.sandbox.paging import cut, page
from billing.sandbox.rendering import includes, list_of, nested, presents
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.shipping import assign_shipping
from billing.sandbox.store import Obj
from billing.sandbox.subscribing import NO_CARD, collection_error
from billing.sandbox.values import assign, merged_metadata

DRAFT_ONLY = ("default_tax_rates", "days_until_due", "number", "shipping_cost", "shipping_details")
TEXTS = ("custom_fields", "description", "footer", "statement_descriptor")


@route("POST", "/v1/invoices", "InvoiceCreateParams")
def create_invoice(call: Call) -> Obj:
    """A draft; with `pending_invoice_items_behavior: include` of what waits for the customer."""
    account, params = call.account, call.params
    if "customer" not in params:
        raise missing("customer")
    customer = account.living("customer", params["customer"], "customer")
    subscription = None
    if "subscription" in params:
        subscription = account.get("subscription", params["subscription"], "subscription")
    pending: list[Obj] = []
    if params.get("pending_invoice_items_behavior", "exclude") == "include" or subscription:
        key = subscription["id"] if subscription else None
        pending = invoice_items.pending(account, customer["id"], key)
    currency = params.get("currency") or next((item["currency"] for item in pending), None)
    currency = currency or customer["currency"] or "usd"
    given: Obj = {}
    assign(given, params, *TEXTS, "number")
    assign_shipping(given, params, currency=currency)
    return invoicing.draft(
        account,
        customer,
        [],
        pending=pending,
        reason="subscription_update" if subscription else "manual",
        currency=currency,
        period=Period(account.now(), account.now()),
        subscription=subscription,
        auto_advance=params.get("auto_advance", False),
        metadata=merged_metadata({}, params.get("metadata")),
        default_payment_method=_method(account, params, customer["id"]),
        default_tax_rates=tax_rates.checked(
            account, params.get("default_tax_rates"), "default_tax_rates"
        ),
        discounts=discounts.granted(
            account, params.get("discounts"), "discounts", customer=customer["id"]
        ),
        **_collection(params),
        **given,
    )


def _method(account: Account, params: Params, customer: str) -> str | None:
    if not (key := params.get("default_payment_method")):
        return None
    return payment_methods.of_customer(account, key, customer, "default_payment_method")


def _collection(params: Params) -> dict[str, Any]:
    method = params.get("collection_method", "charge_automatically")
    days, due = params.get("days_until_due"), params.get("due_date")
    if method == "send_invoice" and days is None and due is None:
        raise invalid(
            "If collection_method is set to `send_invoice`, `days_until_due` or `due_date` must "
            "be provided.",
            "days_until_due",
        )
    return {"collection_method": method, "_days_until_due": days, "due_date": due}


@route("GET", "/v1/invoices", "InvoiceListParams")
def list_invoices(call: Call) -> Page:
    subscription = call.params.get("subscription")

    def fits(invoice: Obj) -> bool:
        parent = invoice["parent"]
        if subscription is None:
            return True
        return bool(parent and parent["subscription_details"]["subscription"] == subscription)

    fields = ("customer", "status", "collection_method")
    return page(call, "invoice", "/v1/invoices", *fields, extra=fits)


@route("GET", "/v1/invoices/{key}", "InvoiceRetrieveParams")
def retrieve_invoice(call: Call, key: str) -> Obj:
    return call.account.get("invoice", key)


@route("GET", "/v1/invoices/{key}/lines", "InvoiceListLinesParams")
def list_lines(call: Call, key: str) -> Page:
    lines = call.account.get("invoice", key)["lines"]
    return cut(call.params, lines["data"], lines["url"])


@route("POST", "/v1/invoices/{key}", "InvoiceUpdateParams")
def update_invoice(call: Call, key: str) -> Obj:
    account, params, invoice = call.account, call.params, call.account.get("invoice", key)
    editable = invoice["status"] == "draft"
    if not editable and set(params) & {*TEXTS, *DRAFT_ONLY}:
        raise invalid(
            "Finalized invoices can't be updated in this way.", code="invoice_not_editable"
        )
    assign(invoice, params, *TEXTS, "number", "auto_advance", "due_date")
    if "days_until_due" in params:
        invoice["_days_until_due"] = params["days_until_due"]
    if "collection_method" in params:
        invoice["collection_method"] = params["collection_method"]
    if "default_payment_method" in params:
        invoice["default_payment_method"] = _method(account, params, invoice["customer"])
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = tax_rates.checked(
            account, params["default_tax_rates"], "default_tax_rates"
        )
    invoice["metadata"] = merged_metadata(invoice["metadata"], params.get("metadata"))
    if editable:
        assign_shipping(invoice, params, currency=invoice["currency"])
        waits = invoice["created"] + invoicing.DRAFT_TIME
        invoice["automatically_finalizes_at"] = waits if invoice["auto_advance"] else None
        refresh(account, invoice, account.get("customer", invoice["customer"]))
    account.save(invoice, "invoice.updated")
    return invoice


@route("DELETE", "/v1/invoices/{key}", "InvoiceDeleteParams")
def delete_invoice(call: Call, key: str) -> Obj:
    invoice = call.account.get("invoice", key)
    if invoice["status"] != "draft" or invoice["parent"] is not None:
        raise invalid("You can only delete draft invoices that are one-offs.", "id")
    call.account.emit("invoice.deleted", invoice)
    call.account.remove(invoice)
    return {"id": key, "object": "invoice", "deleted": True}


@route("POST", "/v1/invoices/{key}/finalize", "InvoiceFinalizeInvoiceParams")
def finalise_invoice(call: Call, key: str) -> Obj:
    invoice = call.account.get("invoice", key)
    invoice["auto_advance"] = call.params.get("auto_advance", invoice["auto_advance"])
    invoicing.finalise(call.account, invoice)
    if invoice["status"] == "open":
        collecting.begin_collection(call.account, invoice)
    return invoice


@route("POST", "/v1/invoices/{key}/pay", "InvoicePayParams")
def pay_invoice(call: Call, key: str) -> Obj:
    account, params, invoice = call.account, call.params, call.account.get("invoice", key)
    if invoice["status"] == "draft":
        invoicing.finalise(account, invoice)
        if invoice["status"] == "paid":
            return invoice
    _refuse_unpayable(invoice)
    if params.get("paid_out_of_band"):
        invoice["amount_paid_off_stripe"] = invoice["amount_due"]
        invoicing.mark_paid(account, invoice)
        return invoice
    method = None
    if "payment_method" in params:
        chosen = params["payment_method"]
        customer = invoice["customer"]
        chosen = payment_methods.of_customer(account, chosen, customer, "payment_method")
        method = account.get("payment_method", chosen)
    method = method or collecting.payment_method_for(account, invoice)
    if method is None:
        raise invalid(NO_CARD, code="resource_missing")
    off_session = params.get("off_session", True)
    collecting.collect(account, invoice, method=method, off_session=off_session)
    if invoice["status"] != "paid":
        raise collection_error(account, invoice)
    return invoice


def _refuse_unpayable(invoice: Obj) -> None:
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("This invoice is void and can no longer be paid.", code="invoice_not_payable")


@route("POST", "/v1/invoices/{key}/void", "InvoiceVoidInvoiceParams")
def void_invoice(call: Call, key: str) -> Obj:
    invoice = call.account.get("invoice", key)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid("You can only pass in open or uncollectible invoices.", "id")
    invoicing.close(call.account, invoice, "void", "voided_at", "invoice.voided")
    return invoice


@route("POST", "/v1/invoices/{key}/mark_uncollectible", "InvoiceMarkUncollectibleParams")
def mark_uncollectible(call: Call, key: str) -> Obj:
    invoice = call.account.get("invoice", key)
    if invoice["status"] != "open":
        raise invalid("You can only mark open invoices as uncollectible.", "id")
    moment, event = "marked_uncollectible_at", "invoice.marked_uncollectible"
    invoicing.close(call.account, invoice, "uncollectible", moment, event)
    return invoice


@route("POST", "/v1/invoices/{key}/send", "InvoiceSendInvoiceParams")
def send_invoice(call: Call, key: str) -> Obj:
    invoice = call.account.get("invoice", key)
    if invoice["status"] == "draft":
        invoicing.finalise(call.account, invoice)
    call.account.emit("invoice.sent", invoice)
    return invoice


@presents("invoice")
def present(account: Account, invoice: Obj) -> None:
    lines = invoice["lines"]
    shown = [_bare(line) for line in lines["data"][:10]]
    invoice["lines"] = lines | {"data": shown, "has_more": len(lines["data"]) > 10}
    rates = invoice["default_tax_rates"]
    invoice["default_tax_rates"] = [nested(account, rate) for rate in rates]


def _bare(line: Obj) -> Obj:
    return {name: value for name, value in line.items() if not name.startswith("_")}


@includes("invoice", "payments")
def payments_of_invoice(account: Account, invoice: Obj) -> Obj:
    found = account.all("invoice_payment", invoice=invoice["id"])
    return list_of(account, found, f"/v1/invoice_payments?invoice={invoice['id']}")


@includes("invoice", "confirmation_secret")
def confirmation_secret(account: Account, invoice: Obj) -> Obj | None:
    """What a browser needs to pay an open invoice."""
    key = account.get("invoice", invoice["id"])["_intent"]
    if key is None or invoice["status"] != "open":
        return None
    intent = account.get("payment_intent", key)
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


@route("GET", "/v1/invoice_payments", "InvoicePaymentListParams")
def list_invoice_payments(call: Call) -> Page:
    """By the payment behind them: `payment[type]=payment_intent&payment[payment_intent]=pi_...`"""
    payment = call.params.get("payment") or {}
    if payment.get("type", "payment_intent") != "payment_intent":
        return Page([], False, "/v1/invoice_payments")
    given = {"_intent": payment["payment_intent"]} if payment.get("payment_intent") else {}
    fields = ("invoice", "status")
    return page(call, "invoice_payment", "/v1/invoice_payments", *fields, **given)


@route("GET", "/v1/invoice_payments/{key}", "InvoicePaymentRetrieveParams")
def retrieve_invoice_payment(call: Call, key: str) -> Obj:
    return call.account.get("invoice_payment", key)
