"""An owner connects the vendor's account on Stripe's own pages, and is told how it went."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe as sdk
from bs4 import BeautifulSoup

from accounts.models import AuditEntry, Customer, TeamMember, Vendor
from accounts.tenancy import vendor_scope
from billing.management.commands import stripe_sandbox
from billing.models import Failure, Onboarding, StripeAccount, StripeEvent
from billing.sandbox import hosted, onboarding
from billing.sandbox.machine import Sandbox
from billing.sandbox.pages import Pages
from billing.sandbox.transport import InProcessHTTPClient
from billing.sandbox.web import Request
from tests.billing.plugin import post
from tests.clients import HubClient, staff
from tests.factories import make_stripe_account, make_user
from tests.hub.admin.conftest import admin_url

pytestmark = pytest.mark.django_db

EVENTS: Any = ["account.updated", "account.application.deauthorized", "customer.created"]


@pytest.fixture(autouse=True)
def platform(sandbox: Sandbox, settings: Any) -> sdk.V1Services:
    """The operator's platform, with its endpoint for connected accounts."""
    settings.STRIPE_PLATFORM_SECRET_KEY = "sk_test_platform_1"
    settings.STRIPE_PLATFORM_PUBLISHABLE_KEY = "pk_test_platform_1"
    client = sdk.StripeClient("sk_test_platform_1", http_client=InProcessHTTPClient(sandbox)).v1
    endpoint = client.webhook_endpoints.create(
        {"url": "https://hub.test/billing/webhook/", "enabled_events": EVENTS, "connect": True}
    )
    settings.STRIPE_PLATFORM_WEBHOOK_SECRET = endpoint.secret
    return client


class Browser:
    """An owner between the admin and Stripe's page."""

    def __init__(self, client: HubClient, vendor: Vendor, sandbox: Sandbox) -> None:
        self.client = client
        self.vendor = vendor
        self.sandbox = sandbox

    def address(self, name: str) -> str:
        return admin_url(f"accounts_vendor_{name}", self.vendor.pk)

    def connect(self, **form: str) -> str:
        """Press the button: Stripe's page, or the admin's words."""
        answer = self.client.post(self.address("connect"), form, follow=True)
        refresh = answer.headers.get("Refresh")
        return refresh.removeprefix("0; url=") if refresh else text_of(answer)

    def at_stripe(self, link: str, outcome: str | None = None) -> str:
        """Where Stripe's page leads; with no outcome it is only looked at."""
        target = link.removeprefix("https://connect.stripe.com")
        method = "POST" if outcome else "GET"
        body = f"outcome={outcome}".encode() if outcome else b""
        reply = hosted.fill_in(
            self.sandbox, Request(method=method, target=target, headers={}, body=body)
        )
        ahead = reply.headers.get("Refresh", "").removeprefix("0; url=")
        return reply.headers.get("Location", ahead)

    def follow(self, url: str) -> str:
        return text_of(self.client.get(url.removeprefix("https://hub.test"), follow=True))

    def page(self) -> str:
        return text_of(self.client.get(self.address("stripe")))


def text_of(answer: Any) -> str:
    return " ".join(BeautifulSoup(answer.content, "html.parser").get_text(" ").split())


@pytest.fixture
def at_admin(as_owner: HubClient, acme: Vendor, sandbox: Sandbox) -> Browser:
    return Browser(as_owner, acme, sandbox)


@pytest.fixture
def account(at_admin: Browser) -> str:
    """Acme's account, connected."""
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "complete"))
    key = used(at_admin.vendor)
    assert key.startswith("acct_")
    return key


def used(vendor: Vendor) -> str:
    with vendor_scope(vendor):
        account = StripeAccount.objects.first()
        return account.connected_account_id if account else ""


def bring(sandbox: Sandbox, callbacks: Any) -> None:
    """The events that Stripe has for the platform, handled without a failure."""
    with callbacks(execute=True):
        sandbox.deliver_pending(post)
    with vendor_scope(None):
        assert [event.failure for event in StripeEvent.objects.exclude(failure="")] == []


def test_the_way_there_and_back(at_admin: Browser, acme: Vendor, sandbox: Sandbox) -> None:
    assert "Connect with Stripe" in at_admin.page()
    link = at_admin.connect()
    assert at_admin.at_stripe(link) == ""
    back = at_admin.at_stripe(link, "complete")
    assert "Your account is connected." in at_admin.follow(back)
    [made] = [entry for entry in sandbox.ledger if entry.path == "/v1/accounts"]
    with vendor_scope(acme):
        row = Onboarding.objects.get()
    assert made.idempotency_key == f"{row.pk}:{row.begun_by_id}"
    assert used(acme) == row.account_id
    assert f"Account {row.account_id} is connected." in at_admin.page()


def test_who_has_customers_by_keys_is_told_what_becomes_of_them(
    at_admin: Browser, acme: Vendor, alice: Customer
) -> None:
    warning = "nothing of it can be changed here any more"
    assert warning not in at_admin.page()
    make_stripe_account(acme)
    assert warning in at_admin.page()


def test_who_leaves_goes_on_where_they_were(
    at_admin: Browser, acme: Vendor, sandbox: Sandbox
) -> None:
    back = at_admin.at_stripe(at_admin.connect(), "leave")
    assert "Stripe's pages are unfinished." in at_admin.follow(back)
    page = at_admin.page()
    for wanted in ("a bank account", "the kind of business", "acceptance of Stripe's terms"):
        assert page.count(wanted) == 1
    assert used(acme) == ""
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "document"))
    assert "a document that proves who someone is" in at_admin.page()
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "complete"))
    assert used(acme)
    assert len([entry for entry in sandbox.ledger if entry.path == "/v1/accounts"]) == 1


def test_a_link_that_was_used_leads_back_to_the_button(at_admin: Browser) -> None:
    link = at_admin.connect()
    at_admin.at_stripe(link)
    assert "Press the button again." in at_admin.follow(at_admin.at_stripe(link))


def test_an_account_that_stripe_checks_is_used_when_the_event_says_so(
    at_admin: Browser, acme: Vendor, sandbox: Sandbox, django_capture_on_commit_callbacks: Any
) -> None:
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "document"))
    [onboarded] = [key for key in sandbox.accounts() if key not in ("acct_platform", "acct_acme")]
    sandbox.at(onboarded, lambda account: onboarding.fill_in(account, "complete"))
    bring(sandbox, django_capture_on_commit_callbacks)
    assert used(acme) == onboarded


def test_keys_stay_in_use_until_the_account_can_take_payments(
    at_admin: Browser, acme: Vendor
) -> None:
    make_stripe_account(acme, secret_key="sk_test_acme_own")
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "document"))
    with vendor_scope(acme):
        assert StripeAccount.objects.get().key == "sk_test_acme_own"
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "complete"))
    with vendor_scope(acme):
        saved = StripeAccount.objects.get()
    assert (saved.secret_key, saved.key) == ("", "sk_test_platform_1")


def test_disconnected_at_stripe_means_no_call_any_more(
    account: str,
    at_admin: Browser,
    acme: Vendor,
    sandbox: Sandbox,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sandbox.at(account, onboarding.disconnect)
    bring(sandbox, django_capture_on_commit_callbacks)
    assert used(acme) == ""
    with vendor_scope(acme):
        assert Failure.objects.get().code == "account_invalid"
        assert AuditEntry.objects.filter(action="stripe_disconnected").count() == 1
        assert not Onboarding.objects.exists()


def test_a_false_alarm_disconnects_nothing(
    account: str, acme: Vendor, sandbox: Sandbox, django_capture_on_commit_callbacks: Any
) -> None:
    """An event is a hint: Stripe still lets the platform act for the account."""
    alarm = {"id": "ca_1", "object": "application"}
    sandbox.at(account, lambda found: found.emit("account.application.deauthorized", alarm))
    bring(sandbox, django_capture_on_commit_callbacks)
    assert used(acme) == account


def test_disconnected_here_it_stays_at_stripe_and_comes_back_at_a_press(
    account: str, at_admin: Browser, acme: Vendor, sandbox: Sandbox
) -> None:
    answer = at_admin.client.post(at_admin.address("disconnect"), follow=True)
    assert "acts for this account no more" in text_of(answer)
    assert used(acme) == ""
    assert "Your account is connected." in at_admin.connect()
    assert used(acme) == account


def test_what_one_began_another_takes_over_on_purpose_only(
    at_admin: Browser, acme: Vendor, sandbox: Sandbox
) -> None:
    back = at_admin.at_stripe(at_admin.connect(), "complete")
    paula = Browser(staff(make_user("paula@acme.example", vendor=acme)), acme, sandbox)
    assert "You have not begun" in paula.follow(back)
    assert used(acme) == ""
    assert "An account is being connected by owner@acme.example." in paula.connect()
    assert "Take over" in str(paula.client.get(paula.address("stripe")).content)
    assert "Your account is connected." in paula.connect(take_over="1")


def test_it_is_an_owners_business_and_one_vendors(
    team: dict[str, HubClient], at_admin: Browser, globex: Vendor, sandbox: Sandbox
) -> None:
    at_admin.connect()
    asked = len(sandbox.ledger)
    stranger = staff(make_user("owner@globex.example", vendor=globex))
    others = [(team[role], 403) for role in TeamMember.Role.values if role != "owner"]
    for client, status in [*others, (stranger, 404)]:
        for name in ("connect", "disconnect"):
            assert client.post(at_admin.address(name)).status_code == status
        assert client.get(at_admin.address("connected")).status_code == status
    assert len(sandbox.ledger) == asked


def test_a_refusal_is_told_in_words(at_admin: Browser, acme: Vendor, settings: Any) -> None:
    settings.STRIPE_PLATFORM_SECRET_KEY = "sk_test_platform_revoked"
    assert "Stripe did not open its page: Expired API Key" in at_admin.connect()
    with vendor_scope(acme):
        assert Onboarding.objects.get().account_id == ""


def test_without_a_platform_there_is_no_button(at_admin: Browser, settings: Any) -> None:
    settings.STRIPE_PLATFORM_SECRET_KEY = ""
    assert "Connect with Stripe" not in at_admin.page()


def test_what_is_bought_at_a_connected_account_stands_in_the_hub(
    sandbox: Sandbox,
    settings: Any,
    acme: Vendor,
    as_owner: HubClient,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """As in the demo: the platform's secret is known before there is an endpoint, and the account
    has something on offer as soon as its owner has filled it in."""
    settings.STRIPE_PLATFORM_SECRET_KEY = "sk_test_stage_demo"
    settings.STRIPE_PLATFORM_WEBHOOK_SECRET = "whsec_stage"
    for _start in range(2):
        stripe_sandbox._tell_the_platform(sandbox)
    assert len(sandbox.objects("acct_stage", "webhook_endpoint")) == 1
    at_admin = Browser(as_owner, acme, sandbox)
    at_admin.follow(at_admin.at_stripe(at_admin.connect(), "complete"))
    pages = Pages(sandbox, hub_url_template="http://{account}.elsewhere.test/")
    shop = f"/accounts/{used(acme)}/"
    offers = pages(Request(method="GET", target=shop, headers={}, body=b"")).body.decode()
    [price] = re.findall(r'value="(once:price_\w+)"', offers)[:1]

    form = {"offer": price, "name": "Dana", "email": "dana@example.com", "country": "IE"}
    form["card"] = "pm_card_visa"
    bought = pages(
        Request(method="POST", target=f"{shop}buy/", headers={}, body=urlencode(form).encode())
    )
    said = pages(
        Request(method="GET", target=bought.headers["Location"], headers={}, body=b"")
    ).body.decode()
    bring(sandbox, django_capture_on_commit_callbacks)

    assert 'href="https://acme.test/"' in said
    with vendor_scope(acme):
        assert list(Customer.objects.values_list("name", flat=True)) == ["Dana"]
    assert "acct_stage" not in said
