"""How a subscription begins: its shape, its trial, its first invoice."""

from typing import Any

from billing.sandbox import (
    billing_cycle,
    collecting,
    discounts,
    invoicing,
    payment_methods,
    tax_rates,
)
from billing.sandbox.accounts import Account
from billing.sandbox.cancellation import schedule_end
from billing.sandbox.errors import ApiError, card, invalid, missing
from billing.sandbox.ids import new_id
from billing.sandbox.invoice_lines import Period, trial_line
from billing.sandbox.periods import DAY
from billing.sandbox.routing import Params
from billing.sandbox.store import Obj
from billing.sandbox.subscription_items import (
    check_items,
    items_of,
    new_item,
)
from billing.sandbox.values import merged_metadata, nulls

NO_CARD = (
    "This customer has no attached payment source or default payment method. Please consider "
    "adding a default payment method. For more information, visit "
    "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
)
REQUIRES_ACTION = (
    "This payment requires additional user action before it can be completed successfully. "
    "Payment can be completed using the PaymentIntent associated with the invoice. For more "
    "details see: https://stripe.com/docs/billing/subscriptions/overview#requires-action"
)


def subscribe(account: Account, params: Params) -> Obj:
    """Make a subscription, with its first invoice paid, tried or waiting."""
    if "customer" not in params:
        raise missing("customer")
    customer = account.living("customer", params["customer"], "customer")
    subscription = _new(account, customer, params)
    behaviour = params.get("payment_behavior", "allow_incomplete")
    params.ignore("off_session")
    # A given moment may cut the first period short; the words for a period's end need it first.
    ends_on_a_day = isinstance(params.get("cancel_at"), int)
    if ends_on_a_day:
        schedule_end(account, subscription, params)
    if subscription["trial_end"] is None:
        lines = _first_lines(account, subscription, params.get("proration_behavior"))
    else:
        lines = _trial_lines(account, subscription)
    if not ends_on_a_day:
        schedule_end(account, subscription, params)
    _bill_first(account, subscription, lines, behaviour)
    return subscription


def _new(account: Account, customer: Obj, params: Params) -> Obj:
    key, now = new_id("subscription"), account.now()
    given = params.get("items") or []
    items = [new_item(account, key, item, f"items[{n}]") for n, item in enumerate(given)]
    start = params.get("backdate_start_date", now)
    if start > now:
        raise invalid("`backdate_start_date` must be in the past.", "backdate_start_date")
    trial_end = _trial_end(params, now)
    subscription = _blank(key, now) | {
        "billing_cycle_anchor": trial_end or params.get("billing_cycle_anchor", start),
        "billing_mode": _billing_mode(params.get("billing_mode")),
        "currency": params.get("currency") or check_items(account, items),
        "customer": customer["id"],
        "default_tax_rates": tax_rates.checked(
            account, params.get("default_tax_rates"), "default_tax_rates"
        ),
        "description": params.get("description"),
        "discounts": discounts.granted(
            account, params.get("discounts"), "discounts", customer=customer["id"], subscription=key
        ),
        "items": {"data": items},
        "metadata": merged_metadata({}, params.get("metadata")),
        "payment_settings": payment_settings({}, params.get("payment_settings")),
        "start_date": start,
        "trial_end": trial_end,
        "trial_settings": trial_settings(params.get("trial_settings")),
        "trial_start": now if trial_end else None,
        **collection(params),
    }
    if (method := params.get("default_payment_method")) is not None:
        subscription["default_payment_method"] = payment_methods.of_customer(
            account, method, customer["id"], "default_payment_method"
        )
    return subscription


def _blank(key: str, now: int) -> Obj:
    return {
        "id": key,
        "object": "subscription",
        "automatic_tax": {"enabled": False, **nulls("disabled_reason liability")},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": nulls("comment feedback reason"),
        "created": now,
        "discounts": [],
        "invoice_settings": {
            "issuer": {"type": "self"},
            **nulls("account_tax_ids custom_fields description footer"),
        },
        "livemode": False,
        "status": "active",
        **nulls("application application_fee_percent billing_cycle_anchor_config"),
        **nulls("billing_thresholds cancel_at canceled_at customer_account default_source"),
        **nulls("default_payment_method ended_at latest_invoice managed_payments on_behalf_of"),
        **nulls("next_pending_invoice_item_invoice pause_collection pending_setup_intent"),
        **nulls("pending_invoice_item_interval pending_update schedule status_details"),
        **nulls("test_clock transfer_data"),
        "_warned": False,
    }


def _billing_mode(given: Any) -> Obj:
    kind = (given or {}).get("type", "flexible")
    flexible = {"proration_discounts": "included"} if kind == "flexible" else None
    return {"flexible": flexible, "type": kind, "updated_at": None}


def payment_settings(present: Obj, given: Any) -> Obj:
    names = "payment_method_options payment_method_types save_default_payment_method"
    settings: Obj = nulls(names) | {"save_default_payment_method": "off"} | present
    for name in names.split():
        if name in (given or {}):
            settings[name] = given[name] or None
    return settings


def trial_settings(given: Any) -> Obj:
    behaviour = (given or {}).get("end_behavior", {}).get("missing_payment_method")
    return {"end_behavior": {"missing_payment_method": behaviour or "create_invoice"}}


def collection(params: Params) -> Obj:
    """How invoices are collected, and how many days a customer has who pays by hand."""
    method, days = params.get("collection_method"), params.get("days_until_due")
    if method == "send_invoice" and days is None:
        raise invalid(
            "You must pass `days_until_due` when `collection_method` is `send_invoice`.",
            "days_until_due",
        )
    return {"collection_method": method or "charge_automatically", "days_until_due": days}


def _trial_end(params: Params, now: int) -> int | None:
    end, days = params.get("trial_end"), params.get("trial_period_days")
    if end is not None and days is not None:
        raise invalid("You may only specify one of trial_end, trial_period_days.", "trial_end")
    if days:
        return now + int(days) * DAY
    if end in (None, "now"):
        return None
    if end <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.")
    return int(end)


def _trial_lines(account: Account, subscription: Obj) -> list[Obj]:
    period = Period(subscription["trial_start"], subscription["trial_end"])
    for item in items_of(subscription):
        item |= {"current_period_start": period.start, "current_period_end": period.end}
    return [trial_line(account, subscription, item, period) for item in items_of(subscription)]


def _first_lines(account: Account, subscription: Obj, proration: str | None) -> list[Obj]:
    """From the (backdated) start to the end of the present period. If the anchor lies ahead, the
    first period is short; `proration: none` makes what is not a whole period free."""
    now, lines = account.now(), []
    for item in items_of(subscription):
        start = subscription["start_date"]
        while True:
            line = billing_cycle.enter(account, subscription, item, start)
            period = Period(item["current_period_start"], item["current_period_end"])
            if proration != "none" or period.end > now:
                lines.append(line)
            if period.end > now:
                break
            start = period.end
        if proration == "none" and period.end == subscription["billing_cycle_anchor"]:
            lines[-1] |= {"amount": 0, "subtotal": 0}
    return lines


def _bill_first(account: Account, subscription: Obj, lines: list[Obj], behaviour: str) -> None:
    """The first invoice is not left as a draft: what is charged automatically is charged now."""
    now, is_trial = account.now(), subscription["trial_end"] is not None
    automatic = subscription["collection_method"] == "charge_automatically"
    if is_trial or automatic:
        subscription["status"] = "trialing" if is_trial else "incomplete"
    account.create(subscription)
    invoice = billing_cycle.draft_for(
        account, subscription, lines, Period(now, now), "subscription_create"
    )
    subscription["latest_invoice"] = invoice["id"]
    account.save(subscription)
    account.emit("customer.subscription.created", subscription)
    if is_trial or automatic:
        invoicing.finalise(account, invoice)
    if automatic and invoice["status"] == "open":
        _collect_first(account, invoice, behaviour)


def _collect_first(account: Account, invoice: Obj, behaviour: str) -> None:
    method = collecting.payment_method_for(account, invoice)
    if behaviour == "default_incomplete":
        if method is not None:
            intent = account.get("payment_intent", invoice["_intent"])
            intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
            account.save(intent)
        return
    if method is None:
        raise invalid(NO_CARD, code="resource_missing")
    collecting.collect(account, invoice, off_session=False)
    if behaviour == "error_if_incomplete" and invoice["status"] == "open":
        error = collection_error(account, invoice)
        error.keeps = False
        raise error


def collection_error(account: Account, invoice: Obj) -> ApiError:
    """The 402 for an invoice that could not be paid."""
    intent = account.get("payment_intent", invoice["_intent"])
    if intent["status"] == "requires_action":
        return card(REQUIRES_ACTION, "invoice_payment_intent_requires_action")
    details = dict(intent["last_payment_error"])
    for name in ("type", "doc_url"):
        details.pop(name, None)
    return card(details.pop("message"), details.pop("code"), **details)
