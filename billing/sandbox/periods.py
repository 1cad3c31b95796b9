"""Billing periods: calendar arithmetic in UTC, anchored to a day of the month."""

import calendar
from datetime import UTC, datetime, timedelta

DAY = 86_400
HOUR = 3_600
STEPS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


def add(anchor: int, interval: str, count: int) -> int:
    """The moment `count` intervals after the anchor. The 31st becomes the last of a short month."""
    begin = datetime.fromtimestamp(anchor, UTC)
    if interval in STEPS:
        return int((begin + count * STEPS[interval]).timestamp())
    months = begin.year * 12 + begin.month - 1 + count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    moved = begin.replace(year=year, month=month + 1, day=min(begin.day, last))
    return int(moved.timestamp())


def boundary_after(anchor: int, moment: int, interval: str, count: int) -> int:
    """The first end of a period later than `moment`, counted from the anchor."""
    periods = _guess(anchor, moment, interval) // count - 1
    while add(anchor, interval, periods * count) <= moment:
        periods += 1
    return add(anchor, interval, periods * count)


def boundary_before(anchor: int, moment: int, interval: str, count: int) -> int:
    """The last start of a period not later than `moment`, counted from the anchor."""
    periods = _guess(anchor, moment, interval) // count + 2
    while add(anchor, interval, periods * count) > moment:
        periods -= 1
    return add(anchor, interval, periods * count)


def _guess(anchor: int, moment: int, interval: str) -> int:
    """About how many intervals lie between two moments, never off by more than one."""
    if interval in STEPS:
        return (moment - anchor) // int(STEPS[interval].total_seconds())
    begin, now = datetime.fromtimestamp(anchor, UTC), datetime.fromtimestamp(moment, UTC)
    months = (now.year - begin.year) * 12 + now.month - begin.month
    return months // 12 if interval == "year" else months
