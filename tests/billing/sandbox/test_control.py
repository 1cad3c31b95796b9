"""The control API, as the demo's seed and the browser tests use it."""

from functools import partial

import pytest

from billing.sandbox.webhook_endpoints import listen_to_connected


@pytest.fixture
def client(served):
    return served.client()


def test_the_clock_moves_by_seconds_and_to_a_moment(served):
    now = served.ask("GET", "/sandbox/clock").json["now"]

    hour_later = served.ask("POST", "/sandbox/clock", {"by": 3600}).json["now"]
    day_later = served.ask("POST", "/sandbox/clock", {"to": now + 86400}).json["now"]

    assert 3600 <= hour_later - now <= 3602
    assert 86400 <= day_later - now <= 86402


def test_the_clock_never_goes_back(served):
    now = served.ask("GET", "/sandbox/clock").json["now"]

    answer = served.ask("POST", "/sandbox/clock", {"to": now - 60})

    assert answer.status == 400
    assert answer.json["error"]["message"] == "The clock only moves forward."


def test_a_moment_that_the_running_clock_has_just_passed_is_no_step_back(serve):
    machine = [1_750_000_000.0]
    served = serve(now=lambda: machine[0])
    moment = served.ask("POST", "/sandbox/clock", {"by": 3600}).json["now"]
    machine[0] += 3

    answer = served.ask("POST", "/sandbox/clock", {"to": moment})

    assert (answer.status, answer.json["now"]) == (200, moment + 3)


def test_the_clock_may_begin_in_the_past_while_nothing_has_happened(served, client):
    begun = served.ask("POST", "/sandbox/clock", {"set": 1_700_000_000}).json["now"]
    assert 0 <= begun - 1_700_000_000 <= 2

    client.customers.create({"name": "Alice"})

    assert served.ask("POST", "/sandbox/clock", {"set": 1_600_000_000}).status == 400


def test_whom_a_platform_tells_is_known_before_anything_happens(served):
    listen = partial(
        listen_to_connected,
        url="https://hub.example/billing/webhook/",
        secret="whsec_platform",
        events=["customer.created"],
    )
    served.sandbox.at("acct_platform", listen)

    assert served.ask("POST", "/sandbox/clock", {"set": 1_700_000_000}).status == 200


def test_a_failing_payment_can_be_ordered(served, client):
    customer = client.customers.create({"name": "Alice"})
    path = f"/sandbox/customers/{customer.id}/fail_next_payment"
    assert served.ask("POST", path).status == 200

    intent = client.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "customer": customer.id,
            "allowed_payment_method_types": ["card"],
        }
    )
    with pytest.raises(Exception, match="declined"):
        client.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def test_a_checkout_is_completed_and_a_refused_card_says_why(served, client):
    customer = client.customers.create({"name": "Alice"})
    price = served.price("Watercolour for Travellers", 8900)
    session = client.checkout.sessions.create(
        {
            "mode": "payment",
            "customer": customer.id,
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": "https://shop.example/",
        }
    )
    path = f"/sandbox/checkout/{session.id}/complete"

    refused = served.ask("POST", path, {"payment_method": "pm_card_chargeDeclined"})
    assert refused.status == 402
    assert refused.json["error"]["code"] == "card_declined"
    assert client.checkout.sessions.retrieve(session.id).status == "open"

    assert served.ask("POST", path).status == 200
    assert client.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_faults_are_set_seen_and_cleared(served):
    served.ask("POST", "/sandbox/faults", {"pattern": "GET /v1/*", "kind": "500", "times": 3})
    waiting = served.ask("GET", "/sandbox/faults").json["data"]
    assert [(fault["pattern"], fault["times"]) for fault in waiting] == [("GET /v1/*", 3)]

    assert served.ask("DELETE", "/sandbox/faults").json == {"data": []}
    unknown = served.ask("POST", "/sandbox/faults", {"pattern": "*", "kind": "flood"})
    assert unknown.status == 400


def test_the_ledger_shows_an_accounts_requests_newest_first(served, client):
    client.customers.create({"name": "Alice"}, {"idempotency_key": "once"})
    client.customers.list()
    served.client("sk_test_globex_1").customers.list()

    entries = served.ask("GET", "/sandbox/ledger?account=acct_acme").json["data"]

    assert [(entry["method"], entry["path"]) for entry in entries] == [
        ("GET", "/v1/customers"),
        ("POST", "/v1/customers"),
    ]
    assert entries[1]["params"] == {"name": "Alice"}
    assert entries[1]["idempotency_key"] == "once"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/sandbox/nothing", "", 404),
        ("DELETE", "/sandbox/clock", "", 404),
        ("POST", "/sandbox/clock", "", 400),
        ("POST", "/sandbox/clock", "no json", 400),
        ("POST", "/sandbox/clock", "[]", 400),
        ("POST", "/sandbox/clock", {"by": "a day"}, 400),
        ("POST", "/sandbox/customers/cus_nobody/fail_next_payment", "", 404),
        ("POST", "/sandbox/faults", {"kind": "500"}, 400),
    ],
)
def test_what_makes_no_sense_is_answered_with_a_sentence(served, method, path, body, status):
    answer = served.ask(method, path, body)

    assert answer.status == status
    assert answer.json["error"]["message"]


def test_a_payment_can_be_disputed_and_the_dispute_decided(served, client):
    customer = client.customers.create({"name": "Alice"})
    charge = client.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "customer": customer.id,
            "allowed_payment_method_types": ["card"],
            "payment_method": "pm_card_visa",
            "confirm": True,
        }
    ).latest_charge

    path = f"/sandbox/charges/{charge}/dispute"
    key = served.ask("POST", path, {"reason": "product_not_received"}).json["dispute"]
    assert client.disputes.retrieve(key).status == "needs_response"
    assert client.charges.retrieve(charge).disputed

    assert served.ask("POST", f"/sandbox/disputes/{key}/decide", {"won": False}).status == 200
    assert client.disputes.retrieve(key).status == "lost"
    assert served.ask("POST", path, {}).status == 400
