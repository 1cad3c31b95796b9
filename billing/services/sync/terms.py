"""What a subscription amounts to: does it go on, or is it a fixed number of payments? When does
it end, and was that the plan?"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from billing.gateway.invoices import PaymentHistory
from billing.gateway.records import SubscriptionRecord
from billing.gateway.schedule_records import PhasePrice, PhaseRecord
from billing.models import Subscription

INSTALLMENTS = "installments"
"""In the metadata of a subscription, its schedule, price or product: how many payments in all."""
ONGOING = "0"
"""There: it goes on, even if a schedule ends it now, because it was cancelled."""
AT_ONCE = timedelta(minutes=1)
LONGEST_COUNT = 3
MOST_CHARGES = 999
A_DAY = timedelta(days=1)
DAYS = {"day": 1, "week": 7}
MONTHS_A_YEAR = 12


def payments_total(record: SubscriptionRecord, history: PaymentHistory) -> int | None:
    """The number of payments of a split-pay plan; None for a subscription that goes on.

    A plan is known by its metadata, by a schedule that ends it, or by an end that was set when it
    was made.
    """
    stated = _stated(record)
    if stated == ONGOING:
        return None
    if stated:
        # What nobody ended after its last payment is charged on, and is no plan any more.
        is_charged_on = history.payments_billed >= int(stated) and next_charge_at(record)
        return None if is_charged_on else int(stated)
    schedule = record.schedule
    if schedule is not None and schedule.ends_at is not None:
        return max(1, sum(_charges_in(record, phase) for phase in schedule.phases))
    if record.cancel_at is not None and _ended_by_design(record):
        count = _charges(record, record.trial_ends_at or record.started_at, record.cancel_at)
        return count if count > 1 else None  # one period: bought, and cancelled a moment later
    return None


def payments_vary(record: SubscriptionRecord) -> bool:
    """Whether a split-pay plan's payments are not all alike."""
    phases = record.schedule.phases if record.schedule else []
    return len({phase.price for phase in phases if _charges_in(record, phase)}) > 1


def ends_at(record: SubscriptionRecord) -> datetime | None:
    """When it will end as things stand, planned or not."""
    if record.cancel_at is not None:
        return record.cancel_at
    if record.cancels_at_period_end:
        return record.period_ends_at
    schedule = record.schedule
    return schedule.ends_at if schedule is not None and schedule.is_running else None


def cancels_at(
    record: SubscriptionRecord, history: PaymentHistory, total: int | None
) -> datetime | None:
    """When it will end because someone asked for that. A plan's last payment is no such end."""
    end = ends_at(record)
    if end is None or total is None:
        return end
    to_come = _charges(record, record.next_period_at, end)
    return end if history.payments_billed + to_come < total else None


def next_charge_at(record: SubscriptionRecord) -> datetime | None:
    is_charging = record.status in (
        Subscription.Status.TRIALING,
        Subscription.Status.ACTIVE,
        Subscription.Status.PAST_DUE,
    )
    if not is_charging or record.collection_paused:
        return None
    end = ends_at(record)
    return None if end is not None and end <= record.next_period_at else record.next_period_at


def last_charge_at(
    record: SubscriptionRecord, history: PaymentHistory, total: int | None
) -> datetime | None:
    """When a split-pay plan that runs on as agreed is charged for the last time."""
    next_at = next_charge_at(record)
    if total is None or next_at is None or cancels_at(record, history, total):
        return None
    return _later(record, next_at, periods=max(total - history.payments_billed - 1, 0))


def _later(
    record: SubscriptionRecord,
    moment: datetime,
    *,
    periods: int,
    priced: PhasePrice | None = None,
) -> datetime:
    """Months have their anchor's day, or else their last."""
    rhythm = priced or record.items[0]
    count = rhythm.interval_count * periods
    if rhythm.interval in DAYS:
        return moment + timedelta(days=DAYS[rhythm.interval] * count)
    months = count * (MONTHS_A_YEAR if rhythm.interval == "year" else 1)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(record.cycle_anchored_at.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


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


def _charges_in(record: SubscriptionRecord, phase: PhaseRecord) -> int:
    begins = phase.trial_ends_at or max(phase.starts_at, record.started_at)
    return _charges(record, begins, phase.ends_at, phase.price)


def _charges(
    record: SubscriptionRecord, start: datetime, end: datetime, priced: PhasePrice | None = None
) -> int:
    """How often it charges from one moment until another. A few hours at the end are no period:
    whoever sets an end by hand takes a day for it."""
    over = (
        count
        for count in range(MOST_CHARGES)
        if _later(record, start, periods=count, priced=priced) + A_DAY > end
    )
    return next(over, MOST_CHARGES)
