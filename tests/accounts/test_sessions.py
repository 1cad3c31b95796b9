"""Who one is, for how long, and at which vendor."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils.timezone import now

from accounts.models import CustomerSession, Vendor
from accounts.tasks import prune_sessions
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import link_in, newest
from tests.clients import HubClient, signed_in
from tests.factories import make_customer


def is_signed_in(client) -> bool:
    return client.get("/documents/").status_code == 200


def copy_cookies(source: HubClient, host: str) -> HubClient:
    other = HubClient(host)
    other.cookies.load(source.cookies.output(header="", sep=";"))
    return other


def test_a_session_does_not_travel_between_vendors(as_alice, carol):
    assert is_signed_in(as_alice)

    assert not is_signed_in(copy_cookies(as_alice, "globex.test"))


def test_a_session_names_its_vendor(as_alice, globex):
    session = as_alice.session
    session["vendor"] = globex.pk
    session.save()

    assert not is_signed_in(as_alice)


def test_a_session_is_nothing_on_the_platform(as_alice):
    platform = copy_cookies(as_alice, "hub.test")

    assert "/admin/login/" in platform.get("/admin/").url


def test_a_staff_session_is_nothing_at_a_vendor(as_superuser, alice):
    assert not is_signed_in(copy_cookies(as_superuser, "acme.test"))


def test_signing_in_throws_the_old_session_away(alice, bob, at_acme):
    at_acme.cookies[settings.SESSION_COOKIE_NAME] = "chosen-by-an-attacker"
    at_acme.post("/sign-in/", {"email": "alice@example.com"})
    at_acme.post(link_in(newest()))
    first = at_acme.cookies[settings.SESSION_COOKIE_NAME].value
    at_acme.post("/sign-in/", {"email": "bob@example.com"})
    at_acme.post(link_in(newest()))
    second = at_acme.cookies[settings.SESSION_COOKIE_NAME].value

    assert len({"chosen-by-an-attacker", first, second}) == 3
    assert not Session.objects.filter(session_key=first).exists()


def test_signing_in_renews_the_token_of_forms(alice, acme):
    browser = HubClient(acme.host, enforce_csrf_checks=True)
    before = browser.get("/").cookies[settings.CSRF_COOKIE_NAME].value
    headers = {"host": "acme.test", "referer": "https://acme.test/", "X-CSRFToken": before}
    browser.post("/sign-in/", {"email": "alice@example.com"}, headers=headers)
    browser.post(link_in(newest()), headers=headers)

    assert is_signed_in(browser)
    assert browser.cookies[settings.CSRF_COOKIE_NAME].value != before


def test_a_link_that_is_open_in_two_tabs_lets_in_from_both(alice, acme):
    browser, link = HubClient(acme.host, enforce_csrf_checks=True), "/sign-in/no-such-link/"
    token = str(browser.get("/").context["csrf_token"])
    form, headers = {"csrfmiddlewaretoken": token}, {"referer": "https://acme.test/"}
    expired = browser.post(link, {"csrfmiddlewaretoken": "x" * 64}, headers=headers)
    browser.post("/sign-in/", form | {"email": "alice@example.com"}, headers=headers)
    link = link_in(newest())
    first, second = (
        {"csrfmiddlewaretoken": str(browser.get(link).context["csrf_token"])} for _tab in range(2)
    )
    browser.post(link, first, headers=headers)

    answer = browser.post(link, second, headers=headers, follow=True)

    assert "This form has expired" in expired.text
    assert answer.redirect_chain == [("/", 302)]
    assert "Hello Alice" in answer.text


def test_signing_out_ends_every_session_of_the_customer_and_nobody_elses(alice, bob):
    here, phone, bobs = signed_in(alice), signed_in(alice), signed_in(bob)

    answer = here.post("/sign-out/", follow=True)

    assert "You are signed out, on all your devices." in answer.text
    assert [is_signed_in(client) for client in (here, phone, bobs)] == [False, False, True]
    assert is_signed_in(signed_in(alice)), "and one may come back"


def test_a_link_on_some_page_signs_nobody_out(as_alice):
    assert as_alice.get("/sign-out/").status_code == 405
    assert is_signed_in(as_alice)


@pytest.mark.parametrize(
    ("began", "used", "lasts"),
    [
        (timedelta(days=13, hours=23), timedelta(), True),
        (timedelta(days=14), timedelta(), False),
        (timedelta(days=8), timedelta(days=6, hours=23), True),
        (timedelta(days=8), timedelta(days=7), False),
    ],
)
def test_a_session_ends_after_fourteen_days_or_seven_unused(acme, as_alice, began, used, lasts):
    with vendor_scope(acme):
        CustomerSession.objects.update(signed_in_at=now() - began, seen_at=now() - used)

    assert is_signed_in(as_alice) == lasts


@pytest.mark.parametrize(
    ("limit", "moment"), [("idle_hours", "seen_at"), ("session_hours", "signed_in_at")]
)
def test_a_vendor_may_shorten_both(acme, as_alice, limit, moment):
    Vendor.objects.update(**{limit: 1})
    for ago, lasts in ((timedelta(minutes=59), True), (timedelta(hours=1), False)):
        with vendor_scope(acme):
            CustomerSession.objects.update(**{moment: now() - ago})

        assert is_signed_in(as_alice) == lasts


def test_when_and_from_where_it_was_last_used_is_kept(acme, as_alice):
    with vendor_scope(acme):
        CustomerSession.objects.update(seen_at=now() - timedelta(hours=1))
    as_alice.get("/documents/", headers={"user-agent": "Something New"})

    with vendor_scope(acme):
        row = CustomerSession.objects.get()
    assert now() - row.seen_at < timedelta(minutes=1)
    assert (row.user_agent, row.client) == ("Something New", "127.0.0.1")


def test_a_customer_who_is_gone_has_no_session(acme):
    eve = make_customer(acme, "Eve")
    client = signed_in(eve)
    with vendor_scope(acme):
        eve.delete()

    assert not is_signed_in(client)


def test_the_cookie_is_for_this_host_and_no_script(alice, at_acme):
    at_acme.post("/sign-in/", {"email": "alice@example.com"})
    cookie = at_acme.post(link_in(newest())).cookies[settings.SESSION_COOKIE_NAME]

    assert cookie.key == "__Host-hub"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["domain"], cookie["path"]) == ("", "/")


def test_a_stranger_gets_no_session(at_acme):
    at_acme.get("/")
    at_acme.post("/sign-in/", {"email": "nobody@example.com"})
    at_acme.get("/sign-in/sent/")

    assert settings.SESSION_COOKIE_NAME not in at_acme.cookies
    assert not Session.objects.exists()


def test_private_pages_are_kept_by_no_cache(as_alice, at_acme):
    for client, path in ((as_alice, "/"), (as_alice, "/nothing-here/"), (at_acme, "/documents/")):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_pages_of_the_door_are_kept_by_no_cache(at_acme):
    for path in ("/", "/updateinfo/", "/sign-in/sent/", "/sign-in/unknown/"):
        assert "no-store" in at_acme.get(path).headers["Cache-Control"]


def test_sessions_that_have_run_out_are_forgotten(as_alice, as_bob):
    kept = as_bob.cookies[settings.SESSION_COOKIE_NAME].value
    Session.objects.exclude(pk=kept).update(expire_date=now() - timedelta(days=1))

    prune_sessions.func()

    assert [session.pk for session in Session.objects.all()] == [kept]


def test_sessions_nobody_used_for_a_month_are_forgotten(acme, as_alice, as_bob, alice):
    with vendor_scope(acme):
        alice.sessions.update(seen_at=now() - timedelta(days=31))
    prune_sessions.func()

    with vendor_scope(acme):
        assert {row.customer.name for row in CustomerSession.objects.all()} == {"Bob"}
