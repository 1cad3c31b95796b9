"""Every page, looked at by those who judge pages: light and dark, wide and on phones."""

import secrets
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.judges import (
    COLOURS,
    WCAG,
    accessibility_violations,
    html_errors,
    what_does_not_fit,
)
from tests.journeys.walks import LINK, ask_for_link, follow, sign_in, sign_in_to_admin

WIDE, PHONE = 1280, 375
HEIGHT = 900
AT_REST = "() => Promise.all(document.getAnimations().map((animation) => animation.finished))"


@dataclass
class Places:
    """Where each page is to be found, and who must be signed in to see it."""

    visitor: dict[str, str] = field(default_factory=dict)
    customer: dict[str, str] = field(default_factory=dict)
    past_customer: dict[str, str] = field(default_factory=dict)
    staff: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, dict] = field(default_factory=dict)


@pytest.fixture(scope="module")
def elsewhere(browser):
    """A page of a browser that lives as long as these tests."""
    opened = []

    def open_page():
        address = f"2001:db8:ffff:{secrets.token_hex(2)}::1"
        context = browser.new_context(
            locale="en-GB", extra_http_headers={"X-Forwarded-For": address}
        )
        opened.append(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def places(stack, shops, elsewhere):
    """A customer with one of everything, one with the past only, a visitor, and staff."""
    acme, mailbox, found = shops["acme"], stack.mailbox, Places()
    alice, bob = acme.buyer(), acme.buyer(name="Bob O’Sullivan")
    acme.sell(alice, "photography")
    acme.sell(alice, "italian")
    acme.sell(alice, "piano", trial_days=30)
    acme.sell(alice, "interior", payments=6)
    acme.refund(acme.sell(alice, "watercolour"), 1500)
    acme.sell(bob, "presets")
    mailbox.mail_to(bob.email, "Receipt")
    find_the_customers(found, elsewhere(), acme, mailbox, alice)
    find_the_past_customers(found, elsewhere(), acme, mailbox, bob)
    find_the_visitors(found, elsewhere(), acme, mailbox, alice)
    find_the_staffs(found, elsewhere(), stack, alice)
    yield found
    acme.let_everyone_go()


def find_the_customers(found, page, acme, mailbox, alice):
    sign_in(page, acme, mailbox, alice)
    keep = found.customer
    keep["overview"] = f"{acme.origin}/"
    keep["a search for nothing"] = f"{acme.origin}/?q=nothing+of+the+kind"
    for name, product in (
        ("a subscription", "Photography Monthly"),
        ("a trial", "Piano in 30 Days"),
        ("a split-pay plan", "Certificate in Interior Design"),
        ("a one-time purchase", "Watercolour for Travellers"),
    ):
        link = page.get_by_role("link", name=product, exact=True)
        keep[name] = acme.origin + link.get_attribute("href")
    keep["cancelling"] = f"{keep['a trial']}cancel/"
    page.get_by_role("link", name="Cancel: Language Lab: Italian").click()
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("heading", name="Language Lab: Italian ends on")).to_be_visible()
    keep["cancelled"] = page.url
    keep["ending"] = page.url.removesuffix("cancelled/")
    page.goto(f"{acme.origin}/documents/")
    keep["documents"] = page.url
    keep["a fresh sign-in"] = f"{acme.origin}/sign-in/again/?next=/profile/"
    keep["activity"] = f"{acme.origin}/profile/activity/"
    keep["a search for documents"] = f"{page.url}?q=no+such+number"
    receipt = page.get_by_role("row", name="Receipt").first.get_by_role("link", name="AC-")
    keep["a receipt"] = acme.origin + receipt.first.get_attribute("href")
    credit_note = page.get_by_role("row", name="Credit note").get_by_role("link", name="AC-")
    keep["a credit note"] = acme.origin + credit_note.first.get_attribute("href")
    keep["details"] = f"{acme.origin}/profile/"
    keep["card"] = f"{acme.origin}/card/"
    keep["nothing there"] = f"{acme.origin}/nothing-there/"
    found.cookies["customer"] = page.context.storage_state()


def find_the_past_customers(found, page, acme, mailbox, bob):
    sign_in(page, acme, mailbox, bob)
    found.past_customer["overview of the past"] = f"{acme.origin}/"
    found.past_customer["no card to change"] = f"{acme.origin}/card/"
    page.goto(f"{acme.origin}/profile/")
    new = acme.buyer().email
    page.get_by_label("E-mail", exact=True).fill(new)
    page.get_by_role("button", name="Save changes").click()
    confirm = mailbox.mail_to(new, "Confirm your new").button("Confirm this address")
    found.past_customer["confirming an address"] = confirm
    found.past_customer["an address not confirmed"] = f"{acme.origin}/profile/confirm/wrong/"
    found.cookies["past_customer"] = page.context.storage_state()


def find_the_visitors(found, page, acme, mailbox, alice):
    before = mailbox.count(alice.email, LINK)
    ask_for_link(page, acme, alice.email)
    keep = found.visitor
    keep["door"] = f"{acme.origin}/updateinfo/"
    keep["mail is on its way"] = f"{acme.origin}/sign-in/sent/"
    mail = mailbox.mail_to(alice.email, LINK, after=before)
    keep["confirming"] = mail.button("Sign in")
    keep["a wrong link"] = f"{acme.origin}/sign-in/wrong/"
    keep["no hub"] = acme.origin.replace("acme", "nobody")
    found.cookies["visitor"] = page.context.storage_state()


def find_the_staffs(found, page, stack, alice):
    hub = stack.origin("hub")
    sign_in_to_admin(page, stack, sign_ins.OPERATOR)
    keep = found.staff
    keep["admin's overview"] = f"{hub}/admin/"
    for name, path in (
        ("vendors", "accounts/vendor/"),
        ("a vendor", "accounts/vendor/1/change/"),
        ("Stripe keys", "accounts/vendor/1/stripe/"),
        ("customers", "accounts/customer/"),
        ("transactions", f"billing/transaction/?q={alice.email}"),
        ("subscriptions", "billing/subscription/"),
        ("documents of all", "invoices/document/"),
        ("events", "billing/stripeevent/"),
    ):
        keep[name] = f"{hub}/admin/{path}"
    page.goto(keep["transactions"])
    follow(page.locator("#result_list tbody th a").first)
    keep["a transaction"] = page.url
    keep["sending a profile link"] = page.url.replace("/change/", "/send-profile-link/")
    keep["mailbox"] = f"{hub}/mailbox/?q=to:{alice.email}"
    found.cookies["staff"] = page.context.storage_state()


def judge(page, name):
    """What anyone has against the page as it is."""
    found = []
    for scheme, rules in (("light", WCAG), ("dark", COLOURS)):
        for width in (WIDE, PHONE):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.evaluate(AT_REST)
            seen = f"{name}, {scheme}, {width} px"
            found += [f"{seen}: {violation}" for violation in accessibility_violations(page, rules)]
    return found + [f"{name}, {complaint}" for complaint in what_does_not_fit(page)]


@pytest.mark.parametrize("who", ["visitor", "customer", "past_customer"])
def test_no_page_of_the_hub_is_found_wanting(new_context, places, complaints, who):
    complaints.expect("404")
    complaints.expect("410")
    context = new_context(storage_state=places.cookies[who])
    complaints.listen_to(context)
    page, found, sources = context.new_page(), [], {}

    for name, address in getattr(places, who).items():
        sources[name] = page.goto(address).text()
        found += judge(page, name)
    found += html_errors(sources)

    assert not found, "\n".join(found)


def test_the_dialog_and_the_card_field_are_not_found_wanting(new_context, places, complaints):
    context = new_context(storage_state=places.cookies["customer"])
    complaints.listen_to(context)
    page = context.new_page()
    page.goto(places.customer["overview"])
    page.get_by_role("link", name="Update my info").click()
    expect(page.get_by_role("dialog").get_by_label("Tax id")).to_be_visible()
    found = judge(page, "dialog")

    page.goto(places.customer["card"])
    field = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(field.get_by_label("Card number")).to_be_visible()
    found += judge(page, "card field")

    assert not found, "\n".join(found)


def test_no_page_of_the_admin_is_found_wanting(new_context, places, complaints, stack):
    context = new_context(storage_state=places.cookies["staff"])
    complaints.listen_to(context)
    page, found = context.new_page(), []

    for name, address in places.staff.items():
        page.goto(address)
        found += judge(page, name)
    stranger = new_context()
    complaints.listen_to(stranger)
    page = stranger.new_page()
    page.goto(f"{stack.origin('hub')}/admin/login/")
    found += judge(page, "admin's door")

    assert not found, "\n".join(found)


def test_a_long_name_leaves_the_other_columns_of_a_list_in_view(page, stack, acme):
    endless = acme.buyer(name="W" * 100)
    acme.sell(endless, "photography")
    sign_in_to_admin(page, stack, sign_ins.ACME_OWNER)

    page.goto(f"{stack.origin('hub')}/admin/accounts/customer/?q={endless.email}")

    expect(page.get_by_text(endless.name)).to_be_in_viewport(ratio=1)
    expect(page.locator("#result_list .field-created_at")).to_be_in_viewport(ratio=1)
