"""The phases of a subscription schedule, as a request gives them."""

from typing import Any

from billing.sandbox import payment_methods, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, missing, not_served
from billing.sandbox.periods import add
from billing.sandbox.store import Obj
from billing.sandbox.subscription_items import items_of, recurring_price
from billing.sandbox.values import merged_metadata, nulls

PHASE = {
    "items",
    "duration",
    "start_date",
    "end_date",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "collection_method",
    "metadata",
    "proration_behavior",
    "currency",
    "trial",
    "trial_end",
    "application_fee_percent",
    "automatic_tax",
    "billing_cycle_anchor",
    "billing_thresholds",
    "invoice_settings",
    "on_behalf_of",
    "transfer_data",
}
KEPT = "application_fee_percent billing_cycle_anchor billing_thresholds on_behalf_of"
"""Said again as they were given; nothing here acts by them."""
ITEM = {"price", "price_data", "quantity", "tax_rates", "metadata"}


def read_phases(
    account: Account, customer: str, given: list[dict[str, Any]], start: int
) -> list[Obj]:
    """The phases of a request, each beginning where the one before it ends."""
    phases = []
    for number, wanted in enumerate(given):
        phase = _phase(account, customer, wanted, start, f"phases[{number}]")
        phases.append(phase)
        start = phase["end_date"]
    return phases


def _phase(account: Account, customer: str, given: dict[str, Any], start: int, param: str) -> Obj:
    if stray := [f"{param}[{name}]" for name in given if name not in PHASE]:
        raise not_served(stray)
    items = [
        _item(account, item, f"{param}[items][{number}]")
        for number, item in enumerate(given["items"])
    ]
    if method := given.get("default_payment_method"):
        payment_methods.of_customer(account, method, customer, f"{param}[default_payment_method]")
    end = _end_of_phase(account, given, items, start, param)
    rates = given.get("default_tax_rates")
    return {
        "add_invoice_items": [],
        "collection_method": given.get("collection_method"),
        "currency": account.get("price", items[0]["price"])["currency"],
        "default_payment_method": method or None,
        "default_tax_rates": tax_rates.checked(account, rates, f"{param}[default_tax_rates]"),
        "description": given.get("description"),
        "discounts": [],
        "end_date": end,
        "items": items,
        "metadata": merged_metadata({}, given.get("metadata")),
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "trial_end": end if given.get("trial") else _trial_end(given, start, param),
        **{name: given.get(name) for name in KEPT.split()},
        **_settings(given),
    }


def _trial_end(given: dict[str, Any], start: int, param: str) -> int | None:
    end = given.get("trial_end")
    if end is not None and end < start:
        raise invalid("A trial must end after its phase starts.", f"{param}[trial_end]")
    return end


def _settings(given: dict[str, Any]) -> Obj:
    """Objects within, complete as Stripe shows them."""
    invoices, tax = given.get("invoice_settings"), given.get("automatic_tax")
    transfer = given.get("transfer_data")
    blank = nulls("account_tax_ids custom_fields days_until_due description footer issuer")
    settings: Obj = {
        "invoice_settings": blank | invoices if invoices else None,
        "transfer_data": {"amount_percent": None} | transfer if transfer else None,
    }
    if tax:
        settings["automatic_tax"] = {"disabled_reason": None, "liability": None} | tax
    return settings


def _end_of_phase(
    account: Account, given: dict[str, Any], items: list[Obj], start: int, param: str
) -> int:
    """`duration`, `end_date`, or else one period of the first price."""
    if "duration" in given and "end_date" in given:
        raise invalid("You may only specify one of: duration, end_date.", f"{param}[end_date]")
    if "end_date" in given:
        end = account.now() if given["end_date"] == "now" else int(given["end_date"])
        if end <= start:
            raise invalid("A phase must end after it starts.", f"{param}[end_date]")
        return end
    duration = given.get("duration") or account.get("price", items[0]["price"])["recurring"]
    return add(start, duration["interval"], duration.get("interval_count", 1))


def _item(account: Account, given: dict[str, Any], param: str) -> Obj:
    if stray := [f"{param}[{name}]" for name in given if name not in ITEM]:
        raise not_served(stray)
    price = recurring_price(account, given, param)
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": merged_metadata({}, given.get("metadata")),
        "plan": price["id"],
        "price": price["id"],
        "quantity": given.get("quantity", 1),
        "tax_rates": tax_rates.checked(account, given.get("tax_rates"), f"{param}[tax_rates]"),
    }


def phases_of_subscription(subscription: Obj) -> list[Obj]:
    """One phase: the present period, as it is."""
    items = items_of(subscription)
    shared = ("collection_method", "currency", "default_payment_method", "description")
    kept = ("metadata", "price", "quantity", "tax_rates")
    return [
        {
            **{name: subscription[name] for name in shared},
            "add_invoice_items": [],
            "default_tax_rates": list(subscription["default_tax_rates"]),
            "discounts": [],
            "end_date": min(item["current_period_end"] for item in items),
            "items": [
                {name: item[name] for name in kept}
                | {"billing_thresholds": None, "discounts": [], "plan": item["price"]}
                for item in items
            ],
            "metadata": {},
            "proration_behavior": "create_prorations",
            "start_date": min(item["current_period_start"] for item in items),
            "trial_end": subscription["trial_end"],
            **nulls("application_fee_percent billing_cycle_anchor billing_thresholds"),
            **nulls("invoice_settings on_behalf_of transfer_data"),
        }
    ]


def start_of(account: Account, given: Any) -> int:
    if given is None:
        raise missing("start_date")
    return account.now() if given == "now" else int(given)
