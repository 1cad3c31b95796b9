"""The stand-in for Stripe.js in a real browser, on a page with the hub's strict policy."""

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.billing.sandbox.shop import shop_for

pytestmark = pytest.mark.journey

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
BROKE = "4000000000009995"
ASKS = "4000002760003184"


class Till:
    """The shop's page, and the customer in front of it."""

    def __init__(self, page, served, shop):
        self.page = page
        self.served = served
        self.shop = shop
        self.api = served.client()

    def setup_intent(self):
        customer = self.api.customers.create({"name": "Alice"})
        return self.api.setup_intents.create(
            {"customer": customer.id, "allowed_payment_method_types": ["card"]}
        )

    def open(self, *, ready=True, **wishes):
        self.page.goto(f"{self.shop}#{quote(json.dumps(wishes))}")
        if ready:
            expect(self.page.locator("#events")).to_contain_text('"name":"ready"')
        return self

    def open_for(self, intent, **wishes):
        elements = {"clientSecret": intent.client_secret} | wishes.pop("elements", {})
        return self.open(elements=elements, **wishes)

    @property
    def card(self):
        return self.page.frame_locator("iframe[title='Secure payment input frame']")

    @property
    def bank(self):
        return self.page.frame_locator("iframe[title='Secure authentication frame']")

    def type(self, number, expiry="1234", code="123"):
        self.card.locator("[name=number]").fill(number)
        self.card.locator("[name=expiry]").fill(expiry)
        self.card.locator("[name=cvc]").fill(code)
        self.card.locator("[name=country]").select_option("IE")

    def save(self):
        self.page.get_by_role("button", name="Save card").click()

    @property
    def result(self):
        expect(self.page.locator("#result")).not_to_be_empty()
        return json.loads(self.page.locator("#result").inner_text())


@pytest.fixture
def till(page, served):
    with shop_for(served.url) as shop:
        yield Till(page, served, shop)


def test_a_good_card_is_saved(till):
    intent = till.setup_intent()
    till.open_for(intent).type(GOOD)
    till.save()

    assert till.result["setupIntent"]["status"] == "succeeded"
    saved = till.api.setup_intents.retrieve(intent.id, {"expand": ["payment_method"]})
    assert saved.payment_method.card.last4 == "4242"
    assert saved.payment_method.customer == intent.customer


def test_card_data_goes_from_the_frame_to_the_sandbox_and_nowhere_else(till):
    told = []
    till.page.on("request", lambda request: told.append((request.url, request.post_data or "")))
    till.open_for(till.setup_intent()).type(GOOD)
    till.save()
    assert till.result["setupIntent"]

    carriers = [url for url, body in told if GOOD in body or GOOD in url]
    assert len(carriers) == 1
    assert carriers[0].startswith(f"{till.served.url}/v1/setup_intents/")
    assert not any(url.startswith(f"{till.shop}v1") for url, _ in told)


def test_a_declined_card_is_an_error_with_its_codes(till, complaints):
    complaints.expect("402")
    till.open_for(till.setup_intent()).type(DECLINED)
    till.save()

    error = till.result["error"]
    assert (error["type"], error["code"]) == ("card_error", "card_declined")
    assert error["decline_code"] == "generic_decline"
    assert error["message"] == "Your card was declined."
    assert error["setup_intent"]["status"] == "requires_payment_method"


def test_after_a_decline_another_card_is_saved(till, complaints):
    complaints.expect("402")
    till.open_for(till.setup_intent()).type(DECLINED)
    till.save()
    expect(till.page.locator("#result")).to_contain_text("card_declined")

    till.type(GOOD)
    till.save()

    expect(till.page.locator("#result")).to_contain_text('"status":"succeeded"')


def test_errors_come_in_the_customers_language(till, complaints):
    complaints.expect("402")
    till.open_for(till.setup_intent(), locale="de-AT").type(BROKE)
    till.save()

    assert till.result["error"]["message"] == "Ihre Karte ist nicht ausreichend gedeckt."
    expect(till.card.get_by_label("Kartennummer")).to_be_visible()
    assert till.card.get_by_label("Land").locator("option:checked").count() == 1
    expect(till.card.get_by_role("option", name="Österreich")).to_be_attached()


def test_3d_secure_is_passed_in_a_dialog(till):
    till.open_for(till.setup_intent()).type(ASKS)
    till.save()
    expect(till.bank.get_by_text("Acme")).to_be_visible()

    till.bank.get_by_role("button", name="Complete").click()

    assert till.result["setupIntent"]["status"] == "succeeded"
    expect(till.page.get_by_role("dialog")).to_have_count(0)


def test_3d_secure_that_fails_is_an_authentication_failure(till):
    intent = till.setup_intent()
    till.open_for(intent).type(ASKS)
    till.save()

    till.bank.get_by_role("button", name="Fail").click()

    error = till.result["error"]
    assert error["code"] == "setup_intent_authentication_failure"
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("We are unable to authenticate your payment method.")
    assert till.api.setup_intents.retrieve(intent.id).status == "requires_payment_method"


def test_the_bank_takes_no_click_that_nobody_would_hear(till):
    script = {"content_type": "text/javascript", "body": ""}
    till.page.route("**/elements/challenge.js", lambda route: route.fulfill(**script))
    till.open_for(till.setup_intent()).type(ASKS)
    till.save()

    expect(till.bank.locator("button", has_text="Complete")).to_be_disabled()


def test_3d_secure_works_from_the_keyboard_and_escape_gives_up(till):
    till.open_for(till.setup_intent()).type(ASKS)
    till.save()
    expect(till.bank.get_by_role("heading")).to_be_focused()
    till.page.keyboard.press("Escape")
    assert till.result["error"]["code"] == "setup_intent_authentication_failure"

    till.page.locator("#result").evaluate("place => place.textContent = ''")
    till.save()
    expect(till.bank.get_by_role("heading")).to_be_focused()
    till.page.keyboard.press("Tab")
    till.page.keyboard.press("Enter")
    assert till.result["setupIntent"]["status"] == "succeeded"


def test_a_payment_names_its_amount_to_the_bank(till):
    customer = till.api.customers.create({"name": "Alice"})
    intent = till.api.payment_intents.create(
        {
            "amount": 2900,
            "currency": "eur",
            "customer": customer.id,
            "allowed_payment_method_types": ["card"],
        }
    )
    till.open_for(intent, confirm="confirmPayment").type(ASKS)
    till.save()
    expect(till.bank.get_by_text("€29.00")).to_be_visible()

    till.bank.get_by_role("button", name="Complete").click()

    assert till.result["paymentIntent"]["status"] == "succeeded"
    assert till.api.payment_intents.retrieve(intent.id).amount_received == 2900


def test_without_if_required_the_page_is_left_for_the_return_address(till):
    intent = till.setup_intent()
    till.open_for(intent, redirect="always").type(GOOD)
    till.save()

    till.page.wait_for_url(re.compile(r"/done\?"))
    assert f"setup_intent={intent.id}" in till.page.url
    assert "redirect_status=succeeded" in till.page.url


def test_elements_without_an_intent_are_submitted_first(till):
    till.open(
        elements={"mode": "setup", "currency": "eur"},
        secret=till.setup_intent().client_secret,
        submitFirst=True,
    )
    till.save()
    assert till.result["error"]["code"] == "incomplete_number"

    till.type(GOOD)
    till.save()

    expect(till.page.locator("#result")).to_contain_text('"status":"succeeded"')


def test_the_intent_can_be_read_again(till):
    intent = till.setup_intent()
    till.open_for(intent)

    read = till.page.evaluate(
        "secret => shop.stripe.retrieveSetupIntent(secret)", intent.client_secret
    )

    assert read["setupIntent"]["id"] == intent.id
    assert read["setupIntent"]["status"] == "requires_payment_method"


def test_a_wrong_secret_is_a_load_error(till, complaints):
    complaints.expect("404")
    secret = till.setup_intent().client_secret
    till.open(ready=False, elements={"clientSecret": f"{secret}x"})

    expect(till.page.locator("#events")).to_contain_text('"name":"loaderror"')
    expect(till.page.locator("#events")).not_to_contain_text('"name":"ready"')


def test_the_secret_key_is_refused_in_a_page(till):
    till.open_for(till.setup_intent())

    said = till.page.evaluate(
        "() => { try { Stripe('sk_test_acme_1') } catch (error) { return error.message } }"
    )

    assert "secret key" in said
