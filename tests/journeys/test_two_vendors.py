"""Two vendors on one installation know nothing of each other's customers."""

from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.walks import sign_in_in_german, sign_in_to_admin


def test_who_is_signed_in_at_one_is_a_stranger_at_the_other(page, acme, globex, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.goto(f"{globex.origin}/")

    expect(page.get_by_role("heading", name="Globex")).to_be_visible()
    expect(page.get_by_text(alice.email)).to_have_count(0)


def test_one_mailbox_that_buys_at_both_finds_each_purchase_where_it_was_made(
    page, acme, globex, enter
):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    globex.sell(alice, "lauf")
    enter(acme, alice)

    expect(page.get_by_role("main")).to_contain_text("Photography Monthly")
    expect(page.get_by_role("main")).not_to_contain_text("Lauftreff")


def test_a_document_of_the_other_vendors_is_not_there(
    page, another_browser, acme, globex, enter, mailbox, complaints
):
    complaints.expect("404")
    alice, carol = acme.buyer(), globex.buyer()
    acme.sell(alice, "watercolour")
    globex.sell(carol, "rolle")
    mailbox.mail_to(alice.email, "Receipt")
    enter(acme, alice)
    page.get_by_role("link", name="AC-").first.click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    path = page.url.removeprefix(acme.origin)

    there = sign_in_in_german(another_browser(), globex, mailbox, carol)
    assert there.goto(f"{globex.origin}{path}").status == 404
    assert there.goto(f"{globex.origin}{path}pdf/").status == 404


def test_staff_find_their_own_vendors_customers_only(
    page, another_browser, acme, globex, stack, mailbox
):
    alice, carol = acme.buyer(), globex.buyer(name="Carol Lindemann")
    acme.sell(alice, "photography")
    globex.sell(carol, "lauf")
    mailbox.mail_to(alice.email, "Receipt")
    mailbox.mail_to(carol.email, "GX-")
    transactions = f"{stack.origin('hub')}/admin/billing/transaction/"

    globex_staff = another_browser()
    sign_in_to_admin(globex_staff, stack, sign_ins.GLOBEX_SUPPORT)
    globex_staff.goto(f"{transactions}?q={carol.email}")
    globex_staff.get_by_role("link", name="Lauftreff digital").click()
    expect(globex_staff.locator("main")).to_contain_text(carol.email)
    of_globex = globex_staff.url

    sign_in_to_admin(page, stack, sign_ins.ACME_SUPPORT)
    page.goto(transactions)
    expect(page.locator("#result_list")).to_contain_text("Photography Monthly")
    expect(page.locator("#result_list")).not_to_contain_text("Lauftreff")
    page.goto(f"{transactions}?q={carol.email}")
    expect(page.get_by_role("link", name="Lauftreff digital")).to_have_count(0)
    page.goto(of_globex)
    expect(page.get_by_text(carol.email)).to_have_count(0)
    assert "Lauftreff" not in page.content()
