"""A card is proven and kept: what the browser sends, what the server reads."""

import json

import pytest
import stripe

CARD = "payment_method_data[type]=card&payment_method_data[card][{}]={}"


@pytest.fixture
def intent(api, alice):
    return api.setup_intents.create(
        {
            "customer": alice.id,
            "usage": "off_session",
            "allowed_payment_method_types": ["card"],
            "metadata": {"action": "1"},
        }
    )


@pytest.fixture
def browser(sandbox):
    """What Stripe.js does with a publishable key and the intent's secret."""

    def send(path, secret, *pairs):
        body = "&".join((f"client_secret={secret}", *pairs))
        headers = {"Authorization": "Bearer pk_test_acme_1"}
        response = sandbox.request("POST", f"/v1/{path}", headers=headers, body=body)
        return response.status, json.loads(response.body)

    return send


@pytest.fixture
def confirm(browser, intent):
    def with_number(number, secret=intent.client_secret):
        fields = {"number": number, "exp_month": 12, "exp_year": 34, "cvc": 123}
        pairs = [CARD.format(name, value) for name, value in fields.items()]
        return browser(f"setup_intents/{intent.id}/confirm", secret, *pairs)

    return with_number


def test_a_good_card_is_attached_to_the_customer(api, alice, intent, confirm, types):
    status, answer = confirm("4242 4242 4242 4242")

    assert (status, answer["status"]) == (200, "succeeded")
    found = api.setup_intents.retrieve(intent.id, {"expand": ["payment_method"]})
    assert found.payment_method.customer == alice.id
    assert found.payment_method.card.exp_year == 2034
    assert found.metadata["action"] == "1"
    assert types()[-2:] == ["payment_method.attached", "setup_intent.succeeded"]


DECLINES = [
    ("4000000000000002", "card_declined", "generic_decline"),
    ("4000000000009995", "card_declined", "insufficient_funds"),
    ("4000000000009987", "card_declined", "lost_card"),
    ("4000000000009979", "card_declined", "stolen_card"),
    ("4000000000000069", "expired_card", None),
    ("4000000000000127", "incorrect_cvc", None),
    ("4000000000000119", "processing_error", None),
]


@pytest.mark.parametrize("decline", DECLINES)
def test_a_refused_card_is_a_402_with_the_intent(api, intent, confirm, decline):
    number, code, decline_code = decline

    status, answer = confirm(number)

    error = answer["error"]
    assert (status, error["type"], error["code"]) == (402, "card_error", code)
    assert error.get("decline_code") == decline_code
    assert error["setup_intent"]["status"] == "requires_payment_method"
    found = api.setup_intents.retrieve(intent.id)
    assert found.last_setup_error.code == code
    assert found.payment_method is None


def test_after_a_refused_card_another_may_be_tried(api, intent, confirm):
    confirm("4000000000000002")

    assert confirm("5555555555554444")[1]["status"] == "succeeded"
    assert api.setup_intents.retrieve(intent.id).last_setup_error is None


class TestThreeDSecure:
    @pytest.fixture
    def answer_bank(self, browser, intent):
        def say(outcome):
            path = f"setup_intents/{intent.id}/sandbox_authenticate"
            return browser(path, intent.client_secret, f"outcome={outcome}")

        return say

    @pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184"])
    def test_the_bank_asks_and_whoever_passes_keeps_the_card(self, confirm, answer_bank, number):
        asked = confirm(number)[1]
        passed = answer_bank("passed")[1]

        assert asked["status"] == "requires_action"
        assert asked["next_action"]["type"] == "use_stripe_sdk"
        assert passed["status"] == "succeeded"
        assert passed["next_action"] is None

    def test_whoever_fails_needs_another_card(self, api, intent, confirm, answer_bank, types):
        confirm("4000002500003155")

        failed = answer_bank("failed")[1]

        assert failed["status"] == "requires_payment_method"
        error = api.setup_intents.retrieve(intent.id).last_setup_error
        assert error.code == "setup_intent_authentication_failure"
        assert types()[-1] == "setup_intent.setup_failed"

    def test_nothing_can_be_answered_that_was_not_asked(self, answer_bank):
        assert answer_bank("passed")[0] == 400

    def test_the_machine_itself_can_answer(self, api, sandbox, intent, confirm):
        confirm("4000002500003155")

        sandbox.authenticate(intent.id, passed=True)

        assert api.setup_intents.retrieve(intent.id).status == "succeeded"


def test_a_wrong_secret_opens_nothing(confirm):
    assert confirm("4242424242424242", secret="seti_1_secret_wrong")[0] == 404


def test_a_finished_intent_cannot_be_confirmed_again(confirm):
    confirm("4242424242424242")

    status, answer = confirm("4242424242424242")

    assert status == 400
    assert answer["error"]["code"] == "setup_intent_unexpected_state"
    assert answer["error"]["setup_intent"]["status"] == "succeeded"


def test_the_two_ways_to_choose_payment_methods_exclude_each_other(api):
    with pytest.raises(stripe.InvalidRequestError):
        api.setup_intents.create(
            {
                "allowed_payment_method_types": ["card"],
                "automatic_payment_methods": {"enabled": True},
            }
        )


def test_a_cancelled_intent_stays_cancelled(api, intent):
    assert api.setup_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        api.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def test_intents_are_listed_by_customer(api, alice, intent):
    api.setup_intents.create({"confirm": False})

    assert [found.id for found in api.setup_intents.list({"customer": alice.id}).data] == [
        intent.id
    ]
