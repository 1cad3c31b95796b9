"""What a subscription's items cost, and what comes off: from Stripe's prices and discounts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import stripe

from billing.gateway.reading import moment, moment_or_none, texts
from billing.gateway.records import DiscountRecord, ItemRecord


def item_record(
    client: stripe.V1Services, item: stripe.SubscriptionItem, currency: str
) -> ItemRecord:
    price, quantity = item.price, getattr(item, "quantity", None)  # metered ones have none
    recurring = price.recurring
    return ItemRecord(
        product_name=getattr(price.product, "name", ""),
        plan_name=price.nickname or "",
        quantity=1 if quantity is None else quantity,
        amount_minor=_amount(price, quantity, currency),
        interval=recurring.interval if recurring else "",
        interval_count=recurring.interval_count if recurring else 1,
        is_metered=recurring is not None and recurring.usage_type == "metered",
        is_tiered=price.billing_scheme == "tiered",
        period_ends_at=moment(item.current_period_end),
        discounts=_of_item(client, item),
        metadata=texts(getattr(price.product, "metadata", None)) | texts(price.metadata),
    )


def _amount(price: stripe.Price, quantity: int | None, currency: str) -> int:
    """In minor units; prices may be finer than these, be in several currencies, and count packs.
    Metered and tiered ones have no amount."""
    options = getattr(price, "currency_options", None)
    priced: Any = price
    if price.currency != currency and options is not None:
        priced = getattr(options, currency, price)
    if price.recurring and price.recurring.usage_type == "metered":
        return 0
    unit = priced.unit_amount if priced.unit_amount is not None else priced.unit_amount_decimal
    count = Decimal(1 if quantity is None else quantity)
    if packs := price.transform_quantity:
        whole, rest = divmod(count, packs.divide_by)
        count = whole + (1 if rest and packs.round == "up" else 0)
    return int((Decimal(unit or 0) * count).quantize(Decimal(1), ROUND_HALF_UP))


def _of_item(client: stripe.V1Services, item: stripe.SubscriptionItem) -> list[DiscountRecord]:
    """Their coupons lie too deep to come with the subscription."""
    if not item.discounts:
        return []
    whole = client.subscription_items.retrieve(item.id, {"expand": ["discounts.source.coupon"]})
    return discount_records(whole.discounts)


def discount_records(discounts: list[Any]) -> list[DiscountRecord]:
    """Of discounts that came with their coupons."""
    return [
        DiscountRecord(
            name=coupon.name or coupon.id,
            percent=None if coupon.percent_off is None else Decimal(str(coupon.percent_off)),
            amount_minor=coupon.amount_off or 0,
            is_once=coupon.duration == "once",
            ends_at=moment_or_none(discount.end),
        )
        for discount in discounts
        if isinstance(coupon := discount.source.coupon, stripe.Coupon)
    ]


def tax_is_added(subscription: stripe.Subscription, items: list[stripe.SubscriptionItem]) -> bool:
    """Whether tax comes on top of these prices. Where a price does not say whether it includes
    tax, and Stripe works it out, it is included as far as anybody has said."""
    if subscription.automatic_tax.enabled:
        return any(item.price.tax_behavior == "exclusive" for item in items)
    default = subscription.default_tax_rates or []
    rates = [rate for item in items for rate in item.tax_rates or default]
    return any(not rate.inclusive and rate.percentage for rate in rates)
