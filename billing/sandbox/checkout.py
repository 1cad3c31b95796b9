"""Checkout sessions: the page where a customer buys."""

from typing import Any

from billing.sandbox import catalogue, discounts, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.agenda import falls_due
from billing.sandbox.errors import invalid, missing, not_served
from billing.sandbox.ids import new_id
from billing.sandbox.invoice_lines import rounded
from billing.sandbox.paging import cut, page
from billing.sandbox.periods import DAY
from billing.sandbox.rendering import includes, nested
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.tariffs import cost
from billing.sandbox.values import assign, merged_metadata, nulls

URL = "/v1/checkout/sessions"
ITEM = {"price", "price_data", "quantity", "tax_rates", "metadata"}
CHOICES = (
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer_creation",
    "customer_email",
    "locale",
    "payment_method_collection",
    "phone_number_collection",
    "submit_type",
    "success_url",
    "tax_id_collection",
)


@route("POST", URL, "checkout.SessionCreateParams")
def create_session(call: Call) -> Obj:
    account, params = call.account, call.params
    mode = params.get("mode", "payment")
    if mode == "setup":
        raise not_served(["mode"])
    if "customer" in params:
        account.living("customer", params["customer"], "customer")
    session = _new(account, params, mode)
    items = session["_items"]
    recurring = [account.get("price", item["price"])["recurring"] for item in items]
    if (mode == "subscription") != any(recurring):
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using "
            "prices."
            if mode == "subscription"
            else "You specified `payment` mode but passed a recurring price.",
            "line_items",
        )
    _add_up(session)
    return account.create(session)


def _new(account: Account, params: Params, mode: str) -> Obj:
    if "success_url" not in params:
        raise missing("success_url")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_served(["ui_mode"])
    given = params.get("line_items") or []
    items = [_item(account, item, f"line_items[{number}]") for number, item in enumerate(given)]
    coupons = discounts.coupons_in(account, params.get("discounts"), "discounts")
    _price(account, items, coupons)
    if not items:
        raise missing("line_items")
    now = account.now()
    session = _blank(now) | {
        "discounts": [{"coupon": one["id"], "promotion_code": None} for one in coupons],
        "currency": account.get("price", items[0]["price"])["currency"],
        "customer": params.get("customer"),
        "expires_at": params.get("expires_at", now + DAY),
        "invoice_creation": _invoice_creation(params.get("invoice_creation"), mode),
        "managed_payments": params.get("managed_payments"),
        "metadata": merged_metadata({}, params.get("metadata")),
        "mode": mode,
        "_items": items,
        "_subscription": params.get("subscription_data") or {},
        "_payment": _payment_data(params.get("payment_intent_data")),
    }
    assign(session, params, *CHOICES)
    if mode == "payment" and session["customer"] is None:
        session["customer_creation"] = session["customer_creation"] or "if_required"
    return session


def _blank(now: int) -> Obj:
    key = new_id("checkout.session")
    return {
        "id": key,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False, **nulls("liability provider status")},
        "created": now,
        "custom_fields": [],
        "custom_text": nulls("after_submit shipping_address submit terms_of_service_acceptance"),
        "livemode": False,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "url": f"https://checkout.stripe.com/c/pay/{key}",
        **nulls("after_expiration allow_promotion_codes billing_address_collection cancel_url"),
        **nulls("client_reference_id client_secret collected_information consent"),
        **nulls("consent_collection currency_conversion customer_account customer_creation"),
        **nulls("customer_details customer_email discounts integration_identifier invoice locale"),
        **nulls("managed_payments origin_context payment_intent payment_link"),
        **nulls("payment_method_configuration_details payment_method_collection permissions"),
        **nulls("recovered_from saved_payment_method_options setup_intent shipping_cost"),
        **nulls("shipping_address_collection submit_type subscription success_url"),
        **nulls("wallet_options"),
    }


def _item(account: Account, given: dict[str, Any], param: str) -> Obj:
    """A line item, before any discount."""
    if stray := [f"{param}[{name}]" for name in given if name not in ITEM]:
        raise not_served(stray)
    price, quantity = catalogue.priced(account, given, param), given.get("quantity", 1)
    rates = tax_rates.checked(account, given.get("tax_rates"), f"{param}[tax_rates]")
    amount = rounded(cost(price, quantity))
    return {
        "id": new_id("item"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": account.get("product", price["product"])["name"],
        "metadata": merged_metadata({}, given.get("metadata")),
        "price": price["id"],
        "quantity": quantity,
        "tax_rates": rates,
    }


def _price(account: Account, items: list[Obj], coupons: list[Obj]) -> None:
    """Take the discounts off, put the taxes on."""
    for coupon in coupons:
        left = [item["amount_subtotal"] - item["amount_discount"] for item in items]
        for item, off in zip(items, discounts.shares(coupon, left), strict=True):
            item["amount_discount"] += off
    for item in items:
        net = item["amount_subtotal"] - item["amount_discount"]
        taxes = tax_rates.taxes_on(account, net, item["tax_rates"], "none")
        item |= {
            "amount_tax": sum(tax["amount"] for tax in taxes),
            "amount_total": net + tax_rates.exclusive(taxes),
            "_taxes": taxes,
        }


def _invoice_creation(given: Any, mode: str) -> Obj | None:
    """Only payments may have none; a subscription always makes invoices."""
    if mode == "subscription":
        if given:
            raise invalid("You can only enable invoice creation in `payment` mode.")
        return None
    data = (given or {}).get("invoice_data") or {}
    if stray := data.keys() - {"custom_fields", "description", "footer", "metadata"}:
        raise not_served([f"invoice_creation[invoice_data][{name}]" for name in sorted(stray)])
    shown = nulls("account_tax_ids custom_fields description footer issuer rendering_options")
    metadata = merged_metadata({}, data.get("metadata"))
    return {
        "enabled": bool(given and given["enabled"]),
        "invoice_data": {**shown, **data, "metadata": metadata},
    }


def _payment_data(given: Any) -> Obj:
    data = dict(given or {})
    if stray := data.keys() - {"description", "metadata", "receipt_email", "setup_future_usage"}:
        raise not_served([f"payment_intent_data[{name}]" for name in sorted(stray)])
    return data


def _add_up(session: Obj) -> None:
    """What is paid at once: for a trial nothing but what is bought beside it."""
    data = session["_subscription"]
    items: list[Obj] = session["_items"]
    if data.get("trial_period_days") or data.get("trial_end"):
        items = []
    tax = sum(item["amount_tax"] for item in items)
    session |= {
        "amount_subtotal": sum(item["amount_subtotal"] for item in items),
        "amount_total": sum(item["amount_total"] for item in items),
        "total_details": {
            "amount_discount": sum(item["amount_discount"] for item in items),
            "amount_shipping": 0,
            "amount_tax": tax,
        },
    }


@route("GET", URL, "checkout.SessionListParams")
def list_sessions(call: Call) -> Page:
    fields = ("customer", "status", "payment_intent", "subscription")
    return page(call, "checkout.session", URL, *fields)


@route("GET", URL + "/{key}", "checkout.SessionRetrieveParams")
def retrieve_session(call: Call, key: str) -> Obj:
    return call.account.get("checkout.session", key)


@route("GET", URL + "/{key}/line_items", "checkout.SessionListLineItemsParams")
def list_line_items(call: Call, key: str) -> Page:
    session = call.account.get("checkout.session", key)
    items = _presented(call.account, session)
    return cut(call.params, items, f"{URL}/{key}/line_items")


@includes("checkout.session", "line_items")
def line_items_of_session(account: Account, session: Obj) -> Obj:
    items = _presented(account, account.get("checkout.session", session["id"]))
    url = f"{URL}/{session['id']}/line_items"
    return {"object": "list", "data": items[:10], "has_more": len(items) > 10, "url": url}


def _presented(account: Account, session: Obj) -> list[Obj]:
    items: list[Obj] = session["_items"]
    return [
        {name: value for name, value in item.items() if name not in ("tax_rates", "_taxes")}
        | {"price": nested(account, item["price"])}
        for item in items
    ]


@includes("item", "taxes")
def taxes_of_item(account: Account, item: Obj) -> list[Obj]:
    sessions = account.all("checkout.session")
    kept = (kept for session in sessions for kept in session["_items"] if kept["id"] == item["id"])
    return [
        {"rate": nested(account, tax["tax_rate_details"]["tax_rate"])}
        | {name: tax[name] for name in ("amount", "taxability_reason", "taxable_amount")}
        for tax in next(kept)["_taxes"]
    ]


def next_moment(session: Obj) -> int | None:
    return int(session["expires_at"]) if session["status"] == "open" else None


@falls_due("checkout.session", 3, next_moment)
def expire(account: Account, session: Obj) -> None:
    session |= {"status": "expired", "url": None}
    account.save(session)
    account.emit("checkout.session.expired", session)


@route("POST", URL + "/{key}/expire", "checkout.SessionExpireParams")
def expire_session(call: Call, key: str) -> Obj:
    session = call.account.get("checkout.session", key)
    if session["status"] != "open":
        raise invalid('Only Checkout Sessions with a status in ["open"] can be expired.')
    expire(call.account, session)
    return session
