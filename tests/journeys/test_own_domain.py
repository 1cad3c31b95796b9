"""A vendor's owner proves a domain by a DNS record, and customers come to the hub there."""

import re

import pytest
from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.walks import sign_in_to_admin

NAME = "portal.acme-courses.example"
RECORD = f"_customer-hub.{NAME}"


def open_domains(page, stack, owner):
    sign_in_to_admin(page, stack, owner)
    page.get_by_role("link", name="Vendor settings").first.click()
    page.get_by_role("link", name="Use your own domain").click()
    expect(page.get_by_role("heading", name="Add a domain")).to_be_visible()
    return page


def add(page, name):
    page.get_by_label("Domain").fill(name)
    page.get_by_role("button", name="Add", exact=True).click()


def value_of_record(page):
    """As the owner copies it from the page to where the DNS of the domain is kept."""
    row = page.get_by_role("row").filter(has_text="TXT")
    expect(row).to_contain_text(RECORD)
    return re.search(r"\b[0-9a-f]{32}\b", row.inner_text()).group()


@pytest.fixture
def at_own_domain(acme):
    """The same page of Acme's hub at its own domain."""
    return acme.origin.replace("acme.localhost", NAME)


def test_a_domain_is_proved_used_and_let_go(
    page, another_browser, complaints, acme, stack, name_server, at_own_domain, mailbox
):
    complaints.expect("404")  # before the record is there, and after the domain was removed
    complaints.expect("Cross-Origin-Opener-Policy")  # which needs HTTPS, but for localhost
    owner = open_domains(another_browser(), stack, sign_ins.ACME_OWNER)
    add(owner, NAME.title())
    expect(owner.get_by_text(f"The domain {NAME} was added.")).to_be_visible()
    value = value_of_record(owner)

    owner.get_by_role("button", name="Check now").click()
    expect(owner.get_by_text(f"There is no such record yet at {RECORD}.")).to_be_visible()
    assert page.goto(f"{at_own_domain}/updateinfo/").status == 404

    name_server.records[RECORD] = ["v=spf1 -all", "somebody else's"]
    owner.get_by_role("button", name="Check now").click()
    expect(owner.get_by_text("somebody else's")).to_be_visible()

    name_server.records[RECORD] = ["v=spf1 -all", value]
    owner.get_by_role("button", name="Check now").click()
    expect(owner.get_by_text("the hub answers at this domain")).to_be_visible()
    page.goto(f"{at_own_domain}/updateinfo/")
    expect(page.get_by_role("img", name=acme.name)).to_be_visible()

    owner.get_by_role("button", name="Use in links").click()
    expect(owner.get_by_text("Mails now lead to this domain.")).to_be_visible()
    alice = acme.buyer()
    acme.sell(alice, "photography")
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    link = mailbox.mail_to(alice.email, f"Your sign-in link for {acme.name}").button("Sign in")
    assert link.startswith(f"{at_own_domain}/")
    page.goto(link)
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()

    owner.get_by_role("button", name="Remove").click()
    expect(owner.get_by_text("The hub no longer answers there.")).to_be_visible()
    assert page.goto(f"{at_own_domain}/updateinfo/").status == 404


def test_a_second_vendor_is_refused_in_words(another_browser, stack, acme, globex, name_server):
    """Nobody has a right to a domain by naming it first, but by proving it first."""
    first = open_domains(another_browser(), stack, sign_ins.GLOBEX_OWNER)
    add(first, NAME)
    acmes = open_domains(another_browser(), stack, sign_ins.ACME_OWNER)
    add(acmes, NAME)
    name_server.records[RECORD] = [value_of_record(first), value_of_record(acmes)]
    acmes.get_by_role("button", name="Check now").click()
    expect(acmes.get_by_text("the hub answers at this domain")).to_be_visible()

    refusal = "This domain is in use already. If it is yours, write to whoever runs this"
    first.get_by_role("button", name="Check now").click()
    expect(first.get_by_text(refusal)).to_be_visible()
    first.get_by_role("button", name="Remove").click()
    add(first, NAME)
    expect(first.get_by_text(refusal)).to_be_visible()
    expect(first.get_by_label("Domain")).to_have_value(NAME)

    acmes.get_by_role("button", name="Remove").click()
    expect(acmes.get_by_text("The hub no longer answers there.")).to_be_visible()
