"""Payments, and money back."""

import pytest
import stripe


class TestPayments:
    def test_a_charge_tells_the_card_and_the_outcome(self, api, subscribe):
        subscribe()

        charge = api.charges.list({"expand": ["data.balance_transaction"]}).data[0]

        assert (charge.status, charge.paid, charge.amount) == ("succeeded", True, 2000)
        assert charge.payment_method_details.card.last4 == "4242"
        assert charge.outcome.type == "authorized"
        assert charge.balance_transaction.net < 2000
        assert "invoice" not in charge

    def test_a_declined_payment_tells_why(self, api, alice, types):
        card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})

        with pytest.raises(stripe.CardError) as caught:
            api.payment_intents.create(
                {
                    "amount": 500,
                    "currency": "eur",
                    "customer": alice.id,
                    "payment_method": card.id,
                    "confirm": True,
                }
            )

        error = caught.value.error
        assert (error.code, error.decline_code) == ("card_declined", "generic_decline")
        assert error.payment_intent.status == "requires_payment_method"
        charge = api.charges.retrieve(error.charge)
        assert (charge.status, charge.failure_code) == ("failed", "card_declined")
        assert types()[-2:] == ["charge.failed", "payment_intent.payment_failed"]

    def test_off_session_a_question_of_the_bank_is_a_decline(self, api, alice):
        card = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": alice.id})

        with pytest.raises(stripe.CardError) as caught:
            api.payment_intents.create(
                {
                    "amount": 500,
                    "currency": "eur",
                    "customer": alice.id,
                    "payment_method": card.id,
                    "confirm": True,
                    "off_session": True,
                }
            )

        assert caught.value.code == "authentication_required"

    def test_a_failed_3d_secure_needs_another_card(self, api, sandbox):
        intent = api.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "payment_method": "pm_card_authenticationRequired",
                "confirm": True,
            }
        )

        sandbox.authenticate(intent.id, passed=False)

        found = api.payment_intents.retrieve(intent.id)
        assert found.status == "requires_payment_method"
        assert found.last_payment_error.code == "payment_intent_authentication_failure"

    def test_a_card_may_pass_3d_secure_and_still_have_no_money(self, api, sandbox):
        token = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
        intent = api.payment_intents.create(
            {"amount": 500, "currency": "eur", "payment_method": token, "confirm": True}
        )

        sandbox.authenticate(intent.id, passed=True)

        error = api.payment_intents.retrieve(intent.id).last_payment_error
        assert error.decline_code == "insufficient_funds"

    def test_setup_future_usage_keeps_the_card(self, api, alice):
        intent = api.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "customer": alice.id,
                "payment_method": "pm_card_mastercard",
                "setup_future_usage": "off_session",
                "confirm": True,
            }
        )

        assert api.payment_methods.retrieve(intent.payment_method).customer == alice.id


class TestRefunds:
    @pytest.fixture
    def charge(self, api, bill):
        api.invoices.pay(bill().id)
        return api.charges.list().data[0]

    def test_a_part_then_the_rest(self, api, charge, types):
        part = api.refunds.create({"charge": charge.id, "amount": 900, "reason": "duplicate"})
        after_part = api.charges.retrieve(charge.id)
        api.refunds.create({"payment_intent": charge.payment_intent})
        after_all = api.charges.retrieve(charge.id, {"expand": ["refunds"]})

        assert (part.status, part.reason, part.customer) == (
            "succeeded",
            "duplicate",
            charge.customer,
        )
        assert (after_part.amount_refunded, after_part.refunded) == (900, False)
        assert (after_all.amount_refunded, after_all.refunded) == (4900, True)
        assert [refund.amount for refund in after_all.refunds.data] == [900, 4000]
        assert types()[-2:] == ["refund.created", "charge.refunded"]

    def test_more_than_is_left_is_refused(self, api, charge):
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
            api.refunds.create({"charge": charge.id, "amount": 5000})

    def test_what_is_refunded_is_not_refunded_again(self, api, charge):
        api.refunds.create({"charge": charge.id})

        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.refunds.create({"charge": charge.id})

        assert caught.value.code == "charge_already_refunded"

    def test_refunds_are_listed_by_charge(self, api, charge):
        made = api.refunds.create({"charge": charge.id})

        assert [refund.id for refund in api.refunds.list({"charge": charge.id}).data] == [made.id]


class TestIntents:
    @pytest.fixture
    def intent(self, api):
        return api.payment_intents.create(
            {
                "amount": 500,
                "currency": "EUR",
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types": ["card"],
            }
        )

    def test_an_intent_waits_to_be_confirmed(self, api, intent):
        assert (intent.status, intent.currency) == ("requires_confirmation", "eur")
        assert api.payment_intents.confirm(intent.id).status == "succeeded"

    def test_without_a_card_it_cannot_be_confirmed(self, api):
        intent = api.payment_intents.create({"amount": 500, "currency": "eur"})

        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.payment_intents.confirm(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"

    def test_a_cancelled_intent_takes_no_payment(self, api, intent, types):
        cancelled = api.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

        assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
        assert types()[-1] == "payment_intent.canceled"
        with pytest.raises(stripe.InvalidRequestError):
            api.payment_intents.confirm(intent.id)

    def test_its_words_can_be_changed(self, api, intent):
        changed = api.payment_intents.update(intent.id, {"description": "Tea"})

        assert changed.description == "Tea"

    def test_anothers_card_is_refused(self, api, alice):
        bob = api.customers.create({"name": "Bob"})
        card = alice.invoice_settings.default_payment_method

        with pytest.raises(stripe.InvalidRequestError, match="cannot be attached"):
            api.payment_intents.create(
                {
                    "amount": 500,
                    "currency": "eur",
                    "customer": bob.id,
                    "payment_method": card,
                    "confirm": True,
                }
            )

    def test_a_charges_words_can_be_changed(self, api, intent):
        charge = api.payment_intents.confirm(intent.id).latest_charge

        changed = api.charges.update(charge, {"metadata": {"seen": "yes"}})

        assert changed.metadata["seen"] == "yes"
