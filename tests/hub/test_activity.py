"""Customers see where they are signed in and what was done, and can end what is not theirs."""

import pytest
from bs4 import BeautifulSoup

from accounts.models import CustomerSession
from accounts.services import audit
from accounts.tenancy import vendor_scope
from hub.presentation.activity import device_name
from tests.clients import signed_in
from tests.factories import make_user

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
PAGE = "/profile/activity/"


def is_signed_in(client):
    return client.get("/documents/").status_code == 200


def session_of(client):
    return client.session["customer_session"]


@pytest.fixture
def phone(alice):
    client = signed_in(alice)
    with vendor_scope(alice.vendor):
        CustomerSession.objects.filter(pk=session_of(client)).update(user_agent=PHONE)
    return client


def test_every_device_is_listed_and_this_one_first(as_alice, phone):
    page = BeautifulSoup(as_alice.get(PAGE).content, "html.parser")

    this, other = page.select(".devices > li")
    assert "This device" in this.get_text()
    assert this.select("form") == []
    assert "Mobile Safari on iOS" in other.get_text()
    assert "127.0.0.1" in other.get_text()


def test_one_device_is_signed_out(as_alice, phone):
    answer = as_alice.post(f"{PAGE}end/", {"session": session_of(phone)}, follow=True)

    assert "That device is signed out." in answer.text
    assert (is_signed_in(as_alice), is_signed_in(phone)) == (True, False)


def test_all_others_are_signed_out_at_once(as_alice, phone, as_bob):
    as_alice.post(f"{PAGE}end/")

    assert [is_signed_in(client) for client in (as_alice, phone, as_bob)] == [True, False, True]


@pytest.mark.parametrize("session", ["1000000", "9" * 18, "9" * 30, "²", "٣", "x", ""])
def test_of_a_session_that_is_none_nothing_is_said_or_recorded(alice, as_alice, phone, session):
    answer = as_alice.post(f"{PAGE}end/", {"session": session}, follow=True)

    assert "was not signed in any more" in answer.text
    assert "signed out." not in answer.text
    assert is_signed_in(phone)
    with vendor_scope(alice.vendor):
        assert not alice.audit.filter(action__startswith="session").exists()


def test_of_all_others_only_what_ended_is_recorded(alice, as_alice, phone):
    for _time in range(2):
        as_alice.post(f"{PAGE}end/")

    with vendor_scope(alice.vendor):
        assert alice.audit.filter(action="sessions_ended").count() == 1


@pytest.mark.parametrize("session", ["0", "x", "9" * 30, ""])
def test_nobody_elses_session_can_be_named(as_alice, as_bob, as_carol, session):
    for client in (as_bob, as_carol):
        as_alice.post(f"{PAGE}end/", {"session": session_of(client)})
    as_alice.post(f"{PAGE}end/", {"session": session})

    assert [is_signed_in(client) for client in (as_alice, as_bob, as_carol)] == [True] * 3


def test_it_says_what_happened_and_names_staff_as_support(as_alice, alice, bob):
    staff = make_user("sam@team.example", vendor=alice.vendor)
    with vendor_scope(alice.vendor):
        audit.record("change_card", customer=alice, subject="Photography Monthly")
        audit.record("profile_link_sent", customer=alice, by_user=staff, subject=alice.email)
        audit.record("signed_in", customer=bob, subject=bob.email)
    page = as_alice.get(PAGE).text

    assert "Card changed" in page
    assert "Photography Monthly" in page
    assert "Profile link sent" in page
    assert "support" in page
    assert "sam@team.example" not in page
    assert bob.email not in page


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (DESK, "Firefox on Windows"),
        (PHONE, "Mobile Safari on iOS"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_devices_are_named_as_far_as_the_browser_says(user_agent, name):
    assert device_name(user_agent) == name
