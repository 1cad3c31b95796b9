"""Requests about subscription schedules."""

from billing.sandbox import schedules
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, missing
from billing.sandbox.paging import page
from billing.sandbox.phases import phases_of_subscription, read_phases, start_of
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.standing import UPDATED
from billing.sandbox.store import Obj
from billing.sandbox.subscriptions import cancel_now
from billing.sandbox.values import merged_metadata

URL = "/v1/subscription_schedules"
LIVE = ("not_started", "active")


@route("POST", URL, "SubscriptionScheduleCreateParams")
def create_schedule(call: Call) -> Obj:
    if "from_subscription" in call.params:
        return _from_subscription(call.account, call.params)
    account, params = call.account, call.params
    if "customer" not in params:
        raise missing("customer")
    customer = account.living("customer", params["customer"], "customer")["id"]
    start = start_of(account, params.get("start_date"))
    phases = read_phases(account, customer, params["phases"], start)
    schedule = schedules.new_schedule(account, customer, params, phases)
    account.create(schedule, "subscription_schedule.created")
    if start <= account.now():
        schedules.begin(account, schedule, phases[0])
    return schedule


def _from_subscription(account: Account, params: Params) -> Obj:
    """Put a running subscription under a schedule. Its phases are changed afterwards."""
    key = params["from_subscription"]
    subscription = account.get("subscription", key, "from_subscription")
    if len(params.keys() - {"expand"}) > 1:
        raise invalid(
            "You cannot set any other parameter together with `from_subscription`.",
            "from_subscription",
        )
    if subscription["schedule"] or subscription["ended_at"] is not None:
        raise invalid(
            "You cannot migrate a subscription that is already attached to a schedule or has "
            "ended.",
            "from_subscription",
        )
    phases = phases_of_subscription(subscription)
    schedule = schedules.new_schedule(account, subscription["customer"], params, phases)
    dates = {name: phases[0][name] for name in ("start_date", "end_date")}
    schedule |= {"status": "active", "subscription": key, "current_phase": dates}
    account.create(schedule, "subscription_schedule.created")
    subscription["schedule"] = schedule["id"]
    account.save(subscription, UPDATED)
    return schedule


@route("GET", URL, "SubscriptionScheduleListParams")
def list_schedules(call: Call) -> Page:
    return page(call, "subscription_schedule", URL, "customer")


@route("GET", URL + "/{key}", "SubscriptionScheduleRetrieveParams")
def retrieve_schedule(call: Call, key: str) -> Obj:
    return call.account.get("subscription_schedule", key)


def _living(account: Account, key: str, verb: str) -> Obj:
    schedule = account.get("subscription_schedule", key)
    if schedule["status"] not in LIVE:
        raise invalid(
            f"You cannot {verb} a subscription schedule that is currently in the "
            f"`{schedule['status']}` status."
        )
    return schedule


@route("POST", URL + "/{key}", "SubscriptionScheduleUpdateParams")
def update_schedule(call: Call, key: str) -> Obj:
    account, params = call.account, call.params
    schedule = _living(account, key, "update")
    params.ignore("proration_behavior")
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    schedule["metadata"] = merged_metadata(schedule["metadata"], params.get("metadata"))
    schedule["default_settings"] = schedules.default_settings(
        account,
        schedule["customer"],
        schedule["default_settings"],
        params.get("default_settings"),
    )
    if "phases" in params:
        _replace_phases(account, schedule, params)
    account.save(schedule, "subscription_schedule.updated")
    if schedule["subscription"]:
        schedules.apply(account, schedule, _present_phase(account, schedule))
    return schedule


def _replace_phases(account: Account, schedule: Obj, params: Params) -> None:
    """The phases from now on; the present one keeps its beginning."""
    given = params["phases"]
    first = given[0].get("start_date")
    present = schedule["current_phase"] or schedule["phases"][0]
    start = present["start_date"] if first is None else start_of(account, first)
    if schedule["status"] == "active" and start != present["start_date"]:
        raise invalid("The current phase's start_date cannot be modified.", "phases[0][start_date]")
    customer = schedule["customer"]
    schedule["phases"] = read_phases(account, customer, given, start)
    if schedule["status"] == "active":
        phase = _present_phase(account, schedule)
        schedule["current_phase"] = {name: phase[name] for name in ("start_date", "end_date")}


def _present_phase(account: Account, schedule: Obj) -> Obj:
    for phase in schedule["phases"]:
        if phase["start_date"] <= account.now() < phase["end_date"]:
            found: Obj = phase
            return found
    raise invalid("No phase covers the present moment.", "phases")


@route("POST", URL + "/{key}/cancel", "SubscriptionScheduleCancelParams")
def cancel_schedule(call: Call, key: str) -> Obj:
    """Ends the subscription at once; by default what is unused is given back on an invoice."""
    account, params = call.account, call.params
    schedule = _living(account, key, "cancel")
    prorate, invoice_now = params.get("prorate", True), params.get("invoice_now", True)
    if schedule["subscription"] is None:
        schedule |= {"status": "canceled", "canceled_at": account.now()}
        account.save(schedule)
        account.emit("subscription_schedule.canceled", schedule)
    else:
        subscription = account.get("subscription", schedule["subscription"])
        cancel_now(account, subscription, prorate=prorate, invoice_now=invoice_now)
    return schedule


@route("POST", URL + "/{key}/release", "SubscriptionScheduleReleaseParams")
def release_schedule(call: Call, key: str) -> Obj:
    schedule = _living(call.account, key, "release")
    preserve = call.params.get("preserve_cancel_date", False)
    schedules.release(call.account, schedule, preserve_cancel_date=preserve)
    return schedule
