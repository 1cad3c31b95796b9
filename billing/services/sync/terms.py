"""What a subscription amounts to: does it go on, or is it a fixed number of payments? When does
it end, and was that the plan?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from billing.gateway.invoices import PaymentHistory
from billing.gateway.records import SubscriptionRecord
from billing.models import Subscription
from billing.services.sync.charge_dates import (
    NEVER,
    charge_dates,
    charge_periods,
    charging_spans,
)
from billing.services.sync.prices import amount_each_time

INSTALLMENTS = "installments"
"""In the metadata of a subscription, its schedule, price or product: how many payments in all."""
ONGOING = "0"
"""There: it goes on, even if a schedule ends it now, because it was cancelled."""
AT_ONCE = timedelta(minutes=1)
LONGEST_COUNT = 3


def payments_total(record: SubscriptionRecord, history: PaymentHistory) -> int | None:
    """The number of payments of a split-pay plan; None for a subscription that goes on.

    A plan is known by its metadata, by a schedule that ends it, or by an end that was set when it
    was made. Only what is paid for counts, no free phase and no period that a discount left
    nothing of.
    """
    stated = _stated(record)
    if stated == ONGOING:
        return None
    if stated:
        # What nobody ended after its last payment is charged on, and is no plan any more.
        is_charged_on = history.payments_billed >= int(stated) and next_charge_at(record)
        return None if is_charged_on else int(stated)
    scheduled_end = record.schedule.ends_at if record.schedule else None
    end = scheduled_end or (record.cancel_at if _ended_by_design(record) else None)
    if end is None:
        return None
    count = _count(charge_dates(record, until=end))
    if not scheduled_end and count < 2:
        return None  # one period: bought, and cancelled a moment later
    return max(1, count - _given_free(record, history))


def _given_free(record: SubscriptionRecord, history: PaymentHistory) -> int:
    """How many dates of payment a discount has left nothing of so far."""
    spans = charging_spans(record)
    free = (period.starts_at for period in history.periods if not period.amount_minor)
    return sum(any(moment in span for span in spans) for moment in free)


def payments_vary(record: SubscriptionRecord, history: PaymentHistory, total: int | None) -> bool:
    """Whether a split-pay plan's payments, made and to come, are not all alike."""
    if total is None:
        return False
    prices = {span.price.amount_minor for span in charging_spans(record) if span.price}
    billed = {period.amount_minor for period in history.periods}
    amounts = {*prices, *billed, amount_each_time(record, next_charge_at(record))} - {0, None}
    until = ends_at(record) or NEVER
    is_cut = any(period.is_cut for period in charge_periods(record, until=until))
    return len(amounts) > 1 or is_cut or _is_discounted_for_a_time(record, history, total)


def _is_discounted_for_a_time(
    record: SubscriptionRecord, history: PaymentHistory, total: int
) -> bool:
    """Whether a discount lowers some of the charges to come only."""
    next_at, last_at = next_charge_at(record), last_charge_at(record, history, total)
    if next_at is None:
        return False
    of_items = (discount for item in record.items for discount in item.discounts)
    return any(
        discount.is_once
        or (discount.ends_at and next_at < discount.ends_at <= (last_at or next_at))
        for discount in (*record.discounts, *of_items)
    )


def ends_at(record: SubscriptionRecord) -> datetime | None:
    """When it will end as things stand, planned or not."""
    if record.cancel_at is not None:
        return record.cancel_at
    if record.cancels_at_period_end:
        return record.period_ends_at
    schedule = record.schedule
    return schedule.ends_at if schedule is not None and schedule.is_running else None


def before_end(record: SubscriptionRecord, moment: datetime | None) -> datetime | None:
    """What Stripe names until it ends; None where that comes after the end."""
    end = ends_at(record)
    return None if moment and end and end <= moment else moment


def cancels_at(
    record: SubscriptionRecord, history: PaymentHistory, total: int | None
) -> datetime | None:
    """When it will end because someone asked for that. A plan's last payment is no such end."""
    end = ends_at(record)
    if end is None or total is None:
        return end
    to_come = _count(charge_dates(record, since=record.next_period_at, until=end))
    return end if history.payments_billed + to_come < total else None


def next_charge_at(record: SubscriptionRecord) -> datetime | None:
    """The next date of a phase that costs something."""
    if not _is_charging(record):
        return None
    first = next(charge_dates(record, since=record.next_period_at), None)
    end = ends_at(record)
    return None if first is None or (end is not None and end <= first) else first


def last_bill_at(record: SubscriptionRecord) -> datetime | None:
    """Its end, where nothing but what waits until then can still be charged."""
    is_last = _is_charging(record) and next_charge_at(record) is None
    return ends_at(record) if is_last else None


def _is_charging(record: SubscriptionRecord) -> bool:
    is_running = record.status in (
        Subscription.Status.TRIALING,
        Subscription.Status.ACTIVE,
        Subscription.Status.PAST_DUE,
    )
    return is_running and not record.collection_paused


def last_charge_at(
    record: SubscriptionRecord, history: PaymentHistory, total: int | None
) -> datetime | None:
    """When a split-pay plan that runs on as agreed is charged for the last time."""
    next_at = next_charge_at(record)
    if total is None or next_at is None or cancels_at(record, history, total):
        return None
    dates = charge_dates(record, since=next_at, until=ends_at(record) or NEVER)
    return max(islice(dates, max(total - history.payments_billed, 1)), default=next_at)


def _stated(record: SubscriptionRecord) -> str:
    """A number of payments that makes sense; else empty."""
    schedule = record.schedule.metadata if record.schedule else {}
    places = [record.metadata, schedule, *(item.metadata for item in record.items)]
    stated = next((place[INSTALLMENTS] for place in places if INSTALLMENTS in place), "")
    is_number = stated.isascii() and stated.isdecimal() and len(stated) <= LONGEST_COUNT
    return str(int(stated)) if is_number else ""


def _ended_by_design(record: SubscriptionRecord) -> bool:
    """Whether the end was set when the subscription was made, not asked for later."""
    asked_at = record.cancel_requested_at
    is_from_start = asked_at is None or asked_at <= record.created_at + AT_ONCE
    return is_from_start and not record.cancels_at_period_end


def _count(dates: Iterable[datetime]) -> int:
    return sum(1 for _date in dates)
