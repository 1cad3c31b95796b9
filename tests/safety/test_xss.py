"""What vendors and customers type runs nowhere: seen in a real browser, with the policy on."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from contextvars import copy_context
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.template.loader import get_template
from django.utils.csp import build_policy
from playwright.sync_api import BrowserContext, Dialog, Page, Route

from accounts import mail
from accounts.models import PolicyReport
from accounts.services import audit
from accounts.tenancy import vendor_scope
from billing.sandbox.machine import Sandbox
from tests.accounts.mailbox import html_of
from tests.clients import PLATFORM, HubClient, signed_in, staff
from tests.factories import make_user
from tests.figures import Report
from tests.journeys.conftest import browser_type_launch_args  # noqa: F401  Debian's Chromium
from tests.safety.world import CORPUS, World, make_world, say

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("journeys")]

TELL = (
    "addEventListener('securitypolicyviolation', e => console.log('BREACH', e.violatedDirective))"
)
SETTLED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))"
BARE = "bare.test"
"""A host whose pages are given as they are: for mails, which no policy of ours protects."""


class Watch:
    """A browser whose every request Django's test client answers, and what went wrong in it."""

    def __init__(self, context: BrowserContext, browsers: dict[str, HubClient]) -> None:
        self.browsers, self.bare = browsers, ("", "")
        self.dialogs: list[str] = []
        self.breaches: list[str] = []
        self.strays: list[str] = []
        self.pages = 0
        self._files: dict[str, bytes] = {}
        context.add_init_script(TELL)
        # Playwright calls from a context of its own, where Django would open another connection.
        home = copy_context()
        context.route("**/*", lambda route: home.copy().run(self._answer, route))
        self.page: Page = context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda said: self._console(said.text))

    def open(self, host: str, path: str) -> None:
        """Counts as open once everything that would run by itself has had its turn."""
        self.now = f"{host}{path}"
        answer = self.page.goto(f"https://{host}{path}")
        assert answer, self.now
        assert answer.ok, self.now
        self.page.evaluate(SETTLED)
        self.pages += 1

    def show(self, html: str, policy: str = "") -> None:
        self.bare = (html, policy)
        self.open(BARE, "/")

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(self.now)
        dialog.dismiss()

    def _console(self, text: str) -> None:
        if text.startswith("BREACH"):
            self.breaches.append(f"{self.now} {text}")

    def _answer(self, route: Route) -> None:
        asked = urlsplit(route.request.url)
        path = f"{asked.path}?{asked.query}" if asked.query else asked.path
        if asked.hostname == BARE and asked.path == "/":
            policy = {"Content-Security-Policy": self.bare[1]} if self.bare[1] else {}
            headers = {"Content-Type": "text/html; charset=utf-8", **policy}
            route.fulfill(body=self.bare[0], headers=headers)
        elif asked.path.startswith("/static/"):
            content_type = mimetypes.guess_type(asked.path)[0] or "text/plain"
            route.fulfill(body=self._file(asked.path), content_type=content_type)
        elif client := self.browsers.get(asked.hostname or ""):
            answer = client.generic(route.request.method, path, route.request.post_data or "")
            assert answer.status_code != 500, path
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=body)
        else:
            self.strays.append(f"{self.now} asked for {route.request.url}")
            route.abort()

    def _file(self, path: str) -> bytes:
        if path not in self._files:
            answer = next(iter(self.browsers.values())).get(path)
            self._files[path] = b"".join(answer.streaming_content) if answer.streaming else b""
        return self._files[path]


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return make_world("Acme", "watercolour")


@pytest.fixture
def watch(new_context: Callable[[], BrowserContext], world: World) -> Watch:
    owner = make_user("owner@acme.example", vendor=world.vendor)
    browsers = {"acme.test": signed_in(world.customer), PLATFORM: staff(owner)}
    return Watch(new_context(), browsers)


def pages_of(world: World) -> list[tuple[str, str]]:
    values, rows = world.values, world.records
    return [
        *(("acme.test", path) for path in ("/", "/documents/", "/profile/", "/profile/activity/")),
        ("acme.test", f"/subscriptions/{values['subscription_id']}/"),
        ("acme.test", f"/documents/{values['document_id']}/"),
        (PLATFORM, f"/admin/accounts/vendor/{world.vendor.pk}/change/"),
        (PLATFORM, urlsplit(rows.url("accounts_customer")).path),
        (PLATFORM, urlsplit(rows.url("billing_transaction")).path),
        (PLATFORM, urlsplit(rows.url("billing_failure")).path),
        (PLATFORM, "/admin/accounts/auditentry/"),
    ]


def walk(watch: Watch, world: World, texts: list[str]) -> None:
    """Each text in every field, then every kind of page and a mail."""
    for text in texts:
        say(world.vendor, text)
        with vendor_scope(world.vendor):
            audit.record("signed_in", customer=world.customer, subject=text, detail={text: text})
        for host, path in pages_of(world):
            watch.open(host, path)
        watch.show(a_mail(world))


def a_mail(world: World) -> str:
    """The receipt's, with the vendor's message; to an address that can be written to."""
    world.vendor.refresh_from_db()
    world.customer.refresh_from_db()
    world.vendor.support_email = "help@acme.example"
    with vendor_scope(world.vendor):
        document = world.records.rows["invoices_document"]
        document.refresh_from_db()
        mail.send(
            "receipt",
            vendor=world.vendor,
            to="alice@example.com",
            customer=world.customer,
            context={"document": document, "door_url": world.vendor.origin},
        )
    return str(html_of(outbox.outbox.pop()))


def assert_silence(watch: Watch, report: Report, texts: list[str]) -> None:
    assert watch.dialogs == []
    assert watch.breaches == []
    assert watch.strays == []
    assert not PolicyReport.objects.exists()
    report(f"{len(texts)} strings on {watch.pages} pages and mails: 0 dialogs, 0 policy reports")


def test_a_handful_of_attacks_in_every_field_stay_text(
    watch: Watch, world: World, report: Report
) -> None:
    texts = ['"><script>alert(1)</script>', "'-alert(1)-' <img src=x onerror=alert(1)>"]
    walk(watch, world, texts)

    assert_silence(watch, report, texts)


@pytest.mark.slow
def test_two_hundred_attacks_in_every_field_stay_text(
    watch: Watch, world: World, report: Report
) -> None:
    assert len(set(CORPUS)) == 200
    walk(watch, world, CORPUS)

    assert_silence(watch, report, CORPUS)


def test_the_browser_would_tell(watch: Watch, report: Report) -> None:
    """What is watched for is seen when it happens, and the policy alone would stop it as well."""
    shape = get_template("problem.html").render({"words": "HERE"})
    policy = build_policy(settings.SECURE_CSP)
    for text in CORPUS[::10]:
        watch.show(shape.replace("HERE", text))
    fired = len(watch.dialogs)
    watch.dialogs.clear()
    for text in CORPUS[::10]:
        watch.show(shape.replace("HERE", text), policy)

    assert fired >= 5
    assert watch.dialogs == []
    assert len(watch.breaches) >= 5
    report(
        f"20 of them unescaped: {fired} dialogs; with the policy 0, {len(watch.breaches)} breaches"
    )
