"""Changing the items of a running subscription, and the shares of a period that come of it."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from billing.sandbox import billing_cycle, collecting, invoice_items, invoicing, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, no_such
from billing.sandbox.invoice_lines import Period, in_words, rates_of, rounded
from billing.sandbox.routing import Params
from billing.sandbox.store import Obj
from billing.sandbox.subscription_items import (
    check_items,
    items_of,
    new_item,
    recurring_price,
)
from billing.sandbox.tariffs import cost
from billing.sandbox.values import merged_metadata


def change(account: Account, subscription: Obj, params: Params) -> None:
    """Serve `items` and `billing_cycle_anchor`: credit what is not used, charge what is new."""
    behaviour = params.get("proration_behavior", "create_prorations")
    anchor = (params.get("billing_cycle_anchor") or {}).get("type", "unchanged")
    if "items" in params:
        _change_items(account, subscription, params["items"], behaviour)
    if anchor == "now":
        if behaviour != "none":
            credit(account, subscription, items_of(subscription))
        billing_cycle.restart(account, subscription)
    elif behaviour == "always_invoice" and "items" in params:
        invoice_pending(account, subscription)


def _change_items(
    account: Account, subscription: Obj, given: list[dict[str, Any]], behaviour: str
) -> None:
    before = {item["id"]: dict(item) for item in items_of(subscription)}
    for number, wanted in enumerate(given):
        _change_item(account, subscription, wanted, f"items[{number}]")
    items = items_of(subscription)
    check_items(account, items)
    if behaviour == "none" or subscription["status"] == "trialing":
        return
    after = {item["id"]: item for item in items}
    different = [key for key in before | after if _bills(before, key) != _bills(after, key)]
    credit(account, subscription, [before[key] for key in different if key in before])
    _charge(account, subscription, [after[key] for key in different if key in after])


def _bills(items: dict[str, Obj], key: str) -> tuple[str, int] | None:
    return (items[key]["price"], items[key]["quantity"]) if key in items else None


def _change_item(account: Account, subscription: Obj, wanted: dict[str, Any], param: str) -> None:
    items = items_of(subscription)
    if "id" not in wanted:
        item = new_item(account, subscription["id"], wanted, param)
        start, end = account.now(), billing_cycle.period_end(subscription)
        items.append(item | {"current_period_start": start, "current_period_end": end})
        return
    item = next((item for item in items if item["id"] == wanted["id"]), {})
    if not item:
        raise no_such("subscription_item", wanted["id"], f"{param}[id]")
    if wanted.get("deleted"):
        items.remove(item)
        return
    if "price" in wanted or "price_data" in wanted:
        item["price"] = _same_rhythm(account, item, recurring_price(account, wanted, param))
    item["quantity"] = wanted.get("quantity", item["quantity"])
    if "tax_rates" in wanted:
        item["tax_rates"] = tax_rates.checked(account, wanted["tax_rates"], f"{param}[tax_rates]")
    item["metadata"] = merged_metadata(item["metadata"], wanted.get("metadata"))


def _same_rhythm(account: Account, item: Obj, price: Obj) -> str:
    present = account.get("price", item["price"])["recurring"]
    for name in ("interval", "interval_count"):
        if present[name] != price["recurring"][name]:
            raise invalid(
                "The sandbox only changes to prices of the same interval; use "
                "billing_cycle_anchor to begin a new one.",
                "items",
            )
    return str(price["id"])


def credit(account: Account, subscription: Obj, items: Iterable[Obj]) -> None:
    """Give back the share of the period that is left."""
    for item in items:
        _put_down(account, subscription, item, "Unused time on", -1)


def _charge(account: Account, subscription: Obj, items: Iterable[Obj]) -> None:
    for item in items:
        _put_down(account, subscription, item, "Remaining time on", 1)


def _put_down(account: Account, subscription: Obj, item: Obj, words: str, sign: int) -> None:
    now, end = account.now(), item["current_period_end"]
    if end <= now:
        return
    price = account.get("price", item["price"])
    whole = billing_cycle.whole_period(account, subscription, item, now)
    part = Fraction(end - now, whole.end - whole.start)
    amount = rounded(cost(price, item["quantity"]) * part)
    invoice_items.new_invoice_item(
        account,
        subscription["customer"],
        amount=sign * amount,
        currency=price["currency"],
        description=f"{words} {item['quantity']} × {in_words(account, price)}",
        period=Period(now, end),
        price=price,
        quantity=item["quantity"],
        subscription=subscription["id"],
        rates=rates_of(subscription, item),
        proration=True,
    )


def invoice_pending(account: Account, subscription: Obj) -> None:
    """Invoice at once what waits for the next invoice, if anything does."""
    waiting = invoice_items.pending(account, subscription["customer"], subscription["id"])
    if not waiting:
        return
    now = account.now()
    invoice = billing_cycle.draft_for(
        account, subscription, [], Period(now, now), "subscription_update"
    )
    subscription["latest_invoice"] = invoice["id"]
    invoicing.finalise(account, invoice)
    if invoice["status"] == "open":
        collecting.begin_collection(account, invoice)
