"""Who joins a vendor's team, what support may look at, and who leaves."""

import re
import secrets

import pytest
from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.polling import reload_until_visible
from tests.journeys.walks import follow, sign_in_to_admin

PASSWORD = "a long day in Lyon"


@pytest.fixture
def owner(another_browser, stack, acme):
    page = another_browser()
    sign_in_to_admin(page, stack, sign_ins.ACME_OWNER)
    return page


def open_settings(owner, stack):
    owner.goto(f"{stack.origin('hub')}/admin/")
    follow(owner.get_by_role("link", name="Vendor settings").first)


def save(owner):
    owner.get_by_role("button", name="Save and continue editing").click()
    expect(owner.get_by_text("was changed successfully")).to_be_visible()


def let_support_look(owner, stack, allowed):
    open_settings(owner, stack)
    owner.get_by_label("Support may view as customer").set_checked(allowed)
    save(owner)


def invite(owner, stack, email):
    open_settings(owner, stack)
    owner.get_by_role("button", name=re.compile("Add another team member", re.IGNORECASE)).click()
    row = owner.locator(".dynamic-team").last
    row.locator("[name$=email]").fill(email)
    row.locator("[name$=role]").select_option("support")
    save(owner)


def remove(owner, stack, email):
    open_settings(owner, stack)
    row = owner.locator(".has_original", has_text=email)
    row.locator("[name$=DELETE]").check()
    save(owner)


def test_a_colleague_is_invited_joins_and_is_removed(page, owner, stack, mailbox, complaints):
    complaints.expect("403")
    colleague = f"noor-{secrets.token_hex(4)}@acme-courses.example"
    invite(owner, stack, colleague)
    expect(owner.get_by_role("region", name="Invited, not here yet")).to_contain_text(colleague)

    page.goto(mailbox.mail_to(colleague, "You are now in the team").button("Choose a password"))
    page.get_by_label("New password:", exact=True).fill(PASSWORD)
    page.get_by_label("confirmation").fill(PASSWORD)
    page.get_by_role("button").last.click()
    page.get_by_label("E-mail").fill(colleague)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("rowheader", name="Customers").get_by_role("link").click()
    expect(page.locator("#changelist")).to_be_visible()

    remove(owner, stack, colleague)
    assert sign_ins.ACME_OWNER in mailbox.mail_to(colleague, "You are no longer").text
    page.reload()
    expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()


def test_support_looks_at_a_customers_hub_and_changes_nothing(
    page, another_browser, owner, acme, stack, enter, complaints
):
    complaints.expect("403")
    alice = acme.buyer()
    acme.sell(alice, "photography")
    support = another_browser()
    sign_in_to_admin(support, stack, sign_ins.ACME_SUPPORT)
    let_support_look(owner, stack, True)
    support.goto(f"{stack.origin('hub')}/admin/accounts/customer/?q={alice.email}")
    follow(support.locator("#result_list tbody th a").first)
    support.get_by_role("link", name="View as customer").click()
    support.get_by_role("button", name="View as customer").click()

    mark = support.get_by_role("complementary", name="You are viewing as a customer")
    expect(mark).to_contain_text("You are viewing as Alice Martin, read only.")
    expect(support.get_by_role("link", name="Photography Monthly").first).to_be_visible()
    support.goto(f"{acme.origin}/card/")
    expect(support.get_by_role("heading", name="Read only")).to_be_visible()

    enter(acme, alice)
    page.goto(f"{acme.origin}/profile/activity/")
    expect(page.get_by_role("main")).to_contain_text("Support looked at your hub")

    let_support_look(owner, stack, False)
    support.goto(acme.origin)
    expect(mark).to_have_count(0)
    expect(support.get_by_label("E-mail")).to_be_visible()


def test_what_a_page_refuses_is_told_to_the_operator(
    page, another_browser, acme, stack, complaints
):
    complaints.expect("Content Security Policy")
    page.goto(acme.origin)
    page.evaluate("document.body.append(Object.assign(new Image, {src: 'https://spy.example/a'}))")

    operator = another_browser()
    sign_in_to_admin(operator, stack, sign_ins.OPERATOR)
    operator.get_by_role("link", name="Policy reports").first.click()
    reload_until_visible(operator.get_by_role("row").filter(has_text="spy.example"))
