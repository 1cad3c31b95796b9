"""A new e-mail address counts once its own mailbox confirms it; the old one is told."""

from playwright.sync_api import expect

from tests.journeys.walks import ask_for_link


def change_email(page, new):
    page.get_by_role("link", name="Update my info").click()
    dialog = page.get_by_role("dialog", name="Update my info")
    dialog.get_by_label("E-mail").fill(new)
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text(f"Open the mail we just sent to {new}")).to_be_visible()


def test_a_new_address_counts_once_its_mailbox_confirms(
    page, another_browser, acme, enter, mailbox
):
    alice, new = acme.buyer(), acme.buyer().email
    acme.sell(alice, "photography")
    enter(acme, alice)

    change_email(page, new)
    expect(page.get_by_role("region", name="Your details")).to_contain_text(alice.email)
    assert acme.asked_of_stripe(alice).email == alice.email

    elsewhere = another_browser()
    elsewhere.goto(mailbox.mail_to(new, "Confirm your new").button("Confirm this address"))
    elsewhere.get_by_label("The address you had before").fill(alice.email)
    elsewhere.get_by_role("button", name="Use the new address").click()

    expect(elsewhere.get_by_text(f"Your e-mail address is now {new}.")).to_be_visible()
    assert acme.asked_of_stripe(alice).email == new
    told = mailbox.mail_to(alice.email, "was changed")
    assert new in told.text
    page.reload()
    expect(page.get_by_role("button", name="E-mail me a sign-in link")).to_be_visible()


def test_from_then_on_the_new_address_opens_the_hub_and_the_old_one_does_not(
    page, another_browser, acme, enter, mailbox
):
    alice, new = acme.buyer(), acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)
    change_email(page, new.email)
    page.goto(mailbox.mail_to(new.email, "Confirm your new").button("Confirm this address"))
    page.get_by_role("button", name="Use the new address").click()
    expect(page.get_by_text("Your e-mail address is now")).to_be_visible()
    mailbox.mail_to(alice.email, "was changed")
    so_far = len(mailbox.mails_to(alice.email))

    ask_for_link(another_browser(), acme, alice.email)
    enter(acme, new, another_browser())  # asked for later, and answered

    assert len(mailbox.mails_to(alice.email)) == so_far
