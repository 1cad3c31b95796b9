"""What the hub relies on, asked of the sandbox and of Stripe in the same words."""

from uuid import uuid4

import pytest


def code_of(error):
    return (error.http_status, error.code)


class TestRequests:
    def test_what_is_unknown_missing_or_not_there_is_refused(self, api, alice, refusal):
        unknown = refusal(api.customers.update, alice.id, {"nickname": "Al"})
        missing = refusal(api.tax_rates.create, {"display_name": "VAT", "inclusive": True})
        nowhere = refusal(api.customers.retrieve, "cus_nobody")
        in_a_parameter = refusal(
            api.subscriptions.create, {"customer": "cus_nobody", "items": [{"price": "price_x"}]}
        )

        assert (code_of(unknown), unknown.param) == ((400, "parameter_unknown"), "nickname")
        assert (code_of(missing), missing.param) == ((400, "parameter_missing"), "percentage")
        assert code_of(nowhere) == (404, "resource_missing")
        assert (code_of(in_a_parameter), in_a_parameter.param) == (
            (400, "resource_missing"),
            "customer",
        )

    def test_the_same_key_twice_is_the_same_request_once(self, api, alice, refusal):
        key = {"idempotency_key": f"contract-{uuid4()}"}

        first = api.customers.update(alice.id, {"name": "Al"}, key)
        second = api.customers.update(alice.id, {"name": "Al"}, key)
        other = refusal(api.customers.update, alice.id, {"name": "Bob"}, key)

        assert second.last_response.headers["idempotent-replayed"] == "true"
        assert second.name == first.name
        assert (type(other).__name__, other.http_status) == ("IdempotencyError", 400)

    def test_metadata_is_merged_and_an_empty_value_takes_a_key_away(self, api, alice):
        api.customers.update(alice.id, {"metadata": {"one": "1", "two": "2"}})

        found = api.customers.update(alice.id, {"metadata": {"one": ""}})

        assert found.metadata.to_dict() == {"two": "2"}

    def test_a_list_says_whether_there_is_more(self, api, alice):
        found = api.customers.list({"limit": 1})

        assert (len(found.data), found.object) == (1, "list")


class TestCards:
    @pytest.mark.parametrize(
        ("token", "code", "decline_code"),
        [
            ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
            (
                "pm_card_visa_chargeDeclinedInsufficientFunds",
                "card_declined",
                "insufficient_funds",
            ),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
            ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ],
    )
    def test_a_declined_card_cannot_be_saved(self, api, alice, refusal, token, code, decline_code):
        error = refusal(api.payment_methods.attach, token, {"customer": alice.id})

        assert code_of(error) == (402, code)
        assert decline_code is None or error.error.decline_code == decline_code

    def test_a_setup_intent_takes_a_card(self, api, alice):
        wish = {"customer": alice.id, "usage": "off_session"}
        made = api.setup_intents.create(wish | {"allowed_payment_method_types": ["card"]})

        done = api.setup_intents.confirm(made.id, {"payment_method": "pm_card_mastercard"})

        assert (made.status, done.status) == ("requires_payment_method", "succeeded")
        assert api.payment_methods.retrieve(done.payment_method).customer == alice.id

    def test_3d_secure_is_asked_for_and_an_open_intent_can_be_closed(self, api, alice):
        made = api.setup_intents.create(
            {"customer": alice.id, "allowed_payment_method_types": ["card"]}
        )

        asked = api.setup_intents.confirm(
            made.id, {"payment_method": "pm_card_authenticationRequired"}
        )

        assert (asked.status, asked.next_action.type) == ("requires_action", "use_stripe_sdk")
        assert api.setup_intents.cancel(made.id).status == "canceled"

    def test_the_old_parameter_for_kinds_of_cards_is_refused(self, api, refusal):
        error = refusal(api.setup_intents.create, {"payment_method_types": ["card"]})

        assert code_of(error) == (400, "payment_method_types_no_longer_supported")

    def test_a_refused_payment_says_why(self, api, alice, refusal):
        card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})
        payment = {"amount": 500, "currency": "eur", "customer": alice.id, "confirm": True}

        error = refusal(
            api.payment_intents.create,
            payment | {"payment_method": card.id, "off_session": True},
        )

        assert code_of(error) == (402, "card_declined")
        assert error.error.payment_intent.status == "requires_payment_method"


class TestSubscriptions:
    def test_its_period_is_its_items(self, subscribe):
        made = subscribe()

        assert made.status == "active"
        assert "current_period_end" not in made
        assert made["items"].data[0].current_period_end > made.created

    def test_it_can_be_ended_with_its_period_and_go_on_again(self, api, subscribe):
        made = subscribe(billing_mode={"type": "flexible"})

        ending = api.subscriptions.update(made.id, {"cancel_at": "min_period_end"})
        going_on = api.subscriptions.update(made.id, {"cancel_at": ""})

        assert ending.cancel_at == made["items"].data[0].current_period_end
        assert going_on.cancel_at is None

    def test_what_has_ended_cannot_be_changed(self, api, subscribe, refusal):
        made = subscribe()

        ended = api.subscriptions.cancel(made.id, {"prorate": False, "invoice_now": False})
        error = refusal(api.subscriptions.update, made.id, {"cancel_at_period_end": True})

        assert (ended.status, ended.ended_at is not None) == ("canceled", True)
        assert error.http_status in (400, 404)

    def test_under_a_schedule_it_is_cancelled_through_it(self, api, subscribe, refusal):
        made = subscribe()
        schedule = api.subscription_schedules.create({"from_subscription": made.id})

        error = refusal(api.subscriptions.update, made.id, {"cancel_at_period_end": True})
        released = api.subscription_schedules.release(schedule.id)

        assert error.http_status == 400
        assert "schedule" in str(error.user_message)
        assert released.status == "released"

    def test_an_invoice_is_found_by_its_payment(self, api, subscribe):
        made = subscribe(expand=["latest_invoice.payments"])
        payment = made.latest_invoice.payments.data[0].payment

        found = api.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": payment.payment_intent}}
        )

        assert [one.invoice for one in found.data] == [made.latest_invoice.id]
        assert made.latest_invoice.parent.subscription_details.subscription == made.id

    def test_its_next_invoice_is_told_with_all_that_waits_for_it(
        self, api, alice, subscribe, refusal
    ):
        made = subscribe()
        item = {"customer": alice.id, "amount": 4400, "currency": "eur"}
        api.invoice_items.create(item)
        api.customers.update(alice.id, {"balance": -500})
        said = api.invoices.create_preview({"subscription": made.id})
        api.subscriptions.cancel(made.id)
        none = refusal(api.invoices.create_preview, {"subscription": made.id})

        assert (said.total, said.amount_due) == (6400, 5900)
        assert said.period_end == made["items"].data[0].current_period_end
        assert none.code == "invoice_upcoming_none"

    def test_the_first_payment_may_wait_for_the_customer(self, subscribe):
        made = subscribe(
            payment_behavior="default_incomplete", expand=["latest_invoice.confirmation_secret"]
        )

        assert made.status == "incomplete"
        assert "_secret_" in made.latest_invoice.confirmation_secret.client_secret


class TestMoneyBack:
    @pytest.fixture
    def paid(self, api, alice):
        payment = {"amount": 2000, "currency": "eur", "customer": alice.id, "confirm": True}
        wish = payment | {"payment_method": "pm_card_visa", "off_session": True}
        return api.payment_intents.create(wish)

    def test_a_part_can_be_refunded_and_no_more_than_all(self, api, paid, refusal):
        part = api.refunds.create({"payment_intent": paid.id, "amount": 500})
        error = refusal(api.refunds.create, {"payment_intent": paid.id, "amount": 1600})
        charge = api.charges.retrieve(paid.latest_charge)

        assert (part.status, charge.amount_refunded, charge.refunded) == ("succeeded", 500, False)
        assert error.http_status == 400

    def test_a_charge_knows_no_invoice(self, api, paid):
        assert "invoice" not in api.charges.retrieve(paid.latest_charge)


class TestCustomers:
    def test_a_tax_id_is_checked_by_its_form(self, api, alice, refusal):
        good = {"type": "eu_vat", "value": "DE123456789"}

        made = api.customers.tax_ids.create(alice.id, good)
        error = refusal(api.customers.tax_ids.create, alice.id, good | {"value": "nonsense"})

        assert api.customers.tax_ids.delete(alice.id, made.id).deleted
        assert code_of(error) == (400, "tax_id_invalid")

    def test_who_is_deleted_says_so(self, api):
        made = api.customers.create({"name": "Bob"})
        api.customers.delete(made.id)

        assert api.customers.retrieve(made.id).deleted


def test_a_webhook_endpoint_tells_its_secret_once(api):
    made = api.webhook_endpoints.create(
        {"url": "https://hub.example.com/billing/webhook/", "enabled_events": ["charge.succeeded"]}
    )
    try:
        assert made.secret.startswith("whsec_")
        assert "secret" not in api.webhook_endpoints.retrieve(made.id)
    finally:
        api.webhook_endpoints.delete(made.id)
