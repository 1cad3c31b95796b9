"""The items of a subscription: a price each, and the period it is paid for."""

from collections.abc import Mapping
from typing import Any

from billing.sandbox import catalogue, discounts, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, no_such, not_served
from billing.sandbox.ids import new_id
from billing.sandbox.paging import cut
from billing.sandbox.rendering import nested, presents, render
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import merged_metadata

SERVED = {"price", "price_data", "quantity", "tax_rates", "discounts", "metadata", "id", "deleted"}
MOST = 20


def new_item(account: Account, subscription: str, given: Mapping[str, Any], param: str) -> Obj:
    """An item without a period yet; `param` is what the request called it."""
    if stray := [f"{param}[{name}]" for name in given if name not in SERVED]:
        raise not_served(stray)
    key, price = new_id("subscription_item"), recurring_price(account, dict(given), param)
    return {
        "id": key,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": account.now(),
        "current_period_end": 0,
        "current_period_start": 0,
        "discounts": discounts.granted(
            account,
            given.get("discounts"),
            f"{param}[discounts]",
            subscription=subscription,
            subscription_item=key,
        ),
        "metadata": merged_metadata({}, given.get("metadata")),
        "price": price["id"],
        "quantity": 0 if is_metered(price) else given.get("quantity", 1),
        "subscription": subscription,
        "tax_rates": tax_rates.checked(account, given.get("tax_rates"), f"{param}[tax_rates]"),
    }


def recurring_price(account: Account, given: Obj, param: str) -> Obj:
    price = catalogue.priced(account, given, param)
    if price["recurring"] is None:
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices "
            "with `type=recurring`.",
            f"{param}[price]",
        )
    return price


def is_metered(price: Obj) -> bool:
    """Charged by use, of which nothing is ever reported here."""
    return bool(price["recurring"]["usage_type"] == "metered")


def items_of(subscription: Obj) -> list[Obj]:
    found: list[Obj] = subscription["items"]["data"]
    return found


def check_items(account: Account, items: list[Obj]) -> str:
    """The one currency of the items of a subscription."""
    if not items:
        raise invalid("Subscriptions must have at least one item.", "items")
    if len(items) > MOST:
        raise invalid(f"A subscription can have at most {MOST} items.", "items")
    currencies = {account.get("price", item["price"])["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid("All prices on a subscription must have the same currency.", "items")
    return str(currencies.pop())


@presents("subscription_item")
def present(account: Account, item: Obj) -> None:
    price = nested(account, item["price"])
    item["price"] = price
    if is_metered(price):
        del item["quantity"]
    item["plan"] = catalogue.plan_of(price)
    item["tax_rates"] = [nested(account, rate) for rate in item["tax_rates"]]


@route("GET", "/v1/subscription_items", "SubscriptionItemListParams")
def list_subscription_items(call: Call) -> Page:
    key = call.params["subscription"]
    subscription = call.account.get("subscription", key, "subscription")
    return cut(call.params, items_of(subscription), f"/v1/subscription_items?subscription={key}")


@route("GET", "/v1/subscription_items/{key}", "SubscriptionItemRetrieveParams")
def retrieve_subscription_item(call: Call, key: str) -> Obj:
    for subscription in call.account.all("subscription"):
        for item in items_of(subscription):
            if item["id"] == key:
                return item
    raise no_such("subscription_item", key)


def list_in(account: Account, subscription: Obj) -> Obj:
    """The items as a subscription shows them: the first ten."""
    items = items_of(subscription)
    return {
        "object": "list",
        "data": [render(account, item) for item in items[:10]],
        "has_more": len(items) > 10,
        "url": f"/v1/subscription_items?subscription={subscription['id']}",
    }
