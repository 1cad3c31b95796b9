"""A plan of a fixed number of payments: how many are made, and why it cannot be cancelled here."""

from playwright.sync_api import expect

from tests.journeys.polling import reload_until_visible


def test_each_payment_of_a_plan_is_counted(page, acme, enter, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "interior", payments=3)
    enter(acme, alice)
    purchases = page.get_by_role("region", name="Purchases")
    expect(purchases.get_by_role("heading", name="Split-pay plans")).to_be_visible()
    expect(purchases).to_contain_text("3 payments of €149.00")
    expect(purchases).to_contain_text("1 of 3 paid")
    expect(purchases.get_by_role("link", name="Change card: Certificate")).to_be_visible()
    expect(purchases.get_by_role("link", name="Cancel: Certificate")).to_have_count(0)

    acme.let_a_month_pass()

    reload_until_visible(purchases.get_by_text("2 of 3 paid"))
    mailbox.mail_to(alice.email, "Receipt", after=1)
    page.get_by_role("link", name="Certificate in Interior Design", exact=True).click()
    expect(page.get_by_role("region", name="Plan")).to_contain_text("2 payments, €298.00")
    expect(page.get_by_role("region", name="Payments").get_by_text("Paid")).to_have_count(2)
    expect(page.get_by_text("A split-pay plan cannot be cancelled here.")).to_be_visible()
