"""In whose language a page speaks, and whose clock it shows."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.timezone import get_current_timezone_name

from accounts.languages import first_supported
from accounts.middleware import LanguageMiddleware
from tests.clients import HubClient, signed_in
from tests.factories import make_vendor


def language_of(page) -> str:
    assert page.headers["Content-Language"] in page.text[:200]
    return page.headers["Content-Language"]


@pytest.mark.parametrize(
    ("vendor", "accepts", "spoken"),
    [
        ("", "", "en"),
        ("", "de-AT,en;q=0.8", "de"),
        ("", "fr,it;q=0.9,de;q=0.2", "de"),
        ("", "xx, *;q=0.5", "en"),
        ("de", "en", "de"),
        ("en", "de", "en"),
    ],
)
def test_the_vendors_language_comes_before_the_browsers(acme, at_acme, vendor, accepts, spoken):
    acme.language = vendor
    acme.save()

    page = at_acme.get("/", headers={"host": "acme.test", "Accept-Language": accepts})

    assert language_of(page) == spoken


def test_a_visitors_own_choice_comes_before_the_vendors(at_globex):
    assert language_of(at_globex.get("/")) == "de"

    answer = at_globex.post("/language/", {"language": "en", "next": "/updateinfo/?a=b"})

    assert answer.url == "/updateinfo/?a=b"
    assert language_of(at_globex.get("/")) == "en"
    cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie["secure"], cookie["httponly"], cookie["domain"]) == (True, True, "")


def test_a_customers_choice_is_theirs_on_every_device(alice, as_alice):
    as_alice.post("/language/", {"language": "de", "next": "/"})

    alice.refresh_from_db()
    assert alice.language == "de"
    assert signed_in(alice).get("/").headers["Content-Language"] == "de"


def test_a_choice_outlives_signing_out(as_alice):
    as_alice.post("/language/", {"language": "de"})
    as_alice.post("/sign-out/")

    assert language_of(as_alice.get("/")) == "de"


@pytest.mark.parametrize("language", ["fr", "", "de-x-long" * 200, "<b>"])
def test_a_language_we_do_not_speak_changes_nothing(alice, as_alice, language):
    answer = as_alice.post("/language/", {"language": language, "next": "//evil.example/"})

    assert answer.url == "/"
    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
    alice.refresh_from_db()
    assert alice.language == ""


def test_a_cookie_someone_wrote_by_hand_is_ignored(at_acme):
    at_acme.cookies[settings.LANGUAGE_COOKIE_NAME] = "x" * 600

    assert language_of(at_acme.get("/")) == "en"


def test_changing_the_language_is_a_post(at_acme):
    assert at_acme.get("/language/").status_code == 405


def test_the_platform_speaks_the_browsers_language(db):
    page = HubClient("hub.test").get(
        "/admin/login/", headers={"host": "hub.test", "Accept-Language": "de"}
    )

    assert page.headers["Content-Language"] == "de"


def test_a_wish_is_met_by_its_closest_language():
    assert first_supported("", "fr", "de-CH-1996", "en") == "de"
    assert first_supported() == "en"


def test_times_are_the_vendors(db):
    request = RequestFactory().get("/")
    request.vendor, request.customer = make_vendor("Tokyo", time_zone="Asia/Tokyo"), None

    page = LanguageMiddleware(lambda _: HttpResponse(get_current_timezone_name()))(request)

    assert page.text == "Asia/Tokyo"
