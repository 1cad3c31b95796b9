"""Customers cancel by themselves, see what ends when, and may change their minds until then."""

from playwright.sync_api import expect


def stripes_subscription(shop, buyer):
    return shop.stripe.subscriptions.list({"customer": shop.asked_of_stripe(buyer).id}).data[0]


def ends(subscription):
    return bool(subscription.cancel_at_period_end or subscription.cancel_at)


def test_cancelling_ends_it_with_the_paid_period_and_can_be_undone(page, acme, enter, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.get_by_role("link", name="Cancel: Photography Monthly").click()
    page.get_by_label("It costs too much").check()
    page.get_by_role("button", name="Cancel subscription").click()

    expect(page.get_by_role("heading", name="Photography Monthly ends on")).to_be_visible()
    cancelled = stripes_subscription(acme, alice)
    assert ends(cancelled)
    assert cancelled.status == "active"
    assert cancelled.cancellation_details.feedback == "too_expensive"
    mail = mailbox.mail_to(alice.email, "You cancelled Photography Monthly")
    record = mail.pdf("Cancellation.pdf")
    for words in ("Photography Monthly", "Alice Martin", alice.email, "Acme Courses Ltd"):
        assert words in record

    page.goto(mail.button("Keep it after all"))
    page.get_by_role("button", name="Undo the cancellation").click()

    expect(page.get_by_text("Photography Monthly goes on as before.")).to_be_visible()
    expect(page.get_by_text("Active", exact=False).first).to_be_visible()
    assert not ends(stripes_subscription(acme, alice))
    mailbox.mail_to(alice.email, "Photography Monthly goes on")


def test_a_trial_is_shown_with_its_first_charge_and_can_be_cancelled(page, acme, enter, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "piano", trial_days=30)
    enter(acme, alice)
    purchases = page.get_by_role("region", name="Purchases")
    expect(purchases.get_by_role("heading", name="Trials")).to_be_visible()
    expect(purchases).to_contain_text("Free, then €24.00 a month")
    expect(purchases).to_contain_text("First charge")

    page.get_by_role("link", name="Cancel trial: Piano in 30 Days").click()
    page.get_by_role("button", name="Cancel trial").click()

    expect(page.get_by_role("heading", name="Piano in 30 Days ends on")).to_be_visible()
    trial = stripes_subscription(acme, alice)
    assert trial.status == "trialing"
    assert ends(trial)
    assert trial.trial_end in (trial.cancel_at, trial["items"].data[0].current_period_end)
    mail = mailbox.mail_to(alice.email, "You cancelled Piano in 30 Days")
    assert "Piano in 30 Days" in mail.pdf("Cancellation.pdf")


def test_who_thinks_better_of_it_has_cancelled_nothing(page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.get_by_role("link", name="Cancel: Photography Monthly").click()
    page.get_by_role("link", name="Keep subscription").click()

    expect(page.get_by_role("heading", name="Photography Monthly")).to_be_visible()
    assert not ends(stripes_subscription(acme, alice))
