"""A second mailbox opens the same hub, and stops doing so once it is removed."""

from playwright.sync_api import expect

from tests.journeys.walks import ask_for_link, follow


def test_a_further_address_is_added_used_and_removed(page, another_browser, acme, enter, mailbox):
    alice, further = acme.buyer(), acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)
    follow(page.get_by_role("link", name="Your details"))

    page.get_by_label("Another e-mail address of yours").fill(further.email)
    page.get_by_role("button", name="Add this address").click()
    page.goto(mailbox.mail_to(further.email, "Confirm a further").button("Confirm this address"))
    page.get_by_role("button", name="Add this address").click()
    expect(page.get_by_text(f"You can sign in with {further.email} now.")).to_be_visible()
    assert "You can now sign in" in mailbox.mail_to(alice.email, "was added").text

    elsewhere = enter(acme, further, another_browser())
    expect(elsewhere.get_by_text("Photography Monthly").first).to_be_visible()

    page.get_by_role("button", name=f"Remove {further.email}").click()
    expect(page.get_by_text("The address is removed.")).to_be_visible()
    told = mailbox.mail_to(further.email, "was removed")
    elsewhere.reload()
    expect(elsewhere.get_by_role("button", name="E-mail me a sign-in link")).to_be_visible()
    so_far = len(mailbox.mails_to(further.email))
    ask_for_link(elsewhere, acme, further.email)
    enter(acme, alice, another_browser())  # asked for later, and answered
    assert len(mailbox.mails_to(further.email)) == so_far

    elsewhere.goto(told.button("Undo the change"))
    elsewhere.get_by_label("The address that the mail with this link").fill(further.email)
    elsewhere.get_by_role("button", name="Undo the change").click()
    expect(elsewhere.get_by_text(f"That is undone. We write to {alice.email}.")).to_be_visible()
