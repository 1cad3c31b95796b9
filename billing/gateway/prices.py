"""What a subscription's items cost, and what comes off: from Stripe's prices and discounts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import stripe

from billing.gateway.reading import id_of, moment, moment_or_none, texts
from billing.gateway.records import DiscountRecord, ItemRecord
from billing.gateway.schedule_records import PhasePrice
from billing.gateway.tariffs import Tariff, TariffMode, Tier


def item_record(
    client: stripe.V1Services, item: stripe.SubscriptionItem, currency: str
) -> ItemRecord:
    price, quantity = item.price, getattr(item, "quantity", None)  # metered ones have none
    recurring = price.recurring
    is_metered = _is_metered(price)
    count = 1 if quantity is None else quantity
    tariff = tariff_of(client, price, currency)
    exact = Decimal(0) if is_metered else tariff.cost(count)
    return ItemRecord(
        product_id=id_of(price.product),
        product_name=getattr(price.product, "name", ""),
        plan_name=price.nickname or "",
        quantity=count,
        amount_minor=int(exact.quantize(Decimal(1), ROUND_HALF_UP)),
        interval=recurring.interval if recurring else "",
        interval_count=recurring.interval_count if recurring else 1,
        is_metered=is_metered,
        tariff=tariff,
        period_ends_at=moment(item.current_period_end),
        discounts=_of_item(client, item, currency),
        metadata=texts(getattr(price.product, "metadata", None)) | texts(price.metadata),
    )


def _is_metered(price: stripe.Price) -> bool:
    return price.recurring is not None and price.recurring.usage_type == "metered"


def phase_price(client: stripe.V1Services, phase: stripe.SubscriptionSchedule.Phase) -> PhasePrice:
    """A phase names its prices only, so they are asked for."""
    priced = [
        (client.prices.retrieve(id_of(i.price), {"expand": ["tiers", "currency_options"]}), i)
        for i in phase.items
    ]
    recurring = priced[0][0].recurring
    exact = [tariff_of(client, price, phase.currency).cost(i.quantity or 1) for price, i in priced]
    is_open = any(_is_metered(price) or item.discounts for price, item in priced)
    amount = sum(int(each.quantize(Decimal(1), ROUND_HALF_UP)) for each in exact)
    return PhasePrice(
        amount_minor=None if is_open or phase.discounts else amount,
        interval=recurring.interval if recurring else "",
        interval_count=recurring.interval_count if recurring else 1,
    )


def tariff_of(client: stripe.V1Services, price: stripe.Price, currency: str) -> Tariff:
    """Prices may be finer than minor units, be in several currencies, count packs and have tiers,
    which do not come with another currency unless they are asked for."""
    priced: Any = price
    if price.currency != currency:
        path = f"currency_options.{currency}.tiers"
        if price.billing_scheme == "tiered":
            price = client.prices.retrieve(price.id, {"expand": [path]})
        priced = getattr(getattr(price, "currency_options", None), currency, price)
    if price.billing_scheme == "tiered":
        tiers = [_tier(tier) for tier in priced.tiers]
        return Tariff(mode=TariffMode(price.tiers_mode or ""), tiers=tiers)
    packs = price.transform_quantity
    return Tariff(
        mode=TariffMode.UNIT,
        tiers=[Tier(up_to=None, unit=_exact(priced, "unit_amount"), flat=Decimal(0))],
        pack=packs.divide_by if packs else 1,
        rounds_up=packs is None or packs.round == "up",
    )


def _tier(tier: Any) -> Tier:
    return Tier(
        up_to=tier.up_to, unit=_exact(tier, "unit_amount"), flat=_exact(tier, "flat_amount")
    )


def _exact(priced: Any, name: str) -> Decimal:
    exact = getattr(priced, f"{name}_decimal", None)
    return Decimal(str(exact if exact is not None else getattr(priced, name, None) or 0))


def _of_item(
    client: stripe.V1Services, item: stripe.SubscriptionItem, currency: str
) -> list[DiscountRecord]:
    """Their coupons lie too deep to come with the subscription."""
    if not item.discounts:
        return []
    whole = client.subscription_items.retrieve(
        item.id, {"expand": [f"discounts.source.coupon{part}" for part in COUPON_PARTS]}
    )
    return discount_records(whole.discounts, currency)


COUPON_PARTS = ("", ".applies_to", ".currency_options")
"""What of a coupon must be asked for."""


def discount_records(discounts: list[Any], currency: str) -> list[DiscountRecord]:
    """Of discounts that came with their coupons, in their order."""
    return [
        DiscountRecord(
            name=coupon.name or coupon.id,
            percent=None if coupon.percent_off is None else Decimal(str(coupon.percent_off)),
            amount_minor=_amount_off(coupon, currency),
            is_once=coupon.duration == "once",
            ends_at=moment_or_none(discount.end),
            product_ids=_products_of(coupon),
        )
        for discount in discounts
        if isinstance(coupon := discount.source.coupon, stripe.Coupon)
    ]


def _amount_off(coupon: stripe.Coupon, currency: str) -> int:
    """In another currency than its own a coupon takes off what it says for that, or nothing."""
    if coupon.currency in (None, currency):
        return coupon.amount_off or 0
    option = getattr(getattr(coupon, "currency_options", None), currency, None)
    return getattr(option, "amount_off", None) or 0


def _products_of(coupon: stripe.Coupon) -> frozenset[str]:
    limit = getattr(coupon, "applies_to", None)
    return frozenset(limit.products if limit else ())


def tax_is_added(subscription: stripe.Subscription, items: list[stripe.SubscriptionItem]) -> bool:
    """Whether tax comes on top of these prices. Where a price does not say whether it includes
    tax, and Stripe works it out, it is included as far as anybody has said."""
    if subscription.automatic_tax.enabled:
        return any(item.price.tax_behavior == "exclusive" for item in items)
    default = subscription.default_tax_rates or []
    rates = [rate for item in items for rate in item.tax_rates or default]
    return any(not rate.inclusive and rate.percentage for rate in rates)
