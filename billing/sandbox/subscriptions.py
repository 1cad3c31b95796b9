"""Requests about subscriptions."""

from typing import Any

from billing.sandbox import billing_cycle, endings, payment_methods, proration, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.cancellation import schedule_end
from billing.sandbox.errors import invalid
from billing.sandbox.paging import page
from billing.sandbox.rendering import includes, list_of, nested, presents
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.standing import UPDATED
from billing.sandbox.store import Obj
from billing.sandbox.subscribing import collection, payment_settings, subscribe, trial_settings
from billing.sandbox.subscription_items import items_of, list_in
from billing.sandbox.values import assign, merged_metadata

ENDED = ("canceled", "incomplete_expired")
FOR_THE_RECORD = {"metadata", "cancellation_details", "expand"}


@route("POST", "/v1/subscriptions", "SubscriptionCreateParams")
def create_subscription(call: Call) -> Obj:
    return subscribe(call.account, call.params)


@route("GET", "/v1/subscriptions", "SubscriptionListParams")
def list_subscriptions(call: Call) -> Page:
    """Ended ones only when they are asked for, as at Stripe."""
    status, price = call.params.get("status"), call.params.get("price")

    def fits(subscription: Obj) -> bool:
        if price and not any(item["price"] == price for item in items_of(subscription)):
            return False
        if status is None:
            return bool(subscription["status"] != "canceled")
        if status == "ended":
            return bool(subscription["status"] in ENDED)
        return status in ("all", subscription["status"])

    return page(
        call, "subscription", "/v1/subscriptions", "customer", "collection_method", extra=fits
    )


@route("GET", "/v1/subscriptions/{key}", "SubscriptionRetrieveParams")
def retrieve_subscription(call: Call, key: str) -> Obj:
    return call.account.get("subscription", key)


@route("POST", "/v1/subscriptions/{key}", "SubscriptionUpdateParams")
def update_subscription(call: Call, key: str) -> Obj:
    account, params = call.account, call.params
    subscription = account.get("subscription", key)
    _refuse_what_may_not_change(subscription, params)
    params.ignore("off_session", "payment_behavior", "proration_behavior", "proration_date")
    if "trial_end" in params:
        _move_trial(account, subscription, params["trial_end"])
    proration.change(account, subscription, params)
    _apply(account, subscription, params)
    schedule_end(account, subscription, params)
    account.save(subscription, UPDATED)
    return subscription


def _refuse_what_may_not_change(subscription: Obj, params: Params) -> None:
    beyond = set(params) - FOR_THE_RECORD
    if subscription["status"] in ENDED and beyond:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    if subscription["status"] == "incomplete" and beyond:
        raise invalid(
            "Subscriptions in `incomplete` status can only be updated once their first invoice "
            "is paid.",
            code="subscription_payment_intent_requires_action",
        )
    if subscription["schedule"] and beyond & {"cancel_at", "cancel_at_period_end"}:
        raise invalid(
            "The subscription is managed by the subscription schedule "
            f"`{subscription['schedule']}`, and updating any cancelation behavior directly is "
            "not allowed. Please update the schedule instead.",
        )


def _apply(account: Account, subscription: Obj, params: Params) -> None:
    assign(subscription, params, "description")
    if "default_payment_method" in params:
        subscription["default_payment_method"] = payment_methods.of_customer(
            account,
            params["default_payment_method"],
            subscription["customer"],
            "default_payment_method",
        )
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = tax_rates.checked(
            account, params["default_tax_rates"], "default_tax_rates"
        )
    if "collection_method" in params or "days_until_due" in params:
        subscription |= collection(params)
    if "payment_settings" in params:
        present = subscription["payment_settings"]
        subscription["payment_settings"] = payment_settings(present, params["payment_settings"])
    if "trial_settings" in params:
        subscription["trial_settings"] = trial_settings(params["trial_settings"])
    if "pause_collection" in params:
        subscription["pause_collection"] = _pause(params["pause_collection"])
    explain(subscription, params)
    subscription["metadata"] = merged_metadata(subscription["metadata"], params.get("metadata"))


def _pause(given: Any) -> Obj | None:
    if not given:
        return None
    return {"behavior": given["behavior"], "resumes_at": given.get("resumes_at")}


def explain(subscription: Obj, params: Params) -> None:
    """Why the customer leaves, in their words."""
    if given := params.get("cancellation_details"):
        assign(subscription["cancellation_details"], given, "comment", "feedback")


def _move_trial(account: Account, subscription: Obj, given: int | str) -> None:
    """End a trial now, or let it run until another day."""
    now = account.now()
    end = now if given == "now" else int(given)
    if given == "now" and subscription["status"] != "trialing":
        return
    if end < now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.")
    subscription |= {"trial_end": end, "billing_cycle_anchor": end, "_warned": end == now}
    subscription["trial_start"] = subscription["trial_start"] or now
    for item in items_of(subscription):
        item["current_period_end"] = end
    if end == now:
        billing_cycle.renew(account, subscription)
    else:
        subscription["status"] = "trialing"


@route("DELETE", "/v1/subscriptions/{key}", "SubscriptionCancelParams")
def cancel_subscription(call: Call, key: str) -> Obj:
    account, params = call.account, call.params
    subscription = account.get("subscription", key)
    if subscription["status"] in ENDED:
        raise invalid(f"No such subscription: {key}", "id", "resource_missing", status=404)
    explain(subscription, params)
    cancel_now(
        account,
        subscription,
        prorate=params.get("prorate", False),
        invoice_now=params.get("invoice_now", False),
    )
    return subscription


def cancel_now(account: Account, subscription: Obj, *, prorate: bool, invoice_now: bool) -> None:
    """End at once; `prorate` gives back what was paid for the rest of the period."""
    if prorate and subscription["status"] in ("active", "past_due"):
        proration.credit(account, subscription, items_of(subscription))
    if invoice_now:
        proration.invoice_pending(account, subscription)
    endings.end(account, subscription)


@route("POST", "/v1/subscriptions/{key}/pause", "SubscriptionPauseParams")
def pause_subscription(call: Call, key: str) -> Obj:
    subscription = call.account.get("subscription", key)
    call.params.ignore("type", "bill_for", "invoicing_behavior")
    if subscription["schedule"]:
        raise invalid("A subscription that is managed by a schedule cannot be paused.")
    if subscription["status"] not in ("active", "past_due", "trialing", "unpaid"):
        raise invalid(f"A subscription in `{subscription['status']}` status cannot be paused.")
    billing_cycle.pause(call.account, subscription, "pause_requested")
    return subscription


@route("POST", "/v1/subscriptions/{key}/resume", "SubscriptionResumeParams")
def resume_subscription(call: Call, key: str) -> Obj:
    """By default a new period begins now, and is billed."""
    account, subscription = call.account, call.account.get("subscription", key)
    if subscription["status"] != "paused":
        raise invalid("The subscription is not paused.")
    anchor = (call.params.get("billing_cycle_anchor") or {}).get("type", "now")
    call.params.ignore("payment_behavior", "proration_behavior", "proration_date")
    subscription |= {"status": "active", "status_details": None}
    if anchor == "now":
        billing_cycle.restart(account, subscription)
    elif billing_cycle.period_end(subscription) <= account.now():
        billing_cycle.renew(account, subscription)
    account.save(subscription)
    account.emit("customer.subscription.resumed", subscription)
    return subscription


@presents("subscription")
def present(account: Account, subscription: Obj) -> None:
    subscription["items"] = list_in(account, subscription)
    rates = subscription["default_tax_rates"]
    subscription["default_tax_rates"] = [nested(account, rate) for rate in rates]


@includes("customer", "subscriptions")
def subscriptions_of_customer(account: Account, customer: Obj) -> Obj:
    key = customer["id"]
    found = [sub for sub in account.all("subscription", customer=key) if sub["ended_at"] is None]
    return list_of(account, reversed(found), f"/v1/customers/{key}/subscriptions")
