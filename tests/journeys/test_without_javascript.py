"""Everything but Stripe's card field works where JavaScript does not."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def plain_page(another_browser):
    return another_browser(java_script_enabled=False)


def test_details_are_saved_from_a_page_of_their_own(plain_page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    page = enter(acme, alice, plain_page)

    page.get_by_role("link", name="Update my info").click()
    expect(page.get_by_role("heading", name="Update my info", level=1)).to_be_visible()
    page.get_by_label("City").fill("Cork")
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_text("Your details are saved.")).to_be_visible()
    assert acme.asked_of_stripe(alice).address.city == "Cork"


def test_cancelling_and_undoing_work(plain_page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    page = enter(acme, alice, plain_page)

    page.get_by_role("link", name="Cancel: Photography Monthly").click()
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("heading", name="Photography Monthly ends on")).to_be_visible()
    page.get_by_role("button", name="Undo the cancellation").click()

    expect(page.get_by_text("Photography Monthly goes on as before.")).to_be_visible()
    subscription = acme.asked_of_stripe(alice).subscriptions.data[0]
    assert not subscription.cancel_at_period_end
    assert subscription.cancel_at is None


def test_the_card_page_says_what_it_needs(plain_page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    page = enter(acme, alice, plain_page)

    page.goto(f"{acme.origin}/card/")

    assert "<noscript>Stripe's card field needs JavaScript." in page.content()
