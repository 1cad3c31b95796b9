"""Subscription schedules: phases one after the other, and what comes after the last."""

from typing import Any

from billing.sandbox import billing_cycle, payment_methods
from billing.sandbox.accounts import Account
from billing.sandbox.agenda import falls_due
from billing.sandbox.errors import not_served
from billing.sandbox.ids import new_id
from billing.sandbox.rendering import nested, presents
from billing.sandbox.routing import Params
from billing.sandbox.standing import UPDATED
from billing.sandbox.store import Obj
from billing.sandbox.subscribing import subscribe
from billing.sandbox.subscription_items import items_of, new_item
from billing.sandbox.values import merged_metadata, nulls


def new_schedule(account: Account, customer: str, params: Params, phases: list[Obj]) -> Obj:
    return {
        "id": new_id("subscription_schedule"),
        "object": "subscription_schedule",
        "billing_mode": {
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": None,
        },
        "created": account.now(),
        "current_phase": None,
        "customer": customer,
        "default_settings": default_settings(account, customer, {}, params.get("default_settings")),
        "end_behavior": params.get("end_behavior", "release"),
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "pause_schedules": [],
        "phases": phases,
        "status": "not_started",
        **nulls("application canceled_at completed_at customer_account released_at"),
        **nulls("released_subscription subscription test_clock"),
    }


def default_settings(account: Account, customer: str, present: Obj, given: Any) -> Obj:
    settings: Obj = {
        "automatic_tax": {"enabled": False, **nulls("disabled_reason liability")},
        "billing_cycle_anchor": "automatic",
        "collection_method": "charge_automatically",
        "invoice_settings": {
            "issuer": {"type": "self"},
            **nulls("account_tax_ids custom_fields days_until_due description footer"),
        },
        **nulls("application_fee_percent billing_thresholds default_payment_method"),
        **nulls("description on_behalf_of transfer_data"),
        **present,
    }
    for name, value in (given or {}).items():
        if name not in ("collection_method", "default_payment_method", "description"):
            raise not_served([f"default_settings[{name}]"])
        settings[name] = value or None
    if method := settings["default_payment_method"]:
        param = "default_settings[default_payment_method]"
        payment_methods.of_customer(account, method, customer, param)
    return settings


def next_moment(schedule: Obj) -> int | None:
    if schedule["status"] == "not_started":
        return int(schedule["phases"][0]["start_date"])
    if schedule["status"] == "active":
        return int(schedule["current_phase"]["end_date"])
    return None


@falls_due("subscription_schedule", 0, next_moment)
def advance(account: Account, schedule: Obj) -> None:
    """Begin the phase that begins now; after the last, end or let go."""
    now = account.now()
    for phase in schedule["phases"]:
        if phase["start_date"] <= now < phase["end_date"]:
            begin(account, schedule, phase)
            return
    subscription = account.get("subscription", schedule["subscription"])
    if schedule["end_behavior"] == "cancel":
        schedule |= {"status": "completed", "completed_at": now, "current_phase": None}
        account.save(schedule)
        account.emit("subscription_schedule.completed", schedule)
        billing_cycle.conclude(account, subscription)
    else:
        release(account, schedule)


def begin(account: Account, schedule: Obj, phase: Obj) -> None:
    """Enter a phase: the first makes the subscription, the others change it."""
    dates = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    schedule |= {"status": "active", "current_phase": dates}
    if schedule["subscription"] is None:
        subscription = subscribe(account, Params(_request(schedule, phase)))
        schedule["subscription"] = subscription["id"]
        subscription["schedule"] = schedule["id"]
        account.save(schedule)
        note_end(account, schedule, subscription)
        account.save(subscription, UPDATED)
    else:
        account.save(schedule)
        apply(account, schedule, phase)
    account.emit("subscription_schedule.updated", schedule)


def _request(schedule: Obj, phase: Obj) -> Obj:
    """What a person would have sent to make this subscription."""
    kept = ("metadata", "price", "quantity", "tax_rates")
    defaults = schedule["default_settings"]
    wanted = {
        "customer": schedule["customer"],
        "items": [{name: item[name] for name in kept} for item in phase["items"]],
        "metadata": phase["metadata"],
        "default_tax_rates": phase["default_tax_rates"],
        "default_payment_method": phase["default_payment_method"]
        or defaults["default_payment_method"],
        "collection_method": phase["collection_method"] or defaults["collection_method"],
        "description": phase["description"] or defaults["description"],
        "trial_end": phase["trial_end"],
    }
    return {name: value for name, value in wanted.items() if value is not None}


def apply(account: Account, schedule: Obj, phase: Obj) -> None:
    """Make the subscription what its present phase says; the next renewal bills it so."""
    subscription = account.get("subscription", schedule["subscription"])
    wanted = _request(schedule, phase)
    _apply_items(account, subscription, wanted["items"])
    method = wanted.get("default_payment_method")
    subscription["default_payment_method"] = method or subscription["default_payment_method"]
    subscription["default_tax_rates"] = list(phase["default_tax_rates"])
    subscription["metadata"] |= phase["metadata"]
    note_end(account, schedule, subscription)
    account.save(subscription, UPDATED)


def note_end(account: Account, schedule: Obj, subscription: Obj) -> None:
    """A subscription shows when its schedule will end it."""
    if schedule["end_behavior"] == "cancel":
        subscription["cancel_at"] = schedule["phases"][-1]["end_date"]
        subscription["canceled_at"] = subscription["canceled_at"] or account.now()
    else:
        subscription |= {"cancel_at": None, "canceled_at": None}


def _apply_items(account: Account, subscription: Obj, wanted: list[Obj]) -> None:
    items, now = items_of(subscription), account.now()
    before = [account.get("price", item["price"])["recurring"] for item in items]
    for number, given in enumerate(wanted):
        if number == len(items):
            item = new_item(account, subscription["id"], given, f"items[{number}]")
            items.append(item | {"current_period_start": now, "current_period_end": now})
        items[number] |= given
    del items[len(wanted) :]
    after = [account.get("price", item["price"])["recurring"] for item in items]
    if after[: len(before)] != before[: len(after)]:
        subscription["billing_cycle_anchor"] = now


def release(account: Account, schedule: Obj, *, preserve_cancel_date: bool = False) -> None:
    """Let the subscription go on by itself."""
    now, key = account.now(), schedule["subscription"]
    schedule |= {"status": "released", "released_at": now, "current_phase": None}
    schedule |= {"subscription": None, "released_subscription": key}
    account.save(schedule)
    if key is not None:
        subscription = account.get("subscription", key)
        subscription["schedule"] = None
        if not preserve_cancel_date:
            subscription |= {"cancel_at": None, "canceled_at": None}
        account.save(subscription, UPDATED)
    account.emit("subscription_schedule.released", schedule)


@presents("subscription_schedule")
def present(account: Account, schedule: Obj) -> None:
    schedule["phases"] = [_presented(account, phase) for phase in schedule["phases"]]


def _presented(account: Account, phase: Obj) -> Obj:
    items = [
        item | {"tax_rates": [nested(account, rate) for rate in item["tax_rates"]]}
        for item in phase["items"]
    ]
    rates = [nested(account, rate) for rate in phase["default_tax_rates"]]
    return phase | {"items": items, "default_tax_rates": rates}
