"""What a subscription costs: its items, what comes off, and what the next charge will be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing.gateway.reading import joined
from billing.gateway.records import DiscountRecord, ItemRecord, SubscriptionRecord


def price_fields(record: SubscriptionRecord, next_charge_at: datetime | None) -> dict[str, Any]:
    first = record.items[0]
    rhythm = [item for item in record.items if _rhythm(item) == _rhythm(first)]
    full, due = sum(item.amount_minor for item in rhythm), _due(record, rhythm)
    discounts = [*record.discounts, *(found for item in record.items for found in item.discounts)]
    ends = [discount.ends_at for discount in discounts if discount.ends_at]
    return {
        "items": [_shown(item) for item in record.items],
        "amount_minor": full,
        "discount_minor": full - due,
        "discount_name": joined(discount.name for discount in discounts)[:250],
        "discount_ends_at": min(ends, default=None),
        "discount_is_once": any(discount.is_once for discount in discounts),
        "tax_is_added": record.tax_is_added,
        "interval": first.interval,
        "interval_count": first.interval_count,
        "next_amount_minor": _next_amount(record, next_charge_at),
    }


def _rhythm(item: ItemRecord) -> tuple[str, int]:
    return item.interval, item.interval_count


def _shown(item: ItemRecord) -> dict[str, Any]:
    return {
        "name": item.product_name,
        "plan": item.plan_name,
        "quantity": item.quantity,
        "amount_minor": item.amount_minor,
        "interval": item.interval,
        "interval_count": item.interval_count,
        "is_metered": item.is_metered,
        "is_tiered": item.is_tiered,
    }


def _next_amount(record: SubscriptionRecord, next_charge_at: datetime | None) -> int | None:
    """Of the items that are due then; None where use decides, or nothing is charged."""
    due = [item for item in record.items if item.period_ends_at == next_charge_at]
    if not due or any(item.is_metered or item.is_tiered for item in due):
        return None
    return _due(record, due, at=next_charge_at)


def _due(
    record: SubscriptionRecord, items: Iterable[ItemRecord], *, at: datetime | None = None
) -> int:
    """With all that comes off, as Stripe does it: first off each item, then off the whole. `at`:
    without what has ended by then."""
    each = [_reduced(item.amount_minor, item.discounts, at) for item in items]
    return _reduced(sum(each), record.discounts, at)


def _reduced(amount: int, discounts: list[DiscountRecord], at: datetime | None) -> int:
    for discount in discounts:
        if at and discount.ends_at and discount.ends_at <= at:
            continue
        off = discount.amount_minor
        if discount.percent is not None:
            off = int(
                (amount * discount.percent / Decimal(100)).quantize(Decimal(1), ROUND_HALF_UP)
            )
        amount -= min(amount, off)
    return amount
