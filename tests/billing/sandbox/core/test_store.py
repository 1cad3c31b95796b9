"""The store behind the accounts: what is looked up, and what is taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.sandbox.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "s.sqlite3")
    for number in range(3):
        made.save("acct_a invoice", f"in_{number}", {"customer": "cus_1", "status": "open"})
    made.save("acct_a invoice", "in_3", {"customer": "cus_2", "status": "open"})
    made.commit()
    yield made
    made.close()


def owned_by(store, customer, **fields):
    return len(store.where("acct_a invoice", customer=customer, **fields))


def test_objects_are_found_by_their_fields(store):
    assert owned_by(store, "cus_1") == 3
    assert owned_by(store, "cus_1", status="paid") == 0
    assert owned_by(store, "cus_9") == 0
    assert len(store.where("acct_a invoice", status="open")) == 4


def test_a_change_of_a_field_is_found_at_once(store):
    invoice = store.hand("acct_a invoice", "in_0")
    invoice["customer"] = "cus_2"
    store.save("acct_a invoice", "in_0", invoice)

    assert (owned_by(store, "cus_1"), owned_by(store, "cus_2")) == (2, 2)


def test_what_is_taken_back_is_found_as_it_was(store):
    invoice = store.hand("acct_a invoice", "in_0")
    invoice["customer"] = "cus_2"
    store.save("acct_a invoice", "in_0", invoice)
    store.save("acct_a invoice", "in_4", {"customer": "cus_1"})
    store.drop("acct_a invoice", "in_1")

    store.roll_back()

    assert (owned_by(store, "cus_1"), owned_by(store, "cus_2")) == (3, 1)


def test_a_change_that_was_not_even_saved_is_taken_back_too(store):
    store.hand("acct_a invoice", "in_0")["status"] = "paid"

    store.roll_back()

    assert store.hand("acct_a invoice", "in_0")["status"] == "open"


def test_another_account_has_other_shelves(store):
    assert store.where("acct_b invoice", customer="cus_1") == []


def test_what_was_committed_is_on_disk_in_its_order(store, tmp_path):
    invoice = store.hand("acct_a invoice", "in_0")
    invoice["status"] = "paid"
    store.save("acct_a invoice", "in_0", invoice)
    store.drop("acct_a invoice", "in_1")
    store.commit()
    store.save("acct_a invoice", "in_9", {"customer": "cus_1"})
    store.close()

    again = Store(tmp_path / "s.sqlite3")

    assert list(again.shelf("acct_a invoice")) == ["in_0", "in_2", "in_3"]
    assert again.shelf("acct_a invoice")["in_0"]["status"] == "paid"
    assert owned_by(again, "cus_1") == 2
    again.close()
