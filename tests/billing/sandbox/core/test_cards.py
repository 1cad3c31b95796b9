"""Stripe's test cards do what https://docs.stripe.com/testing says of them."""

import pytest
import stripe

from billing.sandbox.cards import CARDS, TOKENS, check_number

DECLINED = [
    ("visa_chargeDeclined", "card_declined", "generic_decline"),
    ("visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
    ("chargeDeclinedExpiredCard", "expired_card", None),
    ("chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
    ("chargeDeclinedProcessingError", "processing_error", None),
    ("chargeCustomerFail", "card_declined", "generic_decline"),
    ("radarBlock", "card_declined", "fraudulent"),
    ("threeDSecureRequiredProcessingError", "card_declined", "generic_decline"),
]


@pytest.fixture
def charge(api):
    """Pays 20 euros with a test card, and gives the payment intent."""

    def pay(card, **params):
        wanted = {"amount": 2000, "currency": "eur", "payment_method": f"pm_card_{card}"}
        return api.payment_intents.create(wanted | {"confirm": True} | params)

    return pay


@pytest.mark.parametrize("number", CARDS)
def test_each_number_is_a_card_number(number):
    assert check_number(number) == number


def test_each_token_names_a_card():
    assert set(TOKENS.values()) <= CARDS.keys()


@pytest.mark.parametrize(("card", "code", "decline_code"), DECLINED)
def test_it_is_declined_with_its_code(charge, card, code, decline_code):
    with pytest.raises(stripe.CardError) as caught:
        charge(card)

    assert caught.value.code == code
    assert decline_code is None or caught.value.error.decline_code == decline_code


@pytest.mark.parametrize("card", [card for card, _code, _why in DECLINED[:8]])
def test_a_card_that_is_always_declined_cannot_be_saved(api, alice, card):
    with pytest.raises(stripe.CardError):
        api.payment_methods.attach(f"pm_card_{card}", {"customer": alice.id})


def test_one_card_can_be_saved_and_fails_when_it_is_charged(api, alice, charge):
    saved = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})

    assert saved.customer == alice.id
    with pytest.raises(stripe.CardError):
        charge("chargeCustomerFail")


@pytest.mark.parametrize(
    ("card", "there", "away"),
    [
        ("authenticationRequired", "requires_action", "authentication_required"),
        ("authenticationRequiredOnSetup", "requires_action", "authentication_required"),
        ("authenticationRequiredSetupForOffSession", "requires_action", "succeeded"),
        ("threeDSecure2Required", "requires_action", "authentication_required"),
        ("threeDSecureOptional", "succeeded", "succeeded"),
    ],
)
def test_3d_secure_is_asked_for_where_the_card_says(api, alice, charge, card, there, away):
    saved = api.payment_methods.attach(f"pm_card_{card}", {"customer": alice.id})
    theirs = {"customer": alice.id, "payment_method": saved.id}

    assert charge(card, **theirs).status == there
    try:
        outcome = charge(card, **theirs, off_session=True).status
    except stripe.CardError as error:
        outcome = error.code
    assert outcome == away


def test_a_card_may_pass_3d_secure_and_still_be_declined(sandbox, api, charge):
    asked = charge("threeDSecureRequiredChargeDeclined")

    sandbox.authenticate(asked.id, passed=True)

    found = api.payment_intents.retrieve(asked.id)
    assert (found.status, found.last_payment_error.code) == (
        "requires_payment_method",
        "card_declined",
    )


def test_stripes_own_judgement_is_in_the_outcome(api, charge):
    elevated = api.charges.retrieve(charge("riskLevelElevated").latest_charge)
    with pytest.raises(stripe.CardError) as caught:
        charge("riskLevelHighest")
    blocked = api.charges.retrieve(caught.value.error.charge)

    assert (elevated.paid, elevated.outcome.risk_level) == (True, "elevated")
    assert (blocked.outcome.type, blocked.outcome.risk_level) == ("blocked", "highest")


class TestDisputes:
    def test_the_money_is_gone_as_soon_as_it_is_charged(self, api, charge, types):
        paid = charge("createDispute")

        dispute = api.disputes.list({"payment_intent": paid.id}).data[0]

        assert (dispute.reason, dispute.status) == ("fraudulent", "needs_response")
        assert [entry.net for entry in dispute.balance_transactions] == [-3500]
        assert api.charges.retrieve(paid.latest_charge).disputed
        assert types()[-3:] == [
            "charge.updated",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
        ]

    def test_an_inquiry_leaves_the_money_for_now(self, api, charge):
        paid = charge("createDisputeInquiry")

        dispute = api.disputes.list({"charge": paid.latest_charge}).data[0]

        assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])

    @pytest.mark.parametrize(
        ("evidence", "status", "movements"),
        [("winning_evidence", "won", [-2000, 2000]), ("losing_evidence", "lost", [-2000])],
    )
    def test_evidence_decides(self, api, charge, types, evidence, status, movements):
        charge("createDisputeProductNotReceived")
        dispute = api.disputes.list().data[0]

        api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})

        found = api.disputes.retrieve(dispute.id)
        assert found.status == status
        assert [entry.amount for entry in found.balance_transactions] == movements
        assert "charge.dispute.closed" in types()

    def test_the_shop_may_give_in_once(self, api, charge):
        charge("createDispute")
        key = api.disputes.list().data[0].id

        assert api.disputes.close(key).status == "lost"
        with pytest.raises(stripe.InvalidRequestError):
            api.disputes.close(key)


class TestRefunds:
    def test_a_slow_bank_takes_a_day(self, api, charge, pass_days, types):
        made = api.refunds.create({"payment_intent": charge("pendingRefund").id})
        assert made.status == "pending"

        pass_days(2)

        assert api.refunds.retrieve(made.id).status == "succeeded"
        assert types()[-1] == "refund.updated"

    def test_a_refund_that_fails_leaves_the_charge_unrefunded(self, api, charge, pass_days, types):
        paid = charge("refundFail")
        made = api.refunds.create({"payment_intent": paid.id})
        assert (made.status, api.charges.retrieve(paid.latest_charge).refunded) == (
            "succeeded",
            True,
        )

        pass_days(2)

        failed, unrefunded = (
            api.refunds.retrieve(made.id),
            api.charges.retrieve(paid.latest_charge),
        )
        assert (failed.status, failed.failure_reason) == ("failed", "unknown")
        assert (unrefunded.refunded, unrefunded.amount_refunded) == (False, 0)
        assert types()[-1] == "refund.failed"
