"""The calendar of billing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.sandbox.periods import add, boundary_after, boundary_before


def moment(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, (2024, 2, 29, 10)),
        (2, (2024, 3, 31, 10)),
        (3, (2024, 4, 30, 10)),
        (13, (2025, 2, 28, 10)),
        (-1, (2023, 12, 31, 10)),
    ],
)
def test_the_31st_is_the_last_of_a_short_month(count, expected):
    assert add(moment(2024, 1, 31, 10), "month", count) == moment(*expected)


def test_a_leap_day_is_the_28th_of_other_years():
    assert add(moment(2024, 2, 29), "year", 1) == moment(2025, 2, 28)


MOMENTS = st.integers(moment(2015, 1, 1), moment(2035, 1, 1))
INTERVALS = st.sampled_from(["day", "week", "month", "year"])
COUNTS = st.integers(1, 12)


@given(anchor=MOMENTS, now=MOMENTS, interval=INTERVALS, count=COUNTS)
def test_every_moment_lies_in_one_period(anchor, now, interval, count):
    start = boundary_before(anchor, now, interval, count)
    end = boundary_after(anchor, now, interval, count)

    assert start <= now < end
    assert boundary_after(anchor, start, interval, count) == end


@given(anchor=MOMENTS, interval=INTERVALS, count=COUNTS)
def test_the_anchor_begins_a_period(anchor, interval, count):
    assert boundary_before(anchor, anchor, interval, count) == anchor
    assert boundary_after(anchor, anchor, interval, count) == add(anchor, interval, count)
