"""The control pages: a person plays an account's story in a browser, with scripts switched off."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

MONTHLY = "Photography Monthly, €29.00 a month"
COURSE = "Watercolour for Travellers, €89.00"


@pytest.fixture
def browser_context_args(browser_context_args):
    return {**browser_context_args, "java_script_enabled": False}


@pytest.fixture
def catalogue(served):
    served.price("Photography Monthly", 2900, "month")
    served.price("Watercolour for Travellers", 8900)


class Desk:
    """The control pages of Acme."""

    def __init__(self, page, served):
        self.page = page
        self.served = served
        self.api = served.client()
        self.url = f"{served.url}/accounts/acct_acme/"

    def buy(self, kind, offer, *, name="Alice", email="alice@example.com", card="Visa 4242, works"):
        self.page.goto(self.url)
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Country").select_option(label="France")
        group = self.page.locator(f"optgroup[label={kind!r}] option", has_text=offer)
        self.page.get_by_label("Buys", exact=True).select_option(group.get_attribute("value"))
        self.page.get_by_label("Pays with").select_option(label=card)
        self.press("Buy")

    def press(self, button, nth=0):
        self.page.get_by_role("button", name=re.compile(f"^{button}")).nth(nth).click()

    def wait(self, *steps):
        for step in steps:
            self.press(step)

    @property
    def said(self):
        return self.page.locator(".notice p").first

    def part(self, title):
        return self.page.get_by_role("region", name=title)


@pytest.fixture
def desk(page, served, catalogue):
    return Desk(page, served)


def test_without_an_account_it_says_how_one_opens(page, served):
    page.goto(served.url)

    expect(page.get_by_role("heading", level=1)).to_have_text("No account yet")
    expect(page.get_by_text("sk_test_acme_1")).to_be_visible()


def test_a_new_customer_subscribes(desk):
    desk.buy("Subscriptions", MONTHLY)

    expect(desk.said).to_have_text("Alice bought Photography Monthly.")
    expect(desk.part("Subscriptions")).to_contain_text("Active, next payment on")
    customer = desk.api.customers.list().data[0]
    assert (customer.email, customer.address.country) == ("alice@example.com", "FR")
    assert desk.api.subscriptions.list({"customer": customer.id}).data[0].status == "active"


def test_what_happened_leads_to_the_customers_hub(desk):
    desk.buy("Subscriptions", MONTHLY)

    door = desk.page.get_by_role("link", name="See it in the customer’s hub")
    expect(door).to_have_attribute("href", "http://acme.localhost:8000/")
    desk.page.reload()
    expect(door).to_have_count(0)


def test_a_trial_becomes_a_subscription_when_its_days_are_over(desk):
    desk.buy("Subscriptions after a trial of 14 days", MONTHLY)
    expect(desk.part("Subscriptions")).to_contain_text("Trial until")

    desk.wait("a week", "a week", "an hour", "an hour")

    expect(desk.part("Subscriptions")).to_contain_text("Active, next payment on")
    expect(desk.part("Payments")).to_contain_text("€29.00")


def test_a_plan_ends_after_three_payments(desk):
    desk.buy("Plans of 3 payments", MONTHLY)

    desk.wait("a month", "a month", "a month", "an hour")

    expect(desk.part("Subscriptions")).to_contain_text("Ended")
    expect(desk.part("Payments").locator(".name")).to_have_count(3)


def test_a_known_customer_buys_something_once(desk):
    desk.buy("Subscriptions", MONTHLY)
    desk.page.get_by_role("link", name="Buy something else").click()
    desk.page.get_by_label("Buys", exact=True).select_option(label=COURSE)
    desk.press("Buy")

    expect(desk.said).to_have_text("Alice bought Watercolour for Travellers.")
    assert len(desk.api.customers.list().data) == 1
    expect(desk.part("Invoices").get_by_text("Paid")).to_have_count(2)


def test_a_refused_card_leaves_the_form_as_it_was_filled(desk, complaints):
    complaints.expect("422")
    desk.buy("One-time purchases", COURSE, card="Visa 9995, insufficient funds")

    expect(desk.said).to_have_text("Stripe refused: Your card has insufficient funds.")
    expect(desk.page.get_by_label("E-mail")).to_have_value("alice@example.com")
    expect(desk.page.get_by_label("Country").locator("option:checked")).to_have_text("France")
    expect(desk.page.get_by_label("Customer", exact=True)).not_to_have_value("")


def test_a_new_customer_without_an_address_is_refused(desk, complaints):
    complaints.expect("422")
    desk.page.goto(desk.url)
    desk.press("Buy")

    expect(desk.said).to_have_text("A new customer needs a name and an e-mail address.")


def test_a_payment_fails_and_its_invoice_is_paid_by_hand(desk):
    desk.buy("Subscriptions", MONTHLY)
    desk.press("Let the next payment fail")
    desk.wait("a month", "an hour", "an hour")
    expect(desk.part("Subscriptions")).to_contain_text("Past due")

    desk.press("Pay ")

    expect(desk.said).to_contain_text("€29.00 was paid for invoice")
    expect(desk.part("Subscriptions")).to_contain_text("Active")


def test_a_payment_is_disputed_and_the_bank_decides(desk):
    desk.buy("One-time purchases", COURSE)
    desk.press("Dispute")
    expect(desk.said).to_have_text("The customer disputes the payment.")
    expect(desk.part("Payments")).to_contain_text("Disputed")

    desk.press("Customer wins")

    expect(desk.said).to_have_text("The bank decided for the customer.")
    assert desk.api.disputes.list().data[0].status == "lost"


def test_a_payment_is_refunded_in_part_and_then_in_full(desk):
    desk.buy("One-time purchases", COURSE)
    desk.page.get_by_label("Part of the amount").fill("9,50")
    desk.press("Refund")
    expect(desk.said).to_have_text("€9.50 was refunded.")
    expect(desk.part("Payments")).to_contain_text("€9.50 refunded")

    desk.press("Refund")

    expect(desk.said).to_have_text("€79.50 was refunded.")
    expect(desk.page.get_by_role("button", name=re.compile("^Refund"))).to_have_count(0)


@pytest.mark.parametrize("amount", ["all of it", "-3", "0", "1.234", "1000"])
def test_an_amount_that_cannot_be_refunded_is_refused_with_a_sentence(desk, amount):
    desk.buy("One-time purchases", COURSE)
    desk.page.get_by_label("Part of the amount").fill(amount)
    desk.press("Refund")

    expect(desk.page.get_by_role("alert")).not_to_be_empty()
    assert desk.api.refunds.list().data == []


def test_a_subscription_is_paused_resumed_and_cancelled_at_once(desk):
    desk.buy("Subscriptions", MONTHLY)
    desk.press("Pause")
    expect(desk.part("Subscriptions")).to_contain_text("Payments paused")
    desk.press("Resume")
    expect(desk.part("Subscriptions")).to_contain_text("Active")

    desk.press("Cancel at once")

    expect(desk.part("Subscriptions")).to_contain_text("Ended")
    assert desk.api.subscriptions.list({"status": "all"}).data[0].status == "canceled"


def test_the_latest_events_say_whether_they_arrived(desk, receiver):
    desk.api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    desk.buy("Subscriptions", MONTHLY)
    receiver.wait_for(5)
    receiver.statuses = [500] * 100
    desk.api.customers.create({"name": "Bob"})
    receiver.wait_for(len(receiver.heard) + 1)
    desk.page.goto(f"{desk.url}events/")

    rows = desk.page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("customer.created")
    expect(rows.nth(1)).to_contain_text(re.compile(r"On its way|Failed (once|\d+ times)"))
    expect(rows.last).to_contain_text("Delivered")


def test_the_requests_are_listed(desk):
    desk.api.customers.create({"name": "Bob"}, {"idempotency_key": "bob-once"})
    desk.page.goto(f"{desk.url}requests/")

    expect(desk.page.get_by_role("row").nth(1)).to_contain_text("POST /v1/customers")
    expect(desk.page.get_by_role("row").nth(1)).to_contain_text("bob-once")


def test_a_visitors_language_is_spoken_as_far_as_amounts_go(served, catalogue):
    answer = served.ask(
        "GET", "/accounts/acct_acme/", headers={"Accept-Language": "de-CH,de;q=0.9"}
    )

    assert '<html lang="de">' in answer.text
    assert "29,00\xa0€" in answer.text


def test_another_accounts_customer_is_not_found(desk):
    carol = desk.served.client("sk_test_globex_1").customers.create({"name": "Carol"})

    assert desk.served.ask("GET", f"/accounts/acct_acme/customers/{carol.id}/").status == 404
    assert desk.served.ask("GET", "/accounts/acct_nobody/").status == 404
    assert desk.served.ask("POST", "/accounts/acct_nobody/buy/").status == 404
    assert "acct_nobody" not in desk.served.sandbox.accounts()


def test_names_are_shown_as_text(desk):
    desk.api.customers.create({"name": "<script>alert(1)</script>"})
    text = desk.served.ask("GET", "/accounts/acct_acme/").text

    assert "&lt;script&gt;alert(1)" in text
    assert "<script>" not in text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_the_way_back_stays_here(served, target):
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = served.ask("POST", "/clock/", f"step=hour&back={target}", form)

    assert answer.status == 303
    assert answer.headers["Location"].startswith("/?said=")
