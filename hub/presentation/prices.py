"""What a subscription costs, in words: its rhythm, its items, what comes off and what is added."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from billing.models import Subscription
from hub.presentation.words import day
from invoices.money import format_money


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One of the things that a subscription is made of."""

    name: str
    plan: str
    price: str


def price_of(subscription: Subscription) -> str:
    """`€19.00 a month`, `3 × €15.00 a month`, `6 payments of €149.00`, `Free`, `billed by use`;
    after what comes off each time."""
    if subscription.is_free:
        return pgettext("price", "Free")
    off = 0 if subscription.discount_is_once else subscription.discount_minor
    amount = subscription.amount_minor - off
    if subscription.payments_total is not None:
        price = ngettext(
            "%(count)d payment of %(amount)s",
            "%(count)d payments of %(amount)s",
            subscription.payments_total,
        ) % {"count": subscription.payments_total, "amount": _money(subscription, amount)}
    elif len(subscription.items) > 1 or subscription.is_by_use:
        price = _several(subscription, off)
    else:
        quantity = subscription.items[0]["quantity"] if subscription.items else 1
        price = _each(subscription, amount, quantity)
    return _("%s plus tax") % price if subscription.tax_is_added and amount else price


def _several(subscription: Subscription, off: int) -> str:
    """A price for each rhythm, and that use is billed; what comes off, comes off the first."""
    by_rhythm: dict[tuple[str, int], int] = defaultdict(int)
    for item in subscription.items:
        if not _is_by_use(item):
            by_rhythm[item["interval"], item["interval_count"]] += item["amount_minor"]
    own = subscription.interval, subscription.interval_count
    prices = [
        _a_period(subscription, amount - (off if rhythm == own else 0), *rhythm)
        for rhythm, amount in by_rhythm.items()
        if amount
    ]
    if subscription.is_by_use:
        prices.append(_("your use") if prices else _("billed by use"))
    return str(get_text_list(prices, _("and")))


def _is_by_use(item: dict[str, object]) -> bool:
    return bool(item["is_metered"] or item["is_tiered"])


def _each(subscription: Subscription, amount: int, quantity: int) -> str:
    rhythm = subscription.interval, subscription.interval_count
    if quantity > 1 and amount % quantity == 0:
        one = _a_period(subscription, amount // quantity, *rhythm)
        return _("%(quantity)d × %(price)s") % {"quantity": quantity, "price": one}
    return _a_period(subscription, amount, *rhythm)


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


def discount_of(subscription: Subscription) -> str:
    """`€3.80 off with Spring until 3 March 2027`; nothing where nothing comes off."""
    if not subscription.discount_minor:
        return ""
    words = {
        "amount": _money(subscription, subscription.discount_minor),
        "name": subscription.discount_name,
    }
    if subscription.discount_is_once:
        return _("%(amount)s off the next payment with %(name)s") % words
    if subscription.discount_ends_at:
        words["day"] = day(subscription.discount_ends_at)
        return _("%(amount)s off with %(name)s until %(day)s") % words
    return _("%(amount)s off with %(name)s") % words


def items_of(subscription: Subscription) -> list[ItemRow]:
    """`3 × Team Seat`, `€45.00 a month`: each, where there is more than one."""
    if len(subscription.items) < 2:
        return []
    return [
        ItemRow(
            name=_("%(quantity)d × %(name)s") % item if item["quantity"] > 1 else item["name"],
            plan=item["plan"],
            price=_item_price(subscription, item),
        )
        for item in subscription.items
    ]


def _item_price(subscription: Subscription, item: dict[str, object]) -> str:
    if _is_by_use(item):
        return _("billed by use")
    amount, count = int(str(item["amount_minor"])), int(str(item["interval_count"]))
    if not amount:
        return pgettext("price", "Free")
    return _a_period(subscription, amount, str(item["interval"]), count)


def next_charge_of(subscription: Subscription) -> str:
    """`€19.00`, `€19.00 plus tax`, `by use`: what the next charge will be."""
    if subscription.is_by_use:
        return pgettext("next charge", "by use")
    known = subscription.next_amount_minor
    amount = subscription.amount_minor if known is None else known
    words = _money(subscription, amount)
    return _("%s plus tax") % words if subscription.tax_is_added and amount else words
