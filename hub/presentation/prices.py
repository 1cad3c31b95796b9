"""What a subscription costs, in words: its rhythm, its items, what comes off and what is added."""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from billing.models import Subscription
from hub.presentation.tariffs import is_short, tariff_words
from hub.presentation.words import day
from invoices.money import format_money, format_rate

type Item = dict[str, Any]
"""One of Subscription.items."""


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One of the things that a subscription is made of."""

    name: str
    plan: str
    price: str


def price_of(subscription: Subscription) -> str:
    """`€19.00 a month`, `3 × €15.00 a month`, `6 payments of €149.00`, `Free`, `billed by use`;
    after what comes off each time. `6 payments` where they are not all alike, `Free, then €30.00`
    where the price begins later."""
    if subscription.is_free:
        return pgettext("price", "Free")
    shows_no_amount = subscription.payments_vary or subscription.is_free_now
    if subscription.payments_total is not None and shows_no_amount:
        count = subscription.payments_total
        return ngettext("%(count)d payment", "%(count)d payments", count) % {"count": count}
    if subscription.payments_total is not None:
        amount = _after_discounts(subscription)
        price = ngettext(
            "%(count)d payment of %(amount)s",
            "%(count)d payments of %(amount)s",
            subscription.payments_total,
        ) % {"count": subscription.payments_total, "amount": _money(subscription, amount)}
    elif subscription.is_free_now:
        price = _amount(subscription, subscription.next_price_minor, is_exact=False)
        return _("Free, then %(price)s") % {"price": price}
    elif len(subscription.items) == 1:
        [item] = subscription.items
        amount, price = item["amount_minor"] - item["off_minor"], _alone(subscription, item)
    else:
        amount, price = subscription.amount_minor, _several(subscription)
    return _("%s plus tax") % price if subscription.tax_is_added and amount else price


def _after_discounts(subscription: Subscription) -> int:
    """What is due each time, in the rhythm of the first item."""
    return sum(
        item["amount_minor"] - item["off_minor"]
        for item in subscription.items
        if _rhythm(item) == (subscription.interval, subscription.interval_count)
    )


def _rhythm(item: Item) -> tuple[str, int]:
    return item["interval"], item["interval_count"]


def _several(subscription: Subscription) -> str:
    """A price for each rhythm, and that use is billed."""
    by_rhythm: dict[tuple[str, int], int] = defaultdict(int)
    for item in subscription.items:
        by_rhythm[_rhythm(item)] += item["amount_minor"] - item["off_minor"]
    prices = [
        _a_period(subscription, amount, *rhythm) for rhythm, amount in by_rhythm.items() if amount
    ]
    if subscription.is_by_use:
        prices.append(_("your use") if prices else _("billed by use"))
    return str(get_text_list(prices, _("and")))


def _alone(subscription: Subscription, item: Item) -> str:
    amount, quantity = item["amount_minor"] - item["off_minor"], item["quantity"]
    tariff = item["tariff"]
    if item["is_metered"]:
        is_told = tariff and is_short(tariff)
        return _by_use(subscription, item) if is_told else _("billed by use")
    if quantity > 1 and amount % quantity == 0 and not tariff:
        one = _a_period(subscription, amount // quantity, *_rhythm(item))
        return _("%(quantity)d × %(price)s") % {"quantity": quantity, "price": one}
    return _a_period(subscription, amount, *_rhythm(item))


def _by_use(subscription: Subscription, item: Item) -> str:
    """`€0.02 each, billed by use`."""
    if not item["tariff"]:
        return _("billed by use")
    tariff = tariff_words(item["tariff"], subscription.currency)
    return _("%(tariff)s, billed by use") % {"tariff": tariff}


def _a_period(subscription: Subscription, amount: int, interval: str, count: int) -> str:
    """`€19.00 a month`, `€90.00 every 3 months`."""
    words = {
        "day": ngettext("%(amount)s a day", "%(amount)s every %(count)d days", count),
        "week": ngettext("%(amount)s a week", "%(amount)s every %(count)d weeks", count),
        "month": ngettext("%(amount)s a month", "%(amount)s every %(count)d months", count),
        "year": ngettext("%(amount)s a year", "%(amount)s every %(count)d years", count),
    }
    sentence = words.get(interval, "%(amount)s")
    return sentence % {"amount": _money(subscription, amount), "count": count}


def _money(subscription: Subscription, amount: int) -> str:
    return format_money(amount, subscription.currency)


def discounts_of(subscription: Subscription) -> list[str]:
    """`20% off with Spring until 3 March 2027`, each in the order in which they come off; then
    `Full price: €19.00 a month`, where the price is not that."""
    lines = [_discount(subscription, discount) for discount in subscription.discounts]
    if any(item["off_minor"] for item in subscription.items):
        lines.append(_("Full price: %s") % price_of(_without_discounts(subscription)))
    return lines


def _without_discounts(subscription: Subscription) -> Subscription:
    """One to show, never to save."""
    shown = copy(subscription)
    shown.items = [item | {"off_minor": 0} for item in subscription.items]
    return shown


def _discount(subscription: Subscription, discount: dict[str, Any]) -> str:
    if discount["percent"] is not None:
        amount = format_rate(round(Decimal(discount["percent"]) * 100))
    else:
        amount = _money(subscription, discount["amount_minor"])
    words = {
        "amount": amount,
        "name": discount["name"],
        "what": get_text_list(discount["of_what"], _("and")),
    }
    if discount["is_once"]:
        if discount["of_what"]:
            return _("%(amount)s off %(what)s in the next payment with %(name)s") % words
        return _("%(amount)s off the next payment with %(name)s") % words
    if discount["ends_at"]:
        words["day"] = day(datetime.fromisoformat(discount["ends_at"]))
        if discount["of_what"]:
            return _("%(amount)s off %(what)s with %(name)s until %(day)s") % words
        return _("%(amount)s off with %(name)s until %(day)s") % words
    if discount["of_what"]:
        return _("%(amount)s off %(what)s with %(name)s") % words
    return _("%(amount)s off with %(name)s") % words


def items_of(subscription: Subscription) -> list[ItemRow]:
    """`3 × Team Seat`, `€45.00 a month`: each, where there is more than one, or more to it."""
    items: list[Item] = subscription.items
    if len(items) < 2 and not any(item["tariff"] for item in items):
        return []
    return [
        ItemRow(
            name=_("%(quantity)d × %(name)s") % item if item["quantity"] > 1 else item["name"],
            plan=item["plan"],
            price=_item_price(subscription, item),
        )
        for item in items
    ]


def _item_price(subscription: Subscription, item: Item) -> str:
    if item["is_metered"]:
        return _by_use(subscription, item)
    price = pgettext("price", "Free")
    if item["amount_minor"]:
        price = _a_period(subscription, item["amount_minor"], *_rhythm(item))
    if not item["tariff"]:
        return price
    tariff = tariff_words(item["tariff"], subscription.currency)
    return _("%(price)s (%(tariff)s)") % {"price": price, "tariff": tariff}


def next_charge_parts(subscription: Subscription) -> list[str]:
    """`Includes €12.50 for changes and extras since the last charge`: why the next charge is not
    the price."""
    pending, balance = subscription.next_pending_minor, subscription.next_balance_minor
    said = []
    if pending > 0:
        said.append((_("Includes %s for changes and extras since the last charge"), pending))
    elif pending < 0:
        said.append((_("%s less for changes since the last charge"), -pending))
    if balance > 0:
        said.append((_("Includes %s owed from before"), balance))
    elif balance < 0:
        said.append((_("%s less from your credit balance"), -balance))
    return [words % _money(subscription, amount) for words, amount in said]


def next_charge_of(subscription: Subscription) -> str:
    """`€19.00`, `€19.00 plus tax`, `by use`: what the next charge will be."""
    if subscription.is_by_use:
        return pgettext("next charge", "by use")
    amount, is_exact = subscription.next_amount_minor, subscription.next_is_exact
    return _amount(subscription, amount, is_exact=is_exact)


def _amount(subscription: Subscription, amount: int | None, *, is_exact: bool) -> str:
    if amount is None:
        return pgettext("next charge", "amount not known yet")
    words = _money(subscription, amount)
    is_taxed_besides = subscription.tax_is_added and amount and not is_exact
    return _("%s plus tax") % words if is_taxed_besides else words
