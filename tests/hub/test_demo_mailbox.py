"""In the demo every mail can be read in the browser; anywhere else there is no such page."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template

from accounts import mail, middleware
from accounts.models import Customer
from accounts.tenancy import vendor_scope
from tests.clients import PLATFORM, HubClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings.DEMO = True
    settings.MAIL_PREVIEW_ROOT = tmp_path
    settings.MAILERS = {"default": {"BACKEND": "django_mail_preview.backends.EmailBackend"}}
    monkeypatch.setattr(middleware, "PLATFORM_URLCONF", "tests.hub.demo_urls")


def send_to(customer: Customer) -> None:
    with vendor_scope(customer.vendor):
        mail.send(
            "staff_invitation",
            vendor=customer.vendor,
            customer=customer,
            to=customer.email,
            context={"url": "https://hub.test/admin/", "role": "Owner", "invited_by": "Ann"},
            attachments=[("receipt.pdf", b"%PDF-1.7 demo", "application/pdf")],
        )


def mails(browser: HubClient) -> list[str]:
    page = browser.get("/mailbox/").content.decode()
    return list(dict.fromkeys(re.findall(r'href="(/mailbox/sent/[^"]+/)"', page)))


@pytest.mark.usefixtures("demo")
def test_every_mail_is_listed_and_can_be_read_as_html_and_text(alice: Customer) -> None:
    browser = HubClient(PLATFORM)
    send_to(alice)
    (address,) = mails(browser)
    page = browser.get(address)
    assert alice.email in page.content.decode()
    assert "added you to the team" in page.content.decode()
    html = browser.get(f"{address}html/")
    assert "Acme" in html.content.decode()
    assert "sandbox" in html.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("demo")
def test_an_attachment_can_be_downloaded(alice: Customer) -> None:
    browser = HubClient(PLATFORM)
    send_to(alice)
    (address,) = mails(browser)
    part = re.findall(rf'href="({address}parts/\d+/)"', browser.get(address).content.decode())
    attachment = browser.get(part[-1])
    assert attachment.content == b"%PDF-1.7 demo"
    assert "receipt.pdf" in attachment.headers["Content-Disposition"]


@pytest.mark.usefixtures("demo")
def test_the_page_may_frame_the_mail_and_nothing_else(alice: Customer) -> None:
    send_to(alice)
    browser = HubClient(PLATFORM)
    policy = browser.get(mails(browser)[0]).headers["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.usefixtures("demo")
def test_it_is_not_on_a_vendors_host(at_acme: HubClient) -> None:
    assert b"Inbox" not in at_acme.get("/mailbox/", follow=True).content


def test_outside_the_demo_there_is_none(
    settings: Any, monkeypatch: pytest.MonkeyPatch, alice: Customer
) -> None:
    assert HubClient(PLATFORM).get("/mailbox/").status_code == 404
    monkeypatch.setattr(middleware, "PLATFORM_URLCONF", "tests.hub.demo_urls")
    assert HubClient(PLATFORM).get("/mailbox/").status_code == 404


def test_pages_point_to_it_in_the_demo_only(settings: Any) -> None:
    template = Template('{% load demo %}{% demo_mailbox "alice@example.com" as url %}{{ url }}')
    assert template.render(Context()) == ""
    settings.DEMO = True
    assert template.render(Context()) == "https://hub.test/mailbox/?q=to%3Aalice%40example.com"
