"""Sweeps that are fair: each vendor gets its share of a round, and what fails waits longer each
time. So one vendor whose key is dead, or one document that cannot be made, holds up nobody."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, islice, zip_longest
from typing import Any

from django.db.models import QuerySet

MOST_DOUBLINGS = 20


def in_turn[T](rows: QuerySet[Any, T], *, at_most: int, each: int) -> list[T]:
    """Of these ordered rows, each vendor's first, then each vendor's second, and so on; more than
    `each` of one where the round is not full without."""
    vendors = list(rows.order_by("vendor_id").values_list("vendor_id", flat=True).distinct())
    each = max(each, at_most // max(len(vendors), 1))
    shares = [list(rows.filter(vendor_id=vendor)[:each]) for vendor in vendors]
    rounds = chain.from_iterable(zip_longest(*shares))
    return list(islice((row for row in rounds if row is not None), at_most))


def wait_after(attempts: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """Twice as long after each attempt that failed."""
    factor: int = 2 ** min(attempts, MOST_DOUBLINGS)
    return min(first * factor, longest)
