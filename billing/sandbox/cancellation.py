"""When a subscription is to end, and the change of mind."""

from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid
from billing.sandbox.routing import Params
from billing.sandbox.store import Obj
from billing.sandbox.subscription_items import items_of


def schedule_end(account: Account, subscription: Obj, params: Params) -> None:
    """Serve `cancel_at` and `cancel_at_period_end`. Under flexible billing both come down to
    `cancel_at`; `cancel_at_period_end` is only ever true under classic billing."""
    if "cancel_at" not in params and "cancel_at_period_end" not in params:
        return
    if params.get("cancel_at") not in (None, "") and params.get("cancel_at_period_end"):
        raise invalid(
            "You may only specify one of cancel_at, cancel_at_period_end.", "cancel_at_period_end"
        )
    at_period_end = bool(params.get("cancel_at_period_end"))
    moment = _moment(account, subscription, params.get("cancel_at"))
    if at_period_end:
        moment = _ends(subscription)[-1]
    _set(account, subscription, moment, at_period_end=at_period_end)


def _moment(account: Account, subscription: Obj, given: int | str | None) -> int | None:
    if given in (None, ""):
        return None
    if isinstance(given, str):
        ends = _ends(subscription)
        return ends[0] if given == "min_period_end" else ends[-1]
    moment = int(given or 0)
    if moment <= account.now():
        raise invalid("`cancel_at` must be a timestamp in the future.", "cancel_at")
    return moment


def _ends(subscription: Obj) -> list[int]:
    return sorted(item["current_period_end"] for item in items_of(subscription))


def _set(account: Account, subscription: Obj, moment: int | None, *, at_period_end: bool) -> None:
    classic = subscription["billing_mode"]["type"] == "classic"
    is_new = moment is not None and subscription["cancel_at"] is None
    subscription["cancel_at"] = moment
    subscription["cancel_at_period_end"] = at_period_end and classic
    if is_new:
        subscription["canceled_at"] = account.now()
        subscription["cancellation_details"]["reason"] = "cancellation_requested"
    elif moment is None:
        subscription["canceled_at"] = None
        subscription["cancellation_details"]["reason"] = None
