from datetime import timedelta

import pytest

from billing.models import Transaction
from hub.paging import page_of
from tests.factories import LONG_AGO, make_transaction


@pytest.fixture
def payments(alice, in_acme):
    """Five, of which the middle three happened in the same moment."""
    hours = [0, 1, 1, 1, 2]
    made = [make_transaction(alice, happened_at=LONG_AGO + timedelta(hours=h)) for h in hours]
    return sorted(made, key=lambda t: (t.happened_at, t.pk), reverse=True)


def walk(size: int) -> list[Transaction]:
    seen, before = [], ""
    while True:
        page = page_of(Transaction.objects.all(), moment="happened_at", before=before, size=size)
        seen += page.rows
        before = page.older
        if not before:
            return seen


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50])
def test_page_after_page_shows_each_row_once_in_order(payments, size):
    assert walk(size) == payments


@pytest.mark.parametrize(
    "key",
    ["", "_", "yesterday_1", "2025-09-03T09:30:00_1", "2025-09-03T09:30:00+00:00_x", "_5",
     "0001-01-01T00:00:00+14:00_1", "9999-12-31T23:59:00-14:00_1"],
)  # fmt: skip
def test_a_key_nobody_made_leads_to_the_first_page(payments, key):
    page = page_of(Transaction.objects.all(), moment="happened_at", before=key, size=2)

    assert page.rows == payments[:2]
