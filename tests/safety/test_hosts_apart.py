"""What a browser got at one host is worth nothing at another, and nobody keeps it on the way."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import resolve

from accounts.access import is_public
from accounts.models import Customer, User, Vendor, VendorDomain
from accounts.models.vendors import logo_path
from accounts.tenancy import vendor_scope
from invoices.models import Document, pdf_path
from tests.clients import PLATFORM, HubClient, signed_in, staff
from tests.factories import make_customer, make_document, make_subscription, make_user
from tests.figures import Report
from tests.safety.world import HUB, make_world, routes
from tests.safety.world import PLATFORM as PLATFORM_URLS

ACMES_OWN, GLOBEXS_OWN = "portal.acme.example", "portal.globex.example"


def serve_at(vendor: Vendor, name: str) -> None:
    with vendor_scope(vendor):
        VendorDomain.objects.create(vendor=vendor, name=name, verified_at="2026-01-01T00:00:00Z")


def carrying(cookies: SimpleCookie, host: str) -> HubClient:
    """Another host's cookies, put there by hand: no browser would send them."""
    client = HubClient(host)
    client.cookies = SimpleCookie({name: each.value for name, each in cookies.items()})
    return client


def test_cookies_of_one_host_make_nobody_known_at_another(
    globex: Vendor, carol: Customer, owner: User, report: Report
) -> None:
    acme = owner.vendors()[0]  # type: ignore[index]
    alice = alice_of(acme)
    serve_at(globex, GLOBEXS_OWN)
    as_alice, as_owner = signed_in(alice), staff(owner)
    assert alice.email in as_alice.get("/profile/").text
    private = [f"/{route}" for route in routes(HUB) if "<" not in route and is_private(route)]

    asked, known = 0, []
    for client, own in ((as_alice, "acme.test"), (as_owner, PLATFORM)):
        for host in ("acme.test", "globex.test", GLOBEXS_OWN, PLATFORM):
            if host == own:
                continue
            for path in [*private, "/admin/", "/admin/accounts/customer/"]:
                answer = carrying(client.cookies, host).get(path)
                asked += 1
                if answer.status_code == 200 and not is_door(answer.text):
                    known.append((host, path))
                assert "alice@example.com" not in answer.text
    assert known == []
    report(f"{asked} pages asked with another host's cookies: {len(known)} knew somebody")


def alice_of(vendor: Vendor) -> Customer:
    customer = make_customer(vendor, "Alice")
    make_subscription(customer)
    return customer


def is_private(route: str) -> bool:
    return not is_public(resolve(f"/{route}", HUB).func)


def is_door(page: str) -> bool:
    """Where a stranger is asked for an address: the root of a vendor's host."""
    return 'name="email"' in page


def test_no_cookie_is_for_more_than_its_host(alice: Customer, owner: User) -> None:
    serve_at(alice.vendor, ACMES_OWN)
    answers = []
    for host in ("acme.test", ACMES_OWN):
        browser = HubClient(host)
        answers += [
            browser.get("/"),
            browser.post("/sign-in/", {"email": alice.email}),
            browser.post("/language/", {"language": "de"}),
        ]
    answers.append(HubClient(PLATFORM).get("/admin/login/", follow=True))
    morsels = [each for answer in answers for each in answer.cookies.values()]

    assert {each.key for each in morsels} >= {"__Host-csrf", "__Host-browser", "__Host-language"}
    for each in morsels:
        assert each.key.startswith("__Host-")
        assert (each["domain"], each["path"], each["secure"]) == ("", "/", True)


def test_no_private_page_is_kept_by_anybody(db: None, report: Report) -> None:
    """Whatever it answers: found, not found, moved, refused."""
    world = make_world("Acme", "word")
    client, stranger = signed_in(world.customer), HubClient("acme.test")
    kept, asked = [], 0
    for path in world.paths(HUB):
        if is_public(resolve(path, HUB).func):
            continue
        for browser in (client, stranger):
            answer = browser.get(path)
            asked += 1
            if "no-store" not in answer.headers["Cache-Control"]:
                kept.append(path)
    assert kept == []
    report(f"{asked} answers of private pages, {len(kept)} without no-store")


@pytest.mark.parametrize("who", ["superuser", "owner", "newcomer", "stranger"])
def test_no_page_of_the_platform_is_kept_by_anybody(who: str, db: None, report: Report) -> None:
    """Secrets of second factors and customers' data stand there."""
    world = make_world("Acme", "word")
    user = User.objects.create_superuser("root@hub.example")
    if who != "superuser":
        user = make_user("owner@acme.example", vendor=world.vendor)
    browser = staff(user, proved="password" if who == "newcomer" else "mfa")
    if who == "stranger":
        browser = HubClient(PLATFORM)
    browser.raise_request_exception = False
    answers = {path: browser.get(path) for path in [*world.paths(PLATFORM_URLS), "/nowhere"]}

    kept = [path for path, answer in answers.items() if not is_never_kept(answer)]
    assert kept == []
    assert answers["/admin/second-factor/"].status_code == (302 if who == "stranger" else 200)
    report(f"{len(answers)} answers of the platform to {who}, {len(kept)} without no-store")


def is_never_kept(answer: Any) -> bool:
    rules = answer.headers.get("Cache-Control", "").replace(" ", "").split(",")
    return {"private", "no-store"} <= set(rules)


def test_what_one_vendors_page_keeps_no_other_comes_upon(acme: Vendor, globex: Vendor) -> None:
    with vendor_scope(acme):
        cache.set("greeting", "Acme's")
    with vendor_scope(globex):
        assert cache.get("greeting") is None
        cache.set("greeting", "Globex's")
        cache.delete("greeting")
    for everybody in (None, [acme, globex]):
        with vendor_scope(everybody):
            assert cache.get("greeting") is None
    assert cache.get("greeting") is None
    with vendor_scope(acme):
        assert cache.get("greeting") == "Acme's"


def test_a_session_in_a_shared_cache_ends_where_staff_end_it(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staff work in the scope of their vendors, and sign out within it."""
    monkeypatch.setattr(settings, "SESSION_ENGINE", "django.contrib.sessions.backends.cached_db")
    client = staff(owner)
    stolen = carrying(client.cookies, PLATFORM)
    assert client.get("/admin/accounts/customer/").status_code != 404

    client.post("/admin/logout/")

    assert stolen.get("/admin/accounts/customer/").status_code == 302


def test_each_vendors_files_have_a_folder_of_its_own(alice: Customer, carol: Customer) -> None:
    for customer in (alice, carol):
        document = make_document(customer)
        assert isinstance(document, Document)
        assert pdf_path(document, "x").startswith(f"vendors/{customer.vendor_id}/")
        assert logo_path(customer.vendor, "../../x").startswith(f"vendors/{customer.vendor_id}/")
