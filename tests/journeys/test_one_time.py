"""What was paid once has its documents, no card to change and nothing to cancel."""

from playwright.sync_api import expect

from tests.journeys.polling import reload_until_visible


def test_a_one_time_purchase_has_documents_and_no_card_button(page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    enter(acme, alice)

    purchases = page.get_by_role("region", name="Past purchases")
    expect(purchases.get_by_role("heading", name="One-time purchases")).to_be_visible()
    expect(purchases.get_by_text("€89.00")).to_be_visible()
    expect(page.get_by_role("link", name="Change card")).to_have_count(0)
    page.get_by_role("link", name="Watercolour for Travellers", exact=True).click()

    expect(page.get_by_text("so there is no card to change and nothing to cancel")).to_be_visible()
    expect(page.get_by_role("link", name="Change card")).to_have_count(0)
    expect(page.get_by_role("link", name="PDF AC-")).to_have_count(1)


def test_a_refund_brings_a_credit_note_that_names_the_receipt(page, acme, enter, mailbox):
    alice = acme.buyer()
    purchase = acme.sell(alice, "watercolour")
    receipt = mailbox.mail_to(alice.email, "Receipt").subject.split()[1]
    enter(acme, alice)
    page.get_by_role("link", name="Watercolour for Travellers", exact=True).click()

    acme.refund(purchase, 1500)

    reload_until_visible(page.get_by_text("Refunded"))
    expect(page.get_by_role("region", name="Payments")).to_contain_text("−€15.00")
    mail = mailbox.mail_to(alice.email, "Credit note")
    number = next(word for word in mail.subject.split() if word.startswith("AC-"))
    paper = mail.pdf(f"{number}.pdf")
    assert receipt in paper
    assert "15.00" in paper
    page.get_by_role("link", name=number, exact=True).click()
    expect(page.get_by_role("heading", name="Credit note")).to_be_visible()
    expect(page.get_by_role("article")).to_contain_text(receipt)
