"""What hands the hub over is only for who has just proved the mailbox."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.timezone import now

from accounts.freshness import after_fresh_sign_in
from tests.clients import signed_in


@after_fresh_sign_in
def everything(request, kind):
    """Stands for a page such as the export of all data."""
    return HttpResponse(f"all {kind}")


@pytest.fixture
def ask(alice, rf: RequestFactory, in_acme):
    """As with a session that began `ago`."""
    browser = signed_in(alice)

    def answer(method, path, form=None, *, ago):
        alice.sessions.update(signed_in_at=now() - ago)
        request = rf.generic(method, path)
        request.session, request.customer, request.POST = browser.session, alice, form or {}
        return everything(request, "data")

    return answer


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_fresh_session_gets_in(ask, method):
    assert ask(method, "/export/", ago=timedelta(minutes=14)).content == b"all data"


@pytest.mark.parametrize(
    ("method", "form", "back"),
    [
        ("GET", {}, "/export/?year=2026"),
        ("POST", {"next": "/profile/#addresses"}, "/profile/#addresses"),
        ("POST", {"next": "https://evil.example/"}, ""),
        ("POST", {}, ""),
    ],
)
def test_an_older_one_is_asked_to_sign_in_and_led_back(ask, method, form, back):
    answer = ask(method, "/export/?year=2026", form, ago=timedelta(minutes=15, seconds=1))

    url = urlsplit(answer.url)
    assert (answer.status_code, url.path) == (302, "/sign-in/again/")
    assert parse_qs(url.query).get("next", [""]) == [back]
