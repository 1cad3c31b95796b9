"""Customers put their own details right, here and in Stripe."""

from playwright.sync_api import expect


def test_changed_details_are_saved_here_and_in_stripe(page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.get_by_role("link", name="Update my info").click()
    dialog = page.get_by_role("dialog", name="Update my info")
    dialog.get_by_label("Name").fill("Alice Martin-Byrne")
    dialog.get_by_label("Phone").fill("+353 1 555 0199")
    dialog.get_by_label("Street and number").fill("3 Patrick Street")
    dialog.get_by_label("City").fill("Cork")
    dialog.get_by_label("Country").select_option("IE")
    dialog.get_by_role("button", name="Save changes").click()

    expect(page.get_by_text("Your details are saved.")).to_be_visible()
    details = page.get_by_role("region", name="Your details")
    expect(details).to_contain_text("Alice Martin-Byrne")
    expect(details).to_contain_text("3 Patrick Street")
    known = acme.asked_of_stripe(alice)
    assert (known.name, known.phone) == ("Alice Martin-Byrne", "+353 1 555 0199")
    assert (known.address.line1, known.address.city) == ("3 Patrick Street", "Cork")
    assert known.address.country == "IE"


def test_a_mistake_is_shown_at_its_field_and_nothing_is_lost(page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.get_by_role("link", name="Update my info").click()
    dialog = page.get_by_role("dialog", name="Update my info")
    dialog.get_by_label("Name").fill("Alice Martin-Byrne")
    dialog.get_by_label("E-mail").fill("alice@example.com, bob@example.com")
    dialog.get_by_role("button", name="Save changes").click()

    expect(page.get_by_role("alert")).to_be_focused()
    email = page.get_by_label("E-mail", exact=True)
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_value("alice@example.com, bob@example.com")
    expect(page.get_by_label("Name")).to_have_value("Alice Martin-Byrne")
    assert acme.asked_of_stripe(alice).name == "Alice Martin"


def test_a_company_with_its_tax_id_stands_on_the_next_receipt(page, acme, enter, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.get_by_role("link", name="Update my info").click()
    dialog = page.get_by_role("dialog", name="Update my info")
    dialog.get_by_label("Company").fill("Brightwater Studios")
    dialog.get_by_label("Tax id").fill("IE1234567FA")
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Your details are saved.")).to_be_visible()
    assert [one.value for one in acme.asked_of_stripe(alice).tax_ids.data] == ["IE1234567FA"]

    acme.sell(alice, "watercolour")
    receipt = mailbox.mail_to(alice.email, "Receipt", after=1)
    paper = receipt.pdf(f"{receipt.subject.split()[1]}.pdf")
    assert "Brightwater Studios" in paper
    assert "IE1234567FA" in paper
