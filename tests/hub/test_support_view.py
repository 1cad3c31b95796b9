"""Support looks at a customer's hub: where the vendor allows it, read only, and told to all."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine

from accounts.middleware import MACHINE_PATHS
from accounts.models import AuditEntry, Customer, SupportView, TeamMember, User, Vendor
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, signed_in, staff
from tests.factories import make_user
from tests.hub.admin.conftest import admin_url
from tests.safety.world import make_world, routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(acme: Vendor) -> Vendor:
    acme.support_may_view = True
    acme.save()
    return acme


def ask(browser: HubClient, customer: Customer) -> str:
    page = browser.post(admin_url("accounts_customer_view_as", customer.pk)).content.decode()
    return re.search(r'name="token" value="([^"]+)"', page)[1]


def begin(vendor: Vendor, token: str, **environment: Any) -> tuple[HubClient, Any]:
    """As the form on the admin's host does it."""
    browser = HubClient(vendor.host, enforce_csrf_checks=True)
    headers = {"origin": "https://hub.test"}
    answer = browser.post("/support-view/", {"token": token}, headers=headers, **environment)
    return browser, answer


@pytest.fixture
def viewing(as_support: HubClient, alice: Customer) -> HubClient:
    browser, answer = begin(alice.vendor, ask(as_support, alice))
    assert answer.url == "/"
    browser.handler.enforce_csrf_checks = False
    return browser


def test_support_sees_what_the_customer_sees_marked_as_such(
    viewing: HubClient, alice: Customer
) -> None:
    page = viewing.get("/").text
    assert "Language Lab: Italian" in page
    assert re.search(r"You are viewing as\s+<strong><bdi>Alice</bdi></strong>, read only", page)
    for path in ("/documents/", "/profile/", "/profile/activity/"):
        answer = viewing.get(path)
        assert "You are viewing as" in answer.text
        assert "no-store" in answer["Cache-Control"]


def test_nothing_that_changes_passes(viewing: HubClient, alice: Customer) -> None:
    """Nor a page on which Stripe would be asked, nor everything in one file. Machines have no
    session that could be a view: what they post is known by its signature."""
    with vendor_scope(alice.vendor):
        own = str(alice.subscriptions.get().pk)
    filled = {"uuid": own, "int": "2025", "slug": "x", "str": "x"}
    paths = [
        "/" + re.sub(r"<(\w+):\w+>", lambda found: filled[found[1]], route)
        for route in routes("config.urls")
        if not route.startswith("support-view/") and f"/{route}" not in MACHINE_PATHS
    ]
    assert len(paths) > 30
    for path in paths:
        for method in ("post", "put", "patch", "delete"):
            # A webhook looks at Stripe's signature, and at nobody's session.
            is_machines = method == "post" and path in MACHINE_PATHS
            refusal = 404 if is_machines else 403
            assert getattr(viewing, method)(path).status_code == refusal, (method, path)
    for path in ("/card/", "/documents/2025.csv", "/documents/2025.zip", "/card/pay/"):
        refused = viewing.get(path)
        assert refused.status_code == 403
        assert "nothing was changed" in refused.text


def test_no_page_offers_what_would_be_refused(as_support: HubClient, support: User) -> None:
    """Neither a button that sends something nor a link to a closed page, in any state."""
    world = make_world("Words", "word", support_may_view=True)
    TeamMember.objects.create(vendor=world.vendor, user=support)
    viewing, _answer = begin(world.vendor, ask(as_support, world.customer))
    viewing.handler.enforce_csrf_checks = False
    with vendor_scope(world.vendor):
        own = [f"/subscriptions/{row.pk}/" for row in world.customer.subscriptions.all()]
    seen, todo, refused = set(), ["/", "/profile/", "/profile/activity/", "/documents/", *own], []
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = viewing.get(path)
        if answer.status_code == 403:
            refused.append(path)
        if "html" not in answer["Content-Type"]:
            continue
        # All but the way out, which stands above everything.
        body = answer.text.partition("</aside>")[2]
        refused += [(path, form) for form in re.findall(r'<form[^>]*method="post"[^>]*>', body)]
        links = {unescape(link).partition("#")[0] for link in re.findall(r' href="(/[^"]*)"', body)}
        todo += [link for link in links if link not in seen and not link.startswith("/static/")]
    assert len(seen) > 12
    # The details' own form is there to be read, and has no button to send it.
    assert [form for form in refused if form[0] != "/profile/"] == []
    assert len(refused) == 1
    profile = viewing.get("/profile/").text
    assert '<fieldset class="fields" disabled>' in profile
    assert "Save changes" not in profile
    own_page = signed_in(world.customer).get("/profile/").text
    assert "Save changes" in own_page
    assert 'action="/language/"' in own_page


def test_it_is_recorded_and_the_customer_is_told(
    viewing: HubClient, alice: Customer, support: User
) -> None:
    with vendor_scope(alice.vendor):
        entry = AuditEntry.objects.get(action="support_viewed")
        assert (entry.customer, entry.by_user, entry.by_customer) == (alice, support, False)
    assert "Support looked at your hub" in signed_in(alice).get("/profile/activity/").text


def test_the_way_in_works_once_and_soon_and_there_alone(
    as_support: HubClient, alice: Customer, globex: Vendor
) -> None:
    token = ask(as_support, alice)
    with vendor_scope(alice.vendor):
        assert token not in str(SupportView.objects.values())
    assert begin(globex, token)[1].status_code == 410
    assert begin(alice.vendor, token, REMOTE_ADDR="203.0.113.9")[1].status_code == 410
    assert begin(alice.vendor, token)[1].status_code == 302
    assert begin(alice.vendor, token)[1].status_code == 410
    assert begin(alice.vendor, "")[1].status_code == 410

    late = ask(as_support, alice)
    with time_machine.travel(timedelta(seconds=61)):
        assert begin(alice.vendor, late)[1].status_code == 410


def test_it_ends_by_the_button_or_after_half_an_hour(
    viewing: HubClient, as_support: HubClient, alice: Customer
) -> None:
    viewing.post("/support-view/end/", follow=True)
    assert "Alice" not in viewing.get("/").text

    later, _ = begin(alice.vendor, ask(as_support, alice))
    with time_machine.travel(timedelta(minutes=29)):
        assert "You are viewing as" in later.get("/").text
    with time_machine.travel(timedelta(minutes=31)):
        assert "You are viewing as" not in later.get("/").text


@pytest.mark.parametrize(
    "change", ["switched off", "out of the team", "another role", "made inactive"]
)
def test_it_ends_when_it_is_no_longer_allowed(
    change: str, viewing: HubClient, acme: Vendor, support: User
) -> None:
    match change:
        case "switched off":
            Vendor.objects.update(support_may_view=False)
        case "out of the team":
            TeamMember.objects.filter(user=support).delete()
        case "another role":
            TeamMember.objects.filter(user=support).update(role="read_only")
        case "made inactive":
            User.objects.filter(pk=support.pk).update(is_active=False)
    assert "You are viewing as" not in viewing.get("/").text


def test_only_owners_and_support_are_offered_it(acme: Vendor, alice: Customer) -> None:
    url = admin_url("accounts_customer_view_as", alice.pk)
    expected = {"owner": 200, "support": 200, "read_only": 403, "settings": 404}
    for role, status in expected.items():
        browser = staff(make_user(f"{role}@team.example", vendor=acme, role=role))
        assert browser.get(url).status_code == status
        assert browser.post(url).status_code == status
        page = browser.get(admin_url("accounts_customer_change", alice.pk), follow=True).text
        assert ("View as customer" in page) == (status == 200)


def test_where_the_vendor_has_not_switched_it_on_nobody_can(
    as_superuser: HubClient, as_support: HubClient, alice: Customer
) -> None:
    """Nor an operator who is not in the team, even where it is on."""
    url = admin_url("accounts_customer_view_as", alice.pk)
    assert as_superuser.post(url).status_code == 403
    Vendor.objects.update(support_may_view=False)
    assert as_support.post(url).status_code == 403


def test_the_form_that_hands_over_may_lead_to_the_vendors_host_alone(
    as_support: HubClient, alice: Customer
) -> None:
    answer = as_support.post(admin_url("accounts_customer_view_as", alice.pk))
    assert "form-action https://acme.test;" in answer["Content-Security-Policy"] + ";"
    assert "no-store" in answer["Cache-Control"]
