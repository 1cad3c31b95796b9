"""Pages by key, not by number: the five-thousandth is as quick as the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True)
class Page[Row: Model]:
    """Some rows, newest first, and the key that leads to the next older ones ("": none)."""

    rows: list[Row]
    older: str


def page_of[Row: Model](rows: QuerySet[Row], *, moment: str, before: str, size: int) -> Page[Row]:
    """The `size` rows before the key, ordered by `moment` and id. A key nobody made: the first."""
    rows = rows.order_by(f"-{moment}", "-pk")
    if key := _read(before, rows.model):
        at, pk = key
        older = Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__lt": pk})
        # The first condition says nothing new, but it is the one an index can start from.
        rows = rows.filter(Q(**{f"{moment}__lte": at}) & older)
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{getattr(last, moment).isoformat()}_{last.pk}" if last else "")


def _read(key: str, model: type[Model]) -> tuple[datetime, Any] | None:
    at, _, pk = key.partition("_")
    try:
        moment, value = parse_datetime(at), model._meta.pk.to_python(pk)
        return (moment.astimezone(UTC), value) if moment and moment.tzinfo else None
    except (ValueError, OverflowError, ValidationError):
        return None
