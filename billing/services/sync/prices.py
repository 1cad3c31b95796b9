"""What a subscription costs: its items, what comes off, and what the next charge will be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing.gateway.records import DiscountRecord, ItemRecord, SubscriptionRecord
from billing.gateway.tariffs import TariffMode
from invoices.money import share_out


def price_fields(record: SubscriptionRecord, next_charge_at: datetime | None) -> dict[str, Any]:
    first = record.items[0]
    next_price = _next_price(record, next_charge_at)
    return {
        "items": _shown(record, next_charge_at),
        "amount_minor": sum(i.amount_minor for i in record.items if _rhythm(i) == _rhythm(first)),
        "discounts": _discounts(record, next_charge_at),
        "tax_is_added": record.tax_is_added,
        "interval": first.interval,
        "interval_count": first.interval_count,
        "next_price_minor": next_price,
        "next_amount_minor": next_price,
    }


def _rhythm(item: ItemRecord) -> tuple[str, int]:
    return item.interval, item.interval_count


def amount_each_time(record: SubscriptionRecord, next_charge_at: datetime | None) -> int:
    """What its first item costs, and all in the same rhythm, after what lastingly comes off."""
    together = [item for item in record.items if _rhythm(item) == _rhythm(record.items[0])]
    return sum(_lastingly_reduced(record, together, _due_at(together, next_charge_at)))


def _shown(record: SubscriptionRecord, next_charge_at: datetime | None) -> list[dict[str, Any]]:
    """Each with what lasting discounts take off the next time; what is due together shares them."""
    lasting: dict[int, int] = {}
    for rhythm in dict.fromkeys(_rhythm(item) for item in record.items):
        together = [item for item in record.items if _rhythm(item) == rhythm]
        left = _lastingly_reduced(record, together, _due_at(together, next_charge_at))
        lasting |= {id(item): rest for item, rest in zip(together, left, strict=True)}
    return [
        {
            "name": item.product_name,
            "plan": item.plan_name,
            "quantity": item.quantity,
            "amount_minor": item.amount_minor,
            "off_minor": item.amount_minor - lasting[id(item)],
            "interval": item.interval,
            "interval_count": item.interval_count,
            "is_metered": item.is_metered,
            "tariff": _tariff(item),
        }
        for item in record.items
    ]


def _tariff(item: ItemRecord) -> dict[str, Any] | None:
    """None where the amount says all."""
    tariff = item.tariff
    is_whole = tariff.tiers[0].unit % 1 == 0
    if tariff.mode == TariffMode.UNIT and tariff.pack == 1 and is_whole and not item.is_metered:
        return None
    return {
        "mode": tariff.mode.value,
        "pack": tariff.pack,
        "tiers": [
            {name: str(value) if isinstance(value, Decimal) else value for name, value in t.items()}
            for t in map(asdict, tariff.tiers)
        ],
    }


def _due_at(items: Sequence[ItemRecord], next_charge_at: datetime | None) -> datetime | None:
    """When the first of these is charged next; None: never again."""
    return next_charge_at and max(next_charge_at, min(item.period_ends_at for item in items))


def _holds(discount: DiscountRecord, due_at: datetime | None) -> bool:
    return not (due_at and discount.ends_at and discount.ends_at <= due_at)


def _lastingly_reduced(
    record: SubscriptionRecord, items: Sequence[ItemRecord], due_at: datetime | None
) -> list[int]:
    return _reduced(record, items, lambda found: not found.is_once and _holds(found, due_at))


def _discounts(record: SubscriptionRecord, next_charge_at: datetime | None) -> list[dict[str, Any]]:
    """Those that come off a charge to come, in their order: each item's own first."""
    of_items = [(found, [item]) for item in record.items for found in item.discounts]
    of_all = [(found, _hit(found, record.items)) for found in record.discounts]
    return [
        {
            "name": discount.name,
            "percent": None if discount.percent is None else str(discount.percent),
            "amount_minor": discount.amount_minor,
            "is_once": discount.is_once,
            "ends_at": discount.ends_at.isoformat() if discount.ends_at else None,
            "of_what": [i.product_name for i in items] if len(items) < len(record.items) else [],
        }
        for discount, items in of_items + of_all
        if items
        and (discount.percent or discount.amount_minor)
        and _holds(discount, _due_at(items, next_charge_at))
    ]


def _next_price(record: SubscriptionRecord, next_charge_at: datetime | None) -> int | None:
    """Of the items that are due then, or of the phase that begins; None where it is not known."""
    phase = record.schedule.phase_at(next_charge_at) if record.schedule and next_charge_at else None
    if phase is not None and phase.price is not None:
        return phase.price.amount_minor
    due = [item for item in record.items if item.period_ends_at == next_charge_at]
    if not due or any(item.is_metered for item in due):
        return None
    return sum(_reduced(record, due, lambda discount: _holds(discount, next_charge_at)))


def _reduced(
    record: SubscriptionRecord,
    items: Sequence[ItemRecord],
    holds: Callable[[DiscountRecord], bool],
) -> list[int]:
    """What is left of each, as Stripe does it: first comes off what is the item's own, then what
    is the subscription's, each of what the one before it left."""
    left = []
    for item in items:
        amount = item.amount_minor
        for discount in filter(holds, item.discounts):
            amount -= _off(discount, [amount])[0] if _hit(discount, [item]) else 0
        left.append(amount)
    for discount in filter(holds, record.discounts):
        hit = [place for place, item in enumerate(items) if _hit(discount, [item])]
        for place, off in zip(hit, _off(discount, [left[p] for p in hit]), strict=True):
            left[place] -= off
    return left


def _hit(discount: DiscountRecord, items: Sequence[ItemRecord]) -> list[ItemRecord]:
    limit = discount.product_ids
    return [item for item in items if not limit or item.product_id in limit]


def _off(discount: DiscountRecord, amounts: list[int]) -> list[int]:
    """A percentage of each; an amount is shared out among them."""
    if discount.percent is not None:
        part = discount.percent / Decimal(100)
        return [int((amount * part).quantize(Decimal(1), ROUND_HALF_UP)) for amount in amounts]
    whole = sum(amounts)
    return share_out(min(discount.amount_minor, whole), amounts) if whole else [0] * len(amounts)
