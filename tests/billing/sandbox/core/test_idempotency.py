"""The same key twice is the same request once."""

import pytest
import stripe

from billing.sandbox.faults import KINDS


@pytest.fixture
def key():
    return {"idempotency_key": "action-1"}


def test_asking_again_gives_the_first_answer_and_makes_nothing_new(api, sandbox, key):
    first = api.customers.create({"name": "Alice"}, key)
    second = api.customers.create({"name": "Alice"}, key)

    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id
    assert len(api.customers.list().data) == 1
    assert [entry.replayed for entry in sandbox.ledger][:2] == [False, True]


def test_the_same_key_with_other_parameters_is_refused(api, key):
    api.customers.create({"name": "Alice"}, key)

    with pytest.raises(stripe.IdempotencyError) as caught:
        api.customers.create({"name": "Bob"}, key)

    assert caught.value.http_status == 400


def test_another_account_may_use_the_same_key(api, connect, key):
    api.customers.create({"name": "Alice"}, key)

    assert connect("sk_test_globex_1").customers.create({"name": "Bob"}, key).name == "Bob"


def test_a_decline_is_replayed_without_a_second_charge(api, alice, key):
    method = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})
    payment = {
        "amount": 500,
        "currency": "eur",
        "customer": alice.id,
        "payment_method": method.id,
        "confirm": True,
    }

    for _ in range(2):
        with pytest.raises(stripe.CardError):
            api.payment_intents.create(payment, key)

    assert len(api.charges.list().data) == 1


def test_a_request_that_was_not_valid_keeps_no_answer(api, key):
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"nickname": "Al"}, key)

    assert api.customers.create({"name": "Alice"}, key).name == "Alice"


def test_after_a_silent_timeout_the_same_key_brings_the_answer(api, sandbox, key):
    sandbox.faults.add("POST /v1/customers", "timeout_after")
    with pytest.raises(stripe.APIConnectionError):
        api.customers.create({"name": "Alice"}, key)

    again = api.customers.create({"name": "Alice"}, key)

    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(api.customers.list().data) == 1


def test_a_stored_500_is_given_again(api, sandbox, key):
    sandbox.faults.add("POST /v1/customers", "500")

    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            api.customers.create({"name": "Alice"}, key)
        assert caught.value.http_status == 500
    assert api.customers.list().data == []


@pytest.mark.parametrize("kind", ["429", "429_retry", "503", "lock_timeout"])
def test_other_failures_are_not_kept(api, sandbox, key, kind):
    sandbox.faults.add("POST /v1/customers", kind)
    with pytest.raises(stripe.StripeError):
        api.customers.create({"name": "Alice"}, key)

    assert api.customers.create({"name": "Alice"}, key).name == "Alice"


class TestFaults:
    @pytest.mark.parametrize("kind", ["timeout_before", "reset", "refused"])
    def test_a_request_that_never_arrived_changed_nothing(self, api, sandbox, kind):
        sandbox.faults.add("POST /v1/customers", kind)

        with pytest.raises(stripe.APIConnectionError):
            api.customers.create({"name": "Alice"})

        assert api.customers.list().data == []
        assert sandbox.ledger[0].fault == kind

    @pytest.mark.parametrize(
        ("kind", "error", "status"),
        [
            ("429", stripe.RateLimitError, 429),
            ("500", stripe.APIError, 500),
            ("503", stripe.APIError, 503),
            ("lock_timeout", stripe.APIError, 409),
        ],
    )
    def test_stripe_itself_fails(self, api, sandbox, kind, error, status):
        sandbox.faults.add("GET /v1/customers", kind)

        with pytest.raises(error) as caught:
            api.customers.list()

        assert caught.value.http_status == status

    def test_half_an_answer_is_an_error_though_the_change_was_made(self, api, sandbox):
        sandbox.faults.add("POST /v1/customers", "truncated")

        with pytest.raises(stripe.APIError, match="Invalid response body"):
            api.customers.create({"name": "Alice"})

        assert len(api.customers.list().data) == 1

    def test_the_sdks_own_retry_gets_through_with_one_change(self, connect, sandbox):
        sandbox.faults.add("POST /v1/customers", "timeout_after")

        connect(max_network_retries=1).customers.create({"name": "Alice"})

        assert len(sandbox.ledger.changes()) == 1

    def test_a_429_is_tried_again_only_where_stripes_header_says_so(self, connect, sandbox):
        sandbox.faults.add("POST /v1/customers", "429_retry")
        assert connect(max_network_retries=1).customers.create({"name": "Alice"}).name == "Alice"

        sandbox.faults.add("POST /v1/customers", "429")
        with pytest.raises(stripe.RateLimitError):
            connect(max_network_retries=1).customers.create({"name": "Bob"})

    def test_a_fault_meets_only_the_requests_its_pattern_names(self, api, sandbox, alice):
        sandbox.faults.add("POST /v1/customers/*", "503")

        api.customers.list()

        with pytest.raises(stripe.APIError):
            api.customers.update(alice.id, {"name": "Al"})
        assert api.customers.update(alice.id, {"name": "Al"}).name == "Al"

    def test_it_happens_as_often_as_was_said(self, api, sandbox):
        sandbox.faults.add("GET /v1/customers", "503", times=2)

        for _ in range(2):
            with pytest.raises(stripe.APIError):
                api.customers.list()
        assert api.customers.list().data == []

    def test_a_fault_nobody_knows_is_refused(self, sandbox):
        assert "gremlins" not in KINDS
        with pytest.raises(ValueError, match="gremlins"):
            sandbox.faults.add("GET *", "gremlins")
