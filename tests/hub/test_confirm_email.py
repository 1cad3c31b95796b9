"""The page behind the link that confirms a new address, for whoever is not signed in there."""

import pytest

from accounts.services import addresses
from tests.accounts.mailbox import link_in, newest


@pytest.fixture
def link(alice, in_acme) -> str:
    addresses.request_change(alice, address="alice@new.example")
    return link_in(newest())


def test_it_asks_for_the_former_address_and_does_not_give_it_away(at_acme, link):
    page = at_acme.get(link).text

    assert "The address you had before" in page
    assert "a••••@example.com" in page
    assert "alice@example.com" not in page


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("alice@new.example", "This is not the address we ask for."),
        ("alice", "Type one e-mail address"),
        ("", "Type one e-mail address"),
    ],
)
def test_a_wrong_address_changes_nothing_and_says_so(alice, at_acme, link, typed, answer):
    assert answer in at_acme.post(link, {"known": typed}).text

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_the_right_one_changes_it_and_signs_nobody_in(alice, at_acme, link):
    done = at_acme.post(link, {"known": "alice@example.com"}, follow=True)

    assert "Your e-mail address is now alice@new.example." in done.text
    alice.refresh_from_db()
    assert alice.email == "alice@new.example"
    assert at_acme.get("/documents/").status_code == 302


def test_the_old_mailbox_can_take_it_back_from_anywhere(alice, at_acme, link):
    at_acme.post(link, {"known": "alice@example.com"})

    at_acme.post(link_in(newest()), {"known": "alice@example.com"})

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
