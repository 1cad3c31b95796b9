"""However long Stripe keeps us waiting, a page answers within twelve seconds, and truly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe as sdk

from billing.gateway.client import TimedSession
from billing.sandbox.faults import Response
from billing.sandbox.machine import Sandbox
from billing.sandbox.server import SandboxServer
from billing.sandbox.web import Request
from tests.billing.plugin import Buyer
from tests.clients import signed_in
from tests.faults.test_changes import ACTS, Scene
from tests.figures import Report

pytestmark = pytest.mark.slow

AT_MOST = 12
SLOW = 20
EVERY_CALL = 1000
FIRST_DELAY, LONGEST_DELAY = 0.5, 5  # the SDK's own between its tries


@pytest.fixture
def over_http(
    buy: Buyer, sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """From here on the hub asks over a real line, with its real timeouts and retries."""

    def answer(request: Request) -> Response:
        return sandbox.request(
            request.method, request.target, headers=request.headers, body=request.body.decode()
        )

    def listen() -> None:
        server = SandboxServer("127.0.0.1", 0, answer)
        settings.STRIPE_API_BASE = server.origin
        running.append(server)
        ready.set()
        server.serve_forever(0.02)

    running: list[SandboxServer] = []
    ready = threading.Event()
    threading.Thread(target=listen, daemon=True).start()
    ready.wait()
    session = TimedSession()
    line = sdk.RequestsClient(session=session)
    monkeypatch.setattr("billing.gateway.client.http_client", lambda: line)
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", FIRST_DELAY)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", LONGEST_DELAY)
    yield
    session.close()
    running[0].shutdown()
    running[0].server_close()


@pytest.mark.parametrize("kind", ["slow", "timeout_before", "timeout_after"])
@pytest.mark.parametrize("name", ["details", "card", "cancel", "undo"])
def test_a_page_answers_within_twelve_seconds(
    buy: Buyer,
    sandbox: Sandbox,
    report: Report,
    request: pytest.FixtureRequest,
    name: str,
    kind: str,
) -> None:
    act = ACTS[name]
    row = act.set_up(buy)
    scene = Scene(buy, signed_in(row.customer), row)
    request.getfixturevalue("over_http")
    sandbox.faults.add("* /v1/*", kind, times=EVERY_CALL, delay=SLOW)
    began = time.monotonic()
    answer = act.do(scene)
    spent = time.monotonic() - began
    sandbox.faults.clear()
    report(f"{name}, {kind}: answered after {spent:.1f} s")
    assert (answer.status_code, act.success in answer.text) == (200, False)
    assert spent <= AT_MOST
