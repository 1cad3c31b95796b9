"""A payment that did not go through: a mail, a banner, and a new card that pays at once."""

import pytest
from playwright.sync_api import expect

from tests.journeys.walks import BANK, CARD_THAT_ASKS, GOOD_CARD, type_card


def test_a_failed_payment_is_paid_from_the_banner_with_a_new_card(page, acme, enter, mailbox):
    alice = acme.buyer()
    purchase = acme.sell(alice, "photography")
    acme.let_next_payment_fail(purchase)
    acme.let_a_month_pass()
    mail = mailbox.mail_to(alice.email, "did not go through")
    assert "€29.00" in mail.text

    enter(acme, alice)
    banner = page.get_by_role("region", name="€29.00 for Photography Monthly could not be charged")
    expect(banner).to_contain_text("Pay now to keep your access.")
    expect(page.get_by_text("Past due since")).to_be_visible()
    banner.get_by_role("link", name="Pay now").click()
    expect(page.get_by_role("heading", name="Pay now")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("€29.00")).to_be_visible()
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

    expect(page.get_by_role("heading", name="Pay now")).to_be_visible()
    expect(page.get_by_role("button", name="Save card and pay")).to_be_visible()


@pytest.fixture
def alice(acme, mailbox, enter):
    """Signed in; her payment for Photography Monthly has just failed."""
    alice = acme.buyer()
    acme.let_next_payment_fail(acme.sell(alice, "photography"))
    acme.let_a_month_pass()
    mailbox.mail_to(alice.email, "did not go through")
    enter(acme, alice)
    return alice


def pay_with_a_card_that_asks(page):
    page.get_by_role("link", name="Pay now").first.click()
    type_card(page, CARD_THAT_ASKS)
    page.get_by_role("button", name="Save card and pay").click()
    page.frame_locator(BANK).get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name="Your bank asks you to approve")).to_be_visible()


def status_of(acme, buyer):
    return acme.asked_of_stripe(buyer).subscriptions.data[0].status


def test_the_bank_asks_about_the_open_payment_too_and_it_is_paid(page, acme, alice):
    pay_with_a_card_that_asks(page)

    page.frame_locator(BANK).get_by_role("button", name="Complete").click()

    expect(page.get_by_text("Paid just now: €29.00 for Photography Monthly.")).to_be_visible()
    expect(page.get_by_role("link", name="Pay now")).to_have_count(0)
    assert status_of(acme, alice) == "active"


def test_what_its_owner_did_not_approve_stays_open_and_another_card_may_pay(page, acme, alice):
    pay_with_a_card_that_asks(page)

    page.frame_locator(BANK).get_by_role("button", name="Fail").click()

    expect(page.get_by_text("Still open: €29.00 for Photography Monthly.")).to_be_visible()
    assert status_of(acme, alice) == "past_due"
    type_card(page, GOOD_CARD)
    page.get_by_role("button", name="Save card and pay").click()
    expect(page.get_by_text("Paid just now: €29.00 for Photography Monthly.")).to_be_visible()
    assert status_of(acme, alice) == "active"


def test_the_card_on_file_pays_what_failed_once(page, acme, alice):
    page.get_by_role("link", name="Pay now").first.click()

    page.get_by_role("button", name="Pay with Visa •••• 4242").click()

    expect(page.get_by_text("Paid just now: €29.00 for Photography Monthly.")).to_be_visible()
    assert status_of(acme, alice) == "active"


def test_of_several_open_payments_each_is_told(page, acme, enter, mailbox):
    """Two subscriptions, months unpaid; the first of all is declined once more."""
    alice = acme.buyer(card="pm_card_chargeCustomerFail")
    acme.sell(alice, "photography", trial_days=1)
    for month in range(3):
        acme.let_a_month_pass()
        mailbox.mail_to(alice.email, "did not go through", after=month)
    enter(acme, alice)
    page.get_by_role("link", name="Pay now").first.click()
    type_card(page, GOOD_CARD)
    acme.let_next_payment_of_fail(alice)
    page.get_by_role("button", name="Save card and pay").click()

    expect(page.get_by_text("Mastercard ending in 4444 now pays for")).to_be_visible()
    expect(page.get_by_text("open payments went through. Still open: €29.00")).to_be_visible()
    expect(page.get_by_role("heading", name="Pay now")).to_be_visible()
