"""Pages by key, not by number: the five-thousandth is as quick as the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
    if key := _read(before):
        at, pk = key
        older = Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__lt": pk})
        try:
            rows = rows.filter(Q(**{f"{moment}__lte": at}) & older)
        except (ValidationError, ValueError):
            pass
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{getattr(last, moment).isoformat()}_{last.pk}" if last else "")


def _read(key: str) -> tuple[datetime, str] | None:
    at, _, pk = key.partition("_")
    try:
        moment = parse_datetime(at)
    except ValueError:
        return None
    return (moment, pk) if moment and moment.tzinfo and pk else None
