"""While Stripe cannot be reached, pages show what we know, and changes say that they must wait; or,
where the connection breaks once the change is sent, that nobody knows."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

NOBODY_KNOWS = "has not confirmed this yet, so we do not know whether it worked."
MUST_WAIT = "We cannot reach our payment provider just now, so changes must wait."


@pytest.fixture
def stripe_is_down(stack):
    @contextmanager
    def down():
        fault = {"pattern": "* /v1/*", "kind": "refused", "times": 10_000}
        stack.sandbox.ask("POST", "faults", fault)
        try:
            yield
        finally:
            stack.sandbox.ask("DELETE", "faults")

    return down


def test_pages_show_what_we_know_and_changes_wait(page, acme, enter, mailbox, stripe_is_down):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    mailbox.mail_to(alice.email, "Receipt")

    with stripe_is_down():
        enter(acme, alice)
        expect(page.get_by_role("main")).to_contain_text("€29.00 a month")
        page.get_by_role("link", name="AC-").first.click()
        expect(page.get_by_role("heading", name="Receipt")).to_be_visible()

        page.goto(f"{acme.origin}/profile/")
        page.get_by_label("City").fill("Cork")
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_role("alert")).to_contain_text(NOBODY_KNOWS)
        expect(page.get_by_label("City")).to_have_value("Cork")

        page.goto(f"{acme.origin}/card/")
        expect(page.get_by_role("alert")).to_contain_text(MUST_WAIT)

        page.goto(acme.origin)
        page.get_by_role("link", name="Cancel: Photography Monthly").click()
        page.get_by_role("button", name="Cancel subscription").click()
        expect(page.get_by_role("alert")).to_contain_text(MUST_WAIT)

    known = acme.asked_of_stripe(alice)
    assert known.address.city == "Dublin"
    assert known.subscriptions.data[0].cancel_at_period_end is False
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("heading", name="Photography Monthly ends on")).to_be_visible()
