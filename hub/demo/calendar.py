"""When the demo's purchases were made, so that they stand today where the story wants them."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Literal

MONTHS_OF_HISTORY = 14

type Interval = Literal["week", "month", "year"]


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and hour; the month's last day where it is shorter."""
    count = moment.year * 12 + moment.month - 1 - months
    year, month = count // 12, count % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def periods_before(moment: datetime, periods: int, interval: Interval) -> datetime:
    if interval == "week":
        return moment - timedelta(weeks=periods)
    return months_before(moment, periods * (12 if interval == "year" else 1))


class Days:
    """Moments as seen from today. `after=3` lies three days ahead."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.first = months_before(now, MONTHS_OF_HISTORY)

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def begun(self, periods: int, interval: Interval = "month", *, after: float) -> datetime:
        """When something began whose next period, after this many, begins in so many days."""
        return periods_before(self.now + timedelta(days=after), periods, interval)
