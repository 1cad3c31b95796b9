"""A payment that did not go through: a mail, a banner, and a new card that pays at once."""

from playwright.sync_api import expect

from tests.journeys.walks import GOOD_CARD, type_card


def test_a_failed_payment_is_paid_from_the_banner_with_a_new_card(page, acme, enter, mailbox):
    alice = acme.buyer()
    purchase = acme.sell(alice, "photography")
    acme.let_next_payment_fail(purchase)
    acme.let_a_month_pass()
    mail = mailbox.mail_to(alice.email, "did not go through")
    assert "€29.00" in mail.text

    enter(acme, alice)
    banner = page.get_by_role("region", name="Your payment of €29.00 for Photography Monthly")
    expect(banner).to_contain_text("Pay now to keep your access.")
    expect(page.get_by_text("Past due since")).to_be_visible()
    banner.get_by_role("link", name="Pay now").click()
    expect(page.get_by_text("The new card then pays the open €29.00")).to_be_visible()
    type_card(page, GOOD_CARD)
    page.get_by_role("button", name="Save card and pay").click()

    expect(page.get_by_text("Mastercard ending in 4444 now pays for")).to_be_visible()
    expect(page.get_by_role("link", name="Pay now")).to_have_count(0)
    subscription = acme.asked_of_stripe(alice).subscriptions.data[0]
    assert subscription.status == "active"
    receipt = mailbox.mail_to(alice.email, "Receipt", after=1)
    assert "€29.00" in receipt.text


def test_the_mail_about_a_failed_payment_leads_to_the_card(page, acme, mailbox):
    alice = acme.buyer()
    purchase = acme.sell(alice, "photography")
    acme.let_next_payment_fail(purchase)
    acme.let_a_month_pass()

    page.goto(mailbox.mail_to(alice.email, "did not go through").button("Pay now"))
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    page.goto(mailbox.mail_to(alice.email, "Your sign-in link").button("Sign in"))
    page.get_by_role("button", name="Sign in to Acme Courses").click()

    expect(page.get_by_role("heading", name="Change card")).to_be_visible()
    expect(page.get_by_role("button", name="Save card and pay")).to_be_visible()
