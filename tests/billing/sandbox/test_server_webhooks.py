"""Webhooks on their way to a receiver: signed, in order, and again until they arrive."""

import json
import socket
import time

import pytest
import stripe


@pytest.fixture
def endpoint(served, receiver):
    return served.client().webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})


def test_an_event_arrives_signed_so_that_the_sdk_believes_it(served, receiver, endpoint):
    served.client().customers.create({"name": "Alice"})
    receiver.wait_for(1)

    _host, signature, body = receiver.heard[0]
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert event.type == "customer.created"
    assert event.data.object.name == "Alice"


def test_the_receiver_is_called_by_its_own_name(served, receiver, endpoint):
    served.client().customers.create({"name": "Alice"})
    receiver.wait_for(1)

    assert receiver.heard[0][0] == receiver.url.split("/")[2]


def test_events_arrive_in_order_over_one_connection(served, receiver, endpoint):
    names = [f"Customer {number}" for number in range(20)]
    for name in names:
        served.client().customers.create({"name": name})
    receiver.wait_for(20)

    bodies = [json.loads(body) for _, _, body in receiver.heard]
    assert [body["data"]["object"]["name"] for body in bodies] == names
    assert len(receiver.connections) == 1


def test_a_refused_event_is_sent_again_until_it_is_taken(served, receiver, endpoint):
    receiver.statuses = [500]
    served.client().customers.create({"name": "Alice"})
    receiver.wait_for(2)

    first, second = (json.loads(body)["id"] for _, _, body in receiver.heard)
    assert first == second
    served.wait_until_told()
    event = served.client().events.retrieve(first)
    assert event.pending_webhooks == 0
    assert served.ask("GET", "/sandbox/idle").json == {"idle": True, "waiting": 0}


def test_an_event_that_found_nobody_waits_and_says_so(served):
    client = served.client()
    client.webhook_endpoints.create({"url": "http://localhost:1/", "enabled_events": ["*"]})
    client.customers.create({"name": "Alice"})

    assert served.ask("GET", "/sandbox/idle").json == {"idle": False, "waiting": 1}
    assert client.events.list().data[0].pending_webhooks == 1


def test_what_did_not_arrive_before_a_restart_arrives_after_it(serve, receiver, tmp_path):
    first = serve(path=tmp_path / "sandbox.sqlite3")
    receiver.statuses = [500] * 3
    first.client().webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    first.client().customers.create({"name": "Alice"})
    receiver.wait_for(1)
    first.stop()
    receiver.statuses = []
    receiver.heard.clear()

    serve(path=tmp_path / "sandbox.sqlite3")

    receiver.wait_for(1, seconds=15)
    assert json.loads(receiver.heard[-1][2])["type"] == "customer.created"


def test_a_receiver_that_never_answers_does_not_hold_it_back_from_leaving(serve):
    served = serve()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://localhost:{silent.getsockname()[1]}/"
        served.client().webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
        served.client().customers.create({"name": "Alice"})
        line, _ = silent.accept()
        line.recv(1)
        asked = time.monotonic()
        served.courier.stop()
        line.close()

    assert time.monotonic() - asked < 2
    assert served.sandbox.undelivered() == 1
