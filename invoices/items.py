"""What stands on a document line by line: what is given, credited, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum

from invoices.errors import LinesDoNotAddUp
from invoices.models import Document, Line
from invoices.money import share_out

type Amounts = tuple[int, int]
"""Net and tax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One thing paid for. Amounts are for the whole quantity; 2000 is a tax rate of 20 %."""

    description: str
    detail: str = ""
    quantity: int = 1
    net_minor: int
    tax_minor: int = 0
    tax_rate: int | None = None
    tax_label: str = ""


def total_of(lines: Sequence[LineItem]) -> int:
    return sum(line.net_minor + line.tax_minor for line in lines)


def credited(
    receipt: Document, amount_minor: int, *, wanted: Mapping[int, Amounts] | None = None
) -> dict[int, LineItem]:
    """What is taken back of each line of the receipt, by its position there.

    As `wanted`, where that is the amount and still left of the lines; else each line's share of
    what is left, so that parts which make up the whole cancel each line to the last cent.
    """
    lines = list(receipt.lines.all())
    left = _left(receipt, lines)
    if not 0 < amount_minor <= sum(left):
        raise LinesDoNotAddUp(f"{amount_minor} of {sum(left)} left on {receipt.number}")
    shares = _as_wanted(lines, left, wanted or {}, amount_minor) or share_out(amount_minor, left)
    return {
        line.position: _reversed(line, net, tax)
        for line, net, tax in zip(lines, shares[::2], shares[1::2], strict=True)
        if net or tax
    }


def left_to_credit(receipt: Document) -> int:
    return sum(_left(receipt, list(receipt.lines.all())))


def taken_back(note: Document) -> dict[int, LineItem]:
    """The lines of a credit note once more, as they were before it."""
    return {
        line.position: _reversed(line, line.net_minor, line.tax_minor) for line in note.lines.all()
    }


def _left(receipt: Document, lines: Sequence[Line]) -> list[int]:
    """Net and tax of each line that no credit note has taken back, or that were given again."""
    later = Line.objects.filter(
        Q(document__corrects=receipt) | Q(document__corrects__corrects=receipt)
    )
    sums = later.values("position").annotate(net=Sum("net_minor"), tax=Sum("tax_minor")).order_by()
    taken = {row["position"]: (row["net"], row["tax"]) for row in sums}
    left = []
    for line in lines:
        net, tax = taken.get(line.position, (0, 0))
        left += [line.net_minor + net, line.tax_minor + tax]
    return left


def _as_wanted(
    lines: Sequence[Line], left: Sequence[int], wanted: Mapping[int, Amounts], amount_minor: int
) -> list[int]:
    shares = [part for line in lines for part in wanted.get(line.position, (0, 0))]
    fits = all(
        min(0, most) <= part <= max(0, most) for part, most in zip(shares, left, strict=True)
    )
    return shares if fits and sum(shares) == amount_minor else []


def _reversed(line: Line, net_minor: int, tax_minor: int) -> LineItem:
    is_whole = (net_minor, tax_minor) == (line.net_minor, line.tax_minor)
    return LineItem(
        description=line.description,
        detail=line.detail,
        quantity=line.quantity if is_whole else 1,
        net_minor=-net_minor,
        tax_minor=-tax_minor,
        tax_rate=line.tax_rate,
        tax_label=line.tax_label,
    )
