"""The story that a person can play in the demo with a browser alone."""

import secrets

from playwright.sync_api import expect

from tests.journeys.polling import reload_until_visible


def test_a_purchase_at_the_control_page_is_in_the_mailbox_and_in_the_hub(page, acme, stack):
    address = f"dora-{secrets.token_hex(4)}@example.com"
    page.goto(stack.demo.sandbox_url)
    page.get_by_role("navigation", name="Accounts").get_by_role("link", name="Acme").click()
    buying = page.get_by_role("region", name="A customer buys")
    buying.get_by_label("Name").fill("Dora Doyle")
    buying.get_by_label("E-mail").fill(address)
    offer = buying.get_by_role("option", name="Photography Monthly").first
    buying.get_by_label("Buys").select_option(offer.get_attribute("value"))
    buying.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("status")).to_contain_text("Dora Doyle bought Photography Monthly.")

    hub = page.get_by_role("link", name="See it in the customer’s hub").get_attribute("href")
    page.goto(f"{stack.origin('hub')}/mailbox/?q=to:{address}")
    mails = page.get_by_role("link", name=address)
    reload_until_visible(mails.filter(has_text="Receipt"))

    page.goto(hub)
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    page.get_by_role("link", name="Demo: open the mailbox").click()
    reload_until_visible(mails.filter(has_text="Your sign-in link for Acme Courses"))
    mails.filter(has_text="Your sign-in link for Acme Courses").click()
    mail = page.frame_locator("iframe").first
    page.goto(mail.get_by_role("link", name="Sign in", exact=True).get_attribute("href"))
    page.get_by_role("button", name="Sign in to Acme Courses").click()

    expect(page.get_by_role("heading", name="Hello Dora")).to_be_visible()
    expect(page.get_by_role("region", name="Purchases")).to_contain_text("Photography Monthly")
