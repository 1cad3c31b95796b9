"""The page behind the link that confirms a new address, for whoever is not signed in there."""

import re

import pytest
from django.db.models.functions import Now

from accounts.models import MagicLink
from accounts.services import addresses
from tests.accounts.mailbox import link_in, newest, token_in


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


@pytest.fixture
def robbed(alice, in_acme) -> str:
    """A thief added their address and made it the main one: the owner's newest link."""
    addresses.request_adding(alice, address="eve@thief.example")
    addresses.confirm_change(token_in(newest()), by=alice)
    addresses.make_main(alice.addresses.get(address="eve@thief.example"), session_id=0)
    return link_in(newest())


def test_the_newest_link_undoes_all_changes_told_to_the_mailbox(alice, at_acme, robbed):
    page = at_acme.get(robbed).text
    assert page.index("Was added") < page.index("Became the main address")

    name, value = re.search(r'name="(all_before)" value="(1)"', page).groups()
    done = at_acme.post(robbed, {"known": "alice@example.com", name: value}, follow=True).text

    assert "That is undone. We write to alice@example.com." in done
    assert "Our earlier mails undo it" not in done
    assert list(alice.addresses.values_list("address", flat=True)) == ["alice@example.com"]


def test_who_undoes_the_last_change_only_is_told_what_still_holds(alice, at_acme, robbed):
    done = at_acme.post(robbed, {"known": "alice@example.com"}, follow=True).text

    assert "What was changed before that still holds. Our earlier mails undo it." in done
    assert alice.addresses.count() == 2


@pytest.mark.parametrize("end", [{"used_at": Now()}, {"expires_at": Now()}, {"code_attempts": 5}])
def test_a_dead_undo_link_says_where_to_turn(acme, at_acme, robbed, end):
    MagicLink.objects.filter(purpose="revert_email").update(**end)

    page = at_acme.post(robbed, {"known": "alice@example.com"})

    assert page.status_code == 410
    assert "<title>Undo the change" in page.text
    assert "It is too old or was used" in page.text
    assert f"mailto:{acme.support_email}" in page.text.partition("<main")[2].partition("</main>")[0]
    assert "change the address again" not in page.text.casefold()
