"""Logs: one masked line of JSON for each event, with who it was about and an id to ask by."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from django.tasks import task

from accounts.models import Customer
from accounts.tenancy import current_vendor, vendor_scope
from config.logs import MASKED, logging_config, masked
from config.request_log import HEADER, network_of
from tests.accounts.mailbox import newest
from tests.clients import HubClient
from tests.figures import Report

logger = logging.getLogger("tests.logs")

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the project's own handler wrote."""
    [handler] = [
        one
        for one in logging.getLogger().handlers
        if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)
    ]
    written = StringIO()
    before = handler.setStream(written)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    handler.setStream(before)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("to alice.b+x@mail.example.com", "to a••••@mail.example.com"),
        ("{'email': 'alice@example.com'}", "{'email': 'a••••@example.com'}"),
        ("Key (folded)=(alice@example.com) exists", "Key (folded)=(a••••@example.com) exists"),
        ("Invalid API Key: sk_test_abc123DEF", f"Invalid API Key: {MASKED}"),
        ("rk_live_x whsec_y", f"{MASKED} {MASKED}"),
        ("pi_3ABC_secret_xYz was declined", f"{MASKED} was declined"),
        ("GET /sign-in/?email=a@b.example&x=1 HTTP", f"GET /sign-in/?{MASKED} HTTP"),
        ("Not Found: /sign-in/gV8_Zr3nX0qYt7w-LkJhGfDsA1pOiUyT2rEwQ9zXcVb/",
         f"Not Found: /sign-in/{MASKED}/"),
        ("password=hunter2 code=123456", f"password={MASKED} code={MASKED}"),
        ("from 203.0.113.77", "from 203.0.113.0"),
        ("Listening at http://127.0.0.1:8000", "Listening at http://127.0.0.1:8000"),
        ("card ending in 4242, evt_1PqRsTuVwXyZaBcDeFgHiJkL", None),
        ("task 0b54cf2e-5f3b-4a57-9b0b-0f4f0a1f2c3d", None),
        ("in test_of_many_who_press_the_button_one_gets_in", None),
    ],
)  # fmt: skip
def test_what_is_nobodys_business_is_masked(said: str, logged: str | None) -> None:
    assert masked(said) == (said if logged is None else logged)


def test_a_request_is_one_line_with_its_id_vendor_and_no_path(
    as_alice: HubClient, lines: Lines
) -> None:
    answer = as_alice.get("/documents/?q=secret", REMOTE_ADDR="203.0.113.77")

    [line] = [line for line in lines() if line["event"] == "request"]
    assert line.pop("timestamp").endswith("Z")
    assert isinstance(line.pop("ms"), int)
    assert line == {
        "event": "request", "level": "info", "logger": "hub.requests",
        "request_id": answer.headers[HEADER], "method": "GET", "route": "/documents/",
        "status": 200, "client": "203.0.113.0", "vendor": "acme",
    }  # fmt: skip


def test_an_error_can_be_found_by_what_its_page_says(
    as_alice: HubClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("alice@example.com has sk_test_CANARY0")

    as_alice.raise_request_exception = False
    monkeypatch.setattr("hub.views.home.render", fail)
    page = as_alice.get("/")

    reference = page.headers[HEADER]
    assert f"<bdi>{reference}</bdi>" in page.text
    [line] = [line for line in lines() if line["level"] == "error"]
    assert (line["request_id"], line["vendor"]) == (reference, "acme")
    assert f"ValueError: a••••@example.com has {MASKED}" in line["exception"]
    assert "ValueError" not in page.text


@task
def log_something() -> None:
    with vendor_scope(_vendors[0]):
        logger.warning("in a task for %s", current_vendor().support_email)


_vendors: list[Any] = []


def test_a_task_logs_with_its_id_name_and_vendor(acme: Any, lines: Lines) -> None:
    _vendors[:] = [acme]
    result = log_something.enqueue()
    logger.warning("afterwards")

    inside, after = (line for line in lines() if line["logger"] == "tests.logs")
    assert (inside["task_id"], inside["vendor"]) == (result.id, "acme")
    assert inside["task"] == "tests.safety.test_logs.log_something"
    assert inside["event"] == "in a task for h••••@acme.example"
    assert "task_id" not in after


@task
def fail() -> None:
    raise ValueError


@pytest.mark.parametrize(("what", "state"), [(log_something, "successful"), (fail, "failed")])
def test_a_task_has_a_line_of_its_own(acme: Any, lines: Lines, what: Any, state: str) -> None:
    _vendors[:] = [acme]
    result = what.enqueue()

    [said] = [line for line in lines() if line["logger"] == "hub.tasks"]
    assert (said["event"], said["state"], said["task_id"]) == ("task", state, result.id)
    assert said["task"] == f"tests.safety.test_logs.{what.name}"
    assert said["ms"] >= 0
    assert {line["task_id"] for line in lines()} == {result.id}


def test_two_requests_have_two_ids_and_leave_nothing_behind(at_acme: HubClient) -> None:
    ids = {at_acme.get("/").headers[HEADER] for _ in range(5)}

    assert len(ids) == 5
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.parametrize(
    ("client", "network"),
    [("203.0.113.77", "203.0.113.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("unknown", "")],
)
def test_a_client_is_logged_by_its_network(client: str, network: str) -> None:
    assert network_of(client) == network


def test_no_canary_reaches_the_log(
    alice: Customer, at_acme: HubClient, lines: Lines, report: Report
) -> None:
    """A whole sign-in, at debug level, with everything that can go wrong on the way."""
    logging.getLogger().setLevel(logging.DEBUG)
    at_acme.post("/sign-in/", {"email": alice.email})
    token = newest().body.partition("/sign-in/")[2].split("/")[0]
    for path in (f"/sign-in/{token}/", f"/sign-in/{token}x/", f"/no/{token}?email={alice.email}"):
        at_acme.get(path, {"next": "/card/", "email": alice.email})
        at_acme.post(path, {"code": "000000"})
    session = at_acme.cookies["__Host-hub"].value
    logging.getLogger("stripe").warning(
        "%s and %s", "sk_live_CANARY01", {"card": {"last4": "4242"}}
    )
    logging.getLogger("x").error("%(a)s", {"a": f"{session} {token} whsec_CANARY2 {alice.email}"})
    logging.getLogger().setLevel(logging.INFO)

    log = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines())
    canaries = [alice.email, token, session, "CANARY", "000000"]
    hits = [canary for canary in canaries if canary in log]
    assert hits == []
    assert "4242" in log
    assert "a••••@example.com" in log
    report(f"{len(canaries)} canaries looked for in {len(lines())} lines: {len(hits)} hits")


def test_in_the_demo_it_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    config = logging_config(for_machines=False)["formatters"]["line"]
    formatter = structlog.stdlib.ProcessorFormatter(
        **{name: value for name, value in config.items() if name != "()"}
    )
    record = logging.makeLogRecord({"msg": "to alice@example.com", "levelname": "INFO"})

    assert "to a••••@example.com" in formatter.format(record)


def test_calls_of_stripe_that_went_well_are_not_logged(lines: Lines) -> None:
    logging.getLogger("stripe").info("Request to Stripe api")
    logging.getLogger("stripe").warning("retrying")

    assert [line["event"] for line in lines()] == ["retrying"]


def test_what_the_worker_says_is_one_masked_line(lines: Lines) -> None:
    """Its command adds a handler of its own where its logger has none: that one masks nothing."""
    assert logging_config(for_machines=True)["loggers"]["django_ox"]["handlers"] == ["console"]

    logging.getLogger("django_ox").warning("No mail to alice@example.com")

    assert [line["event"] for line in lines()] == ["No mail to a••••@example.com"]
