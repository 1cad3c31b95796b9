"""The sandbox over real HTTP, spoken to by the real SDK."""

import socket
import time

import pytest
import stripe

from billing.sandbox.server import SandboxServer


def test_the_real_sdk_makes_and_reads_a_customer_over_the_network(served):
    made = served.client().customers.create({"name": "Alice", "email": "alice@example.com"})

    assert served.client().customers.retrieve(made.id).name == "Alice"
    assert served.sandbox.ledger[-1].path == f"/v1/customers/{made.id}"


def test_one_connection_serves_many_requests(served):
    client = served.client()
    for _ in range(3):
        client.customers.list()

    connection = socket.create_connection(("127.0.0.1", served.server.server_port))
    connection.settimeout(3)
    for _ in range(2):
        connection.sendall(b"GET /sandbox/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    connection.close()


def test_an_error_reaches_the_client_as_stripes_own(served):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        served.client().customers.retrieve("cus_nobody")

    assert caught.value.code == "resource_missing"
    assert caught.value.http_status == 404
    assert caught.value.request_id


def test_what_was_made_is_there_after_a_restart(serve, tmp_path):
    first = serve(path=tmp_path / "sandbox.sqlite3")
    made = first.client().customers.create({"name": "Alice"})
    first.ask("POST", "/sandbox/clock", {"by": 86400})
    moment = first.ask("GET", "/sandbox/clock").json["now"]
    first.stop()

    second = serve(path=tmp_path / "sandbox.sqlite3")

    assert second.client().customers.retrieve(made.id).name == "Alice"
    assert second.ask("GET", "/sandbox/clock").json["now"] >= moment


@pytest.mark.parametrize(("kind", "happens"), [("timeout_before", False), ("timeout_after", True)])
def test_a_timeout_is_a_silence_and_only_the_later_one_leaves_a_customer(served, kind, happens):
    client = served.client()
    served.ask("POST", "/sandbox/faults", {"pattern": "POST /v1/customers", "kind": kind})

    with pytest.raises(stripe.APIConnectionError, match="timed out"):
        client.customers.create({"name": "Alice"})

    assert bool(client.customers.list().data) is happens


@pytest.mark.parametrize("kind", ["reset", "refused"])
def test_a_broken_connection_breaks(served, kind):
    served.ask("POST", "/sandbox/faults", {"pattern": "POST /v1/customers", "kind": kind})

    with pytest.raises(stripe.APIConnectionError):
        served.client().customers.create({"name": "Alice"})

    assert served.client().customers.list().data == []


def test_a_truncated_answer_ends_before_its_length(served):
    served.ask("POST", "/sandbox/faults", {"pattern": "POST /v1/customers", "kind": "truncated"})
    raw = b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_acme_1\r\n"
    with socket.create_connection(("127.0.0.1", served.server.server_port)) as line:
        line.settimeout(3)
        line.sendall(raw + b"Content-Length: 0\r\n\r\n")
        received = b""
        while part := line.recv(4096):
            received += part

    head, _, body = received.partition(b"\r\n\r\n")
    promised = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < promised
    assert len(served.client().customers.list().data) == 1


def test_a_slow_answer_is_slow_and_whole(served):
    fault = {"pattern": "POST /v1/customers", "kind": "slow", "delay": 0.5}
    served.ask("POST", "/sandbox/faults", fault)
    started = time.monotonic()

    made = served.client().customers.create({"name": "Alice"})

    assert time.monotonic() - started >= 0.5
    assert made.name == "Alice"


def test_it_listens_on_this_machine_only(served):
    with pytest.raises(ValueError, match="this machine only"):
        SandboxServer("0.0.0.0", 0, served.server.answer)


def test_another_name_for_this_machine_is_refused_so_that_no_site_can_rebind_to_it(served):
    answer = served.ask("GET", "/sandbox/clock", headers={"Host": "evil.example"})

    assert answer.status == 403


def test_a_page_of_another_site_cannot_steer_it(served):
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://acme.localhost:8000"},
    ):
        answer = served.ask("POST", "/sandbox/clock", {"by": 60}, headers)
        assert answer.status == 403, headers

    assert served.ask("POST", "/sandbox/clock", {"by": 60}).status == 200


def test_a_browser_may_call_the_api_from_any_page_as_with_stripe(served):
    asked = {"Origin": "http://acme.localhost:8000", "Access-Control-Request-Method": "POST"}

    before = served.ask("OPTIONS", "/v1/payment_methods", headers=asked)
    after = served.ask("GET", "/v1/customers", headers={"Authorization": "Bearer sk_test_acme_1"})

    assert before.status == 204
    assert "Authorization" in before.headers["Access-Control-Allow-Headers"]
    assert after.headers["Access-Control-Allow-Origin"] == "*"


def test_a_body_that_is_too_large_is_refused_unread(served):
    with socket.create_connection(("127.0.0.1", served.server.server_port)) as line:
        line.settimeout(3)
        line.sendall(b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 413 ")
        assert line.recv(4096) == b""


def test_a_body_that_is_no_text_is_refused(served):
    with socket.create_connection(("127.0.0.1", served.server.server_port)) as line:
        line.settimeout(3)
        line.sendall(b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n\xff\xfe")
        assert line.recv(4096).startswith(b"HTTP/1.1 400 ")
