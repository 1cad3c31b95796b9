"""Events and how they reach the account's endpoints."""

import json

import pytest
import stripe

from tests.billing.sandbox.core.conftest import START

URL = "https://acme.example/billing/webhook/"


@pytest.fixture
def endpoint(api):
    return api.webhook_endpoints.create({"url": URL, "enabled_events": ["*"]})


class Receiver:
    """Answers with these statuses in turn, then 200."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.heard = []

    def __call__(self, delivery):
        self.heard.append(delivery)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def types(self):
        return [delivery.type for delivery in self.heard]


class TestEndpoints:
    def test_only_its_creation_tells_the_secret(self, api, endpoint):
        assert endpoint.secret.startswith("whsec_")
        assert "secret" not in api.webhook_endpoints.retrieve(endpoint.id)
        assert "secret" not in api.webhook_endpoints.list().data[0]

    def test_only_the_wanted_events_are_sent(self, api, sandbox):
        api.webhook_endpoints.create({"url": URL, "enabled_events": ["customer.updated"]})
        made = api.customers.create({"name": "Bob"})
        api.customers.update(made.id, {"name": "Bobby"})

        receiver = Receiver()
        sandbox.deliver_pending(receiver)

        assert receiver.types == ["customer.updated"]

    def test_a_disabled_endpoint_hears_nothing(self, api, sandbox, endpoint):
        api.webhook_endpoints.update(endpoint.id, {"disabled": True})
        api.customers.create({"name": "Bob"})

        assert sandbox.deliver_pending(Receiver()) == 0

    def test_a_deleted_endpoint_gets_not_even_what_was_waiting(self, api, sandbox, endpoint):
        api.customers.create({"name": "Bob"})
        api.webhook_endpoints.delete(endpoint.id)

        receiver = Receiver()
        assert sandbox.deliver_pending(receiver) == 0
        assert receiver.heard == []

    @pytest.mark.parametrize(
        "params",
        [
            {"url": "acme.example", "enabled_events": ["*"]},
            {"url": URL, "enabled_events": ["customer.exploded"]},
            {"url": URL, "enabled_events": ["*"], "api_version": "2020-08-27"},
        ],
    )
    def test_what_cannot_be_sent_is_refused(self, api, params):
        with pytest.raises(stripe.InvalidRequestError):
            api.webhook_endpoints.create(params)


class TestDelivery:
    def test_the_sdk_accepts_the_signature(self, api, sandbox, endpoint):
        api.customers.create({"name": "Jürgen"})
        receiver = Receiver()
        sandbox.deliver_pending(receiver)
        delivery = receiver.heard[0]

        timestamp = delivery.headers["Stripe-Signature"].partition(",")[0]
        assert timestamp == f"t={START}"
        assert stripe.WebhookSignature.verify_header(
            delivery.payload.decode(), delivery.headers["Stripe-Signature"], endpoint.secret
        )
        event = json.loads(delivery.payload)
        assert delivery.url == URL
        assert event["data"]["object"]["name"] == "Jürgen"
        assert event["api_version"] == "2026-10-28.endive"
        assert event["livemode"] is False

    def test_the_signature_is_of_the_machines_own_time(self, sandbox, alice, endpoint, subscribe):
        subscribe()
        sandbox.advance(START + 40 * 86_400)
        receiver = Receiver()

        sandbox.deliver_pending(receiver)

        stamps = {delivery.headers["Stripe-Signature"][:12] for delivery in receiver.heard}
        assert stamps == {f"t={START}"}

    def test_an_event_names_the_request_that_caused_it(self, api, sandbox):
        made = api.customers.create({"name": "Bob"}, {"idempotency_key": "action-7"})

        request = sandbox.events("acct_acme")[-1]["request"]

        assert request == {
            "id": made.last_response.request_id,
            "idempotency_key": "action-7",
        }

    def test_what_the_clock_brings_has_no_request(self, sandbox, subscribe, pass_days):
        subscribe()
        pass_days(32)

        assert sandbox.events("acct_acme")[-1]["request"]["id"] is None

    def test_what_arrived_is_not_sent_again(self, api, sandbox, endpoint):
        made = api.customers.create({"name": "Bob"})

        assert sandbox.deliver_pending(Receiver()) == 1
        assert sandbox.deliver_pending(Receiver()) == 0
        assert api.events.list().data[0].pending_webhooks == 0
        assert api.events.list().data[0].data.object["id"] == made.id

    @pytest.mark.parametrize("answer", [500, 404, 302, ConnectionResetError(), TimeoutError()])
    def test_what_did_not_arrive_is_sent_again(self, api, sandbox, endpoint, answer):
        api.customers.create({"name": "Bob"})
        receiver = Receiver(answer)

        first, second = (sandbox.deliver_pending(receiver) for _ in range(2))

        assert (first, second) == (0, 1)
        assert [delivery.attempt for delivery in receiver.heard] == [1, 2]

    def test_a_bug_of_the_receiver_is_not_swallowed_and_loses_nothing(self, api, sandbox, endpoint):
        api.customers.create({"name": "Bob"})

        with pytest.raises(ZeroDivisionError):
            sandbox.deliver_pending(Receiver(ZeroDivisionError()))

        assert sandbox.deliver_pending(Receiver()) == 1

    def test_who_is_patient_leaves_a_failure_alone_for_a_while(self, api, sandbox, endpoint):
        api.customers.create({"name": "Bob"})
        sandbox.deliver_pending(Receiver(500))

        assert sandbox.deliver_pending(Receiver(), patient=True) == 0
        assert sandbox.deliver_pending(Receiver()) == 1

    def test_two_deliverers_at_once_send_it_once(self, api, sandbox, endpoint):
        api.customers.create({"name": "Bob"})
        other = Receiver()

        def sink(delivery):
            sandbox.deliver_pending(other)

        assert sandbox.deliver_pending(sink) == 1
        assert other.heard == []

    def test_a_refused_request_sends_nothing(self, api, sandbox, endpoint):
        with pytest.raises(stripe.InvalidRequestError):
            api.customers.create({"name": "Bob", "email": "no address"})

        assert sandbox.deliver_pending(Receiver()) == 0


class TestSinks:
    def test_a_sink_is_told_by_itself_after_each_request_and_move(
        self, sandbox, endpoint, subscribe
    ):
        receiver = Receiver()
        sandbox.on_delivery(receiver)

        subscribe()
        sandbox.advance(START + 32 * 86_400)

        assert receiver.types.count("invoice.paid") == 2

    def test_a_sink_may_ask_stripe_in_turn(self, api, sandbox, endpoint):
        seen = []

        def sink(delivery):
            seen.append(delivery.type)
            if delivery.type == "customer.created":
                key = json.loads(delivery.payload)["data"]["object"]["id"]
                api.customers.update(key, {"metadata": {"seen": "yes"}})

        sandbox.on_delivery(sink)
        api.customers.create({"name": "Bob"})

        assert seen == ["customer.created", "customer.updated"]


def test_events_are_listed_by_type(api, alice, subscribe):
    subscribe()

    exact = api.events.list({"type": "invoice.paid"}).data
    family = api.events.list({"type": "invoice.*"}).data
    several = api.events.list({"types": ["customer.created", "invoice.paid"]}).data

    assert [event.type for event in exact] == ["invoice.paid"]
    assert {event.type.partition(".")[0] for event in family} == {"invoice"}
    assert [event.type for event in several] == ["invoice.paid", "customer.created"]
    assert api.events.retrieve(exact[0].id).data.object["status"] == "paid"
