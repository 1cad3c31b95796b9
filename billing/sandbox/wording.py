"""Amounts, moments and states of the control pages in words."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from babel import Locale
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

from billing.sandbox.store import Obj
from billing.sandbox.web import money

NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@dataclass(frozen=True, kw_only=True)
class State:
    """A state in words. `tone`: good, soon, late or over."""

    tone: str
    text: str


def moment(at: int) -> str:
    return date_format(datetime.fromtimestamp(at, UTC), "DATETIME_FORMAT")


def day(at: int) -> str:
    return date_format(datetime.fromtimestamp(at, UTC), "DATE_FORMAT")


def later(at: int, step: str) -> int:
    """The moment an hour, a day, a week, a month or a year after another."""
    seconds = {"hour": 3600, "day": 86400, "week": 604800}
    if step in seconds:
        return at + seconds[step]
    then = datetime.fromtimestamp(at, UTC)
    months = then.year * 12 + then.month - 1 + {"month": 1, "year": 12}[step]
    year, month = months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return int(then.replace(year=year, month=month, day=min(then.day, last)).timestamp())


def price_words(price: Obj) -> str:
    amount = money(int(Decimal(price["unit_amount_decimal"] or 0)), price["currency"])
    if not price["recurring"]:
        return amount
    count = price["recurring"]["interval_count"]
    every: dict[str, Callable[[], str]] = {
        "day": lambda: ngettext("%(amount)s a day", "%(amount)s every %(count)s days", count),
        "week": lambda: ngettext("%(amount)s a week", "%(amount)s every %(count)s weeks", count),
        "month": lambda: ngettext("%(amount)s a month", "%(amount)s every %(count)s months", count),
        "year": lambda: ngettext("%(amount)s a year", "%(amount)s every %(count)s years", count),
    }
    return every[price["recurring"]["interval"]]() % {"amount": amount, "count": count}


def state_of(subscription: Obj) -> State:
    status = subscription["status"]
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    ends_at = subscription["cancel_at"] or (subscription["cancel_at_period_end"] and max(ends))
    if status in ("active", "trialing") and ends_at:
        return State(tone="soon", text=_("Ends on %s") % day(ends_at))
    if status == "active" and subscription["pause_collection"]:
        return State(tone="over", text=_("Payments paused"))
    if status == "trialing":
        return State(tone="soon", text=_("Trial until %s") % day(subscription["trial_end"]))
    if status == "active":
        return State(tone="good", text=_("Active, next payment on %s") % day(min(ends)))
    words: dict[str, tuple[str, str]] = {
        "past_due": ("late", _("Past due")),
        "unpaid": ("late", _("Unpaid")),
        "incomplete": ("late", _("First payment not made")),
        "incomplete_expired": ("over", _("Never paid")),
        "paused": ("over", _("Paused")),
        "canceled": ("over", _("Ended")),
    }
    tone, text = words.get(status, ("over", status))
    return State(tone=tone, text=text)


def open_words(invoices: list[Obj]) -> State | None:
    if not invoices:
        return None
    amount = money(sum(one["amount_remaining"] for one in invoices), invoices[0]["currency"])
    count = len(invoices)
    words = ngettext(
        "%(count)s open invoice, %(amount)s", "%(count)s open invoices, %(amount)s", count
    )
    return State(tone="late", text=words % {"count": count, "amount": amount})


def delivery_words(tries: int | None, *, listening: bool) -> State:
    """`tries`: how often it was sent in vain, None once it has arrived."""
    if not listening:
        return State(tone="over", text=_("Nobody listens"))
    if tries is None:
        return State(tone="good", text=_("Delivered"))
    if tries == 0:
        return State(tone="soon", text=_("On its way"))
    words = ngettext("Failed once, tried again", "Failed %(count)s times, tried again", tries)
    return State(tone="late", text=words % {"count": tries})


def countries() -> list[tuple[str, str]]:
    """All countries by their names in the active language."""
    names = Locale.parse(to_locale(get_language() or "en")).territories
    found = [
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
    ]
    return sorted(found, key=lambda option: option[1])


def country_name(code: str | None) -> str | None:
    return dict(countries()).get(code, code) if code else None
