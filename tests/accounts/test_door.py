"""The door: where it is, what may be typed, and that it tells nobody who is known."""

import pytest
from django.conf import settings
from django.core import mail
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import MagicLink
from tests.accounts.mailbox import newest
from tests.clients import HubClient

# Tasks wait in a worker, as in production: what the page itself does is what counts here.
LATER = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}


@pytest.mark.parametrize("path", ["/", "/updateinfo/"])
def test_the_door_is_where_a_stranger_knocks(at_acme, path):
    page = at_acme.get(path)

    assert page.status_code == 200
    assert "Your purchases at Acme" in page.text
    assert "E-mail address you used to purchase" in page.text


def test_the_door_is_prefilled_from_a_receipt(at_acme):
    page = at_acme.get("/", {"email": "alice@example.com", "next": "/card/"})

    assert 'value="alice@example.com"' in page.text
    assert 'name="next" value="/card/"' in page.text


def test_what_comes_with_the_address_is_only_text(at_acme):
    page = at_acme.get("/", {"email": '"><script>alert(1)</script>'})

    assert "<script>alert" not in page.text


def test_who_is_signed_in_is_past_the_door(as_alice):
    assert as_alice.get("/updateinfo/").url == "/"
    assert "Your purchases at Acme" not in as_alice.get("/").text


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/card/", "/?next=%2Fcard%2F"),
        ("/documents/?a=b", "/?next=%2Fdocuments%2F%3Fa%3Db"),
    ],
)
def test_a_private_page_leads_to_the_door_and_back(at_acme, path, back):
    assert at_acme.get(path).url == back


def test_what_cannot_be_opened_again_leads_to_the_door_only(at_acme):
    assert at_acme.post("/sign-out/").url == "/"


LOST = "You were signed out, and nothing was saved. Sign in again to go on."


def test_a_form_sent_after_the_sign_out_is_told_that_nothing_was_saved(as_alice):
    as_alice.post("/sign-out/")
    as_alice.get("/")

    door = as_alice.post("/profile/", {"name": "Alice Moreau"}, follow=True)

    assert "Your purchases at Acme" in door.text
    assert LOST in door.text
    assert LOST not in as_alice.get("/").text


def test_a_page_opened_without_a_session_is_told_of_no_loss(at_acme):
    assert LOST not in at_acme.get("/profile/", follow=True).text


@pytest.mark.parametrize(
    "path", ["/sign-out/", "/profile/addresses/add/", "/profile/addresses/1/main/"]
)
def test_where_only_forms_are_sent_to_leads_to_the_overview_afterwards(at_acme, path):
    assert at_acme.get(path).url == "/?next=%2F"


def test_posting_to_the_door_itself_is_refused(at_acme):
    assert at_acme.post("/", {"email": "alice@example.com"}).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "",
        "alice",
        "alice@",
        "alice@example",
        "alice@example.com\nBcc: eve@example.com",
        "alice@example.com, eve@example.com",
        "alice@example.com;eve@example.com",
        '"a,b"@example.com',
        "Alice <alice@example.com>",
        "älice@example.com",
        f"{'a' * 288}@example.com",
        "alice@example.com\x00",
    ],
)
def test_what_is_no_single_address_gets_one_clear_error(at_acme, in_acme, address):
    page = at_acme.post("/sign-in/", {"email": address})

    assert page.text.count("Type one e-mail address, like name@example.com.") == 2  # field, summary
    assert "One thing to correct" in page.text
    assert not MagicLink.objects.exists()
    assert mail.outbox == []


def test_an_error_keeps_what_was_typed_and_where_one_was_headed(at_acme):
    page = at_acme.post("/sign-in/", {"email": "alice@example", "next": "/card/"})

    assert 'value="alice@example"' in page.text
    assert 'name="next" value="/card/"' in page.text


def test_spaces_round_an_address_do_not_matter(alice, at_acme):
    at_acme.post("/sign-in/", {"email": "  alice@example.com "})

    assert newest().to == ["alice@example.com"]


def test_the_sent_page_names_the_address_and_never_says_whether_it_is_known(alice, at_acme):
    at_acme.post("/sign-in/", {"email": "nobody@example.com", "next": "/card/"})
    page = at_acme.get("/sign-in/sent/?next=/card/")

    assert "If <strong><bdi>nobody@example.com</bdi></strong> has bought from Acme" in page.text
    assert 'name="next" value="/card/"' in page.text
    assert mail.outbox == []


def test_asking_again_says_that_it_was_heard(at_acme):
    for _ in range(2):
        sent = at_acme.post("/sign-in/", {"email": "nobody@example.com"}, follow=True)

    assert "Asked again." in sent.text


def test_the_sent_page_without_a_request_is_the_door(at_acme):
    assert at_acme.get("/sign-in/sent/").url == "/"


def test_someone_elses_address_cannot_be_forged_into_the_sent_page(at_acme):
    at_acme.cookies[settings.ASKED_COOKIE_NAME] = Signer().sign("eve@example.com")

    assert at_acme.get("/sign-in/sent/").url == "/"


def test_the_browsers_key_is_for_this_host_and_no_script(at_acme):
    answer = at_acme.post("/sign-in/", {"email": "nobody@example.com"})

    for name in (settings.BROWSER_COOKIE_NAME, settings.ASKED_COOKIE_NAME):
        cookie = answer.cookies[name]
        assert name.startswith("__Host-")
        assert (cookie["httponly"], cookie["secure"]) == (True, True)
        assert (cookie["samesite"], cookie["domain"], cookie["path"]) == ("Lax", "", "/")


def test_a_browser_keeps_its_key_so_that_older_links_stay_its_own(at_acme):
    keys = {
        at_acme.post("/sign-in/", {"email": "nobody@example.com"})
        .cookies[settings.BROWSER_COOKIE_NAME]
        .value
        for _ in range(2)
    }

    assert len(keys) == 1


def test_guessing_at_a_code_is_the_same_work_for_known_and_unknown(alice, at_acme, acme):
    counts = []
    stranger = HubClient(acme.host)
    for client, address in ((at_acme, "alice@example.com"), (stranger, "no@example.com")):
        client.post("/sign-in/", {"email": address})
        for _ in range(6):  # one more than is looked at
            with CaptureQueriesContext(connection) as queries:
                client.post("/sign-in/code/", {"code": "x"})
            counts.append(len(queries))

    assert counts[:6] == counts[6:]
