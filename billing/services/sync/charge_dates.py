"""On which dates a subscription charges, as its phases and its rhythm say."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing.gateway.records import SubscriptionRecord
from billing.gateway.schedule_records import PhasePrice

MOST_CHARGES = 999
A_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC) - A_DAY
DAYS = {"day": 1, "week": 7}
MONTHS_A_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time in which it charges, first as it begins. `price` None: what its items cost."""

    begins_at: datetime
    ends_at: datetime = NEVER
    price: PhasePrice | None = None

    def __contains__(self, moment: datetime) -> bool:
        return self.begins_at <= moment < self.ends_at


def charging_spans(record: SubscriptionRecord) -> list[Span]:
    """All but trials and free phases; the last has no end: as it goes on if nothing ends it."""
    phases = record.schedule.phases if record.schedule else []
    if not phases:
        return [Span(begins_at=record.trial_ends_at or record.started_at)]
    spans = [
        Span(
            begins_at=phase.trial_ends_at or max(phase.starts_at, record.started_at),
            ends_at=phase.ends_at,
            price=phase.price,
        )
        for phase in phases
        if not phase.is_free
    ]
    last = phases[-1]
    return spans if last.is_free else [*spans, Span(begins_at=last.ends_at, price=last.price)]


@dataclass(frozen=True, kw_only=True)
class Period:
    """What a charge is for. `is_cut`: something ends it before its time, so it costs less."""

    begins_at: datetime
    is_cut: bool


def charge_periods(
    record: SubscriptionRecord, *, since: datetime | None = None, until: datetime = NEVER
) -> Iterator[Period]:
    """`since`: when a period begins, or when an end cuts one short, on whatever day that is. A few
    hours at the end are no period: whoever sets an end by hand takes a day for it."""
    for span in charging_spans(record):
        begins_at = first = max(span.begins_at, since or span.begins_at)
        end = min(span.ends_at, until)
        for count in range(1, MOST_CHARGES + 1):
            if begins_at + A_DAY > end:
                break
            whole = later(record, first, periods=count, priced=span.price)
            yield Period(begins_at=begins_at, is_cut=end + A_MINUTE < whole)
            begins_at = whole


def charge_dates(
    record: SubscriptionRecord, *, since: datetime | None = None, until: datetime = NEVER
) -> Iterator[datetime]:
    return (period.begins_at for period in charge_periods(record, since=since, until=until))


def later(
    record: SubscriptionRecord, moment: datetime, *, periods: int, priced: PhasePrice | None
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
