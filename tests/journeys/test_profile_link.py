"""Support finds a transaction and sends its customer a way in, which staff never see."""

from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.walks import follow, sign_in_to_admin


def test_a_profile_link_goes_to_the_customer_and_to_nobody_else(
    page, another_browser, acme, stack, mailbox
):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    receipt = mailbox.mail_to(alice.email, "Receipt").subject.split()[1]

    staff = another_browser()
    sign_in_to_admin(staff, stack, sign_ins.ACME_SUPPORT)
    staff.get_by_role("link", name="Transactions").first.click()
    staff.locator("#searchbar").fill(receipt)
    staff.get_by_role("button", name="Search").click()
    staff.get_by_role("link", name="Photography Monthly").click()
    staff.get_by_role("link", name="Send profile link").click()
    expect(staff.locator("main")).to_contain_text(alice.email)
    staff.get_by_role("button", name="Send profile link").click()
    expect(staff.get_by_text(f"Profile link sent to {alice.email}")).to_be_visible()

    mail = mailbox.mail_to(alice.email, "profile")
    link = mail.button("Open my profile")
    token = link.rstrip("/").rpartition("/")[2]
    assert len(token) > 30
    assert token not in staff.content()
    for path in ("billing/transaction/", "accounts/customer/", "accounts/sentmail/"):
        staff.goto(f"{stack.origin('hub')}/admin/{path}?q={alice.email}")
        follow(staff.locator("#result_list tbody th a").first)
        expect(staff.locator("main")).to_contain_text(alice.email)
        assert token not in staff.content()

    page.goto(link)
    page.get_by_label("Code from the mail").fill(mail.code)
    page.get_by_role("button", name="Sign in to Acme Courses").click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_who_sent_it_when_and_from_where_is_on_record(another_browser, acme, stack, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    mailbox.mail_to(alice.email, "Receipt")
    support, owner = another_browser(), another_browser()
    sign_in_to_admin(support, stack, sign_ins.ACME_SUPPORT)
    support.goto(f"{stack.origin('hub')}/admin/billing/transaction/?q={alice.email}")
    support.get_by_role("link", name="Photography Monthly").click()
    support.get_by_role("link", name="Send profile link").click()
    support.get_by_role("button", name="Send profile link").click()
    expect(support.get_by_text(f"Profile link sent to {alice.email}")).to_be_visible()

    sign_in_to_admin(owner, stack, sign_ins.ACME_OWNER)
    owner.goto(f"{stack.origin('hub')}/admin/accounts/auditentry/?q={alice.email}")
    owner.locator("#result_list tbody th a").first.click()

    entry = owner.locator("main")
    expect(entry).to_contain_text(sign_ins.ACME_SUPPORT)
    expect(entry).to_contain_text(alice.email)
    expect(entry).to_contain_text("transaction ch_")
