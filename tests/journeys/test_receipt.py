"""From a purchase to the hub: the receipt, its button, the door, the link, the documents."""

from playwright.sync_api import expect

from tests.journeys.mailbox import text_of_pdf

MANAGE = "Click here to manage your billing details and view purchase history"


def test_the_button_in_a_receipt_leads_to_the_purchase_and_its_pdf(page, acme, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "italian", order="LL-104417")

    receipt = mailbox.mail_to(alice.email, "Receipt AC-")
    number = receipt.subject.split()[1]
    page.goto(receipt.button(MANAGE))
    expect(page.get_by_label("E-mail")).to_have_value(alice.email)
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    link = mailbox.mail_to(alice.email, "Your sign-in link for Acme Courses").button("Sign in")
    page.goto(link)
    expect(page.get_by_text("a••••@example.com")).to_be_visible()
    page.get_by_role("button", name="Sign in to Acme Courses").click()

    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()
    purchases = page.get_by_role("region", name="Purchases")
    expect(purchases.get_by_role("link", name="Language Lab: Italian", exact=True)).to_be_visible()
    expect(purchases.get_by_text("€19.00 a month")).to_be_visible()

    page.get_by_role("link", name=number, exact=True).click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    in_the_hub = text_of_pdf(download.value.path().read_bytes())
    assert download.value.suggested_filename == f"{number}.pdf"
    assert in_the_hub == receipt.pdf(f"{number}.pdf")
    for words in (number, "Alice Martin", "Language Lab: Italian", "LL-104417", "19.00", MANAGE):
        assert words.lower() in in_the_hub.lower()
