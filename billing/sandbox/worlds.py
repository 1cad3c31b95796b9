"""Where a story happens: a sandbox in this process, or one that is steered over HTTP."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import stripe

from billing.sandbox.machine import Sandbox
from billing.sandbox.transport import InProcessHTTPClient

TIMEOUT = 120
AN_HOUR = 3600


class World(Protocol):
    """A sandbox, wherever it runs."""

    def client(self, api_key: str) -> stripe.StripeClient: ...

    def advance(self, to: int) -> None: ...

    def pay(self, session: str, card: str) -> None: ...

    def fail_next_payment(self, customer: str) -> None: ...


class Inside:
    """A sandbox in this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.advance = sandbox.advance
        self.fail_next_payment = sandbox.fail_next_payment

    def client(self, api_key: str) -> stripe.StripeClient:
        return stripe.StripeClient(api_key, http_client=InProcessHTTPClient(self._sandbox))

    def pay(self, session: str, card: str) -> None:
        self._sandbox.checkout_complete(session, payment_method=card)


class OverHTTP:
    """The sandbox at `url`, steered through its control API."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = urlsplit(url).netloc

    def client(self, api_key: str) -> stripe.StripeClient:
        return stripe.StripeClient(api_key, base_addresses={"api": self._url})

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        said = self._asked(method, path, body)
        if "error" in said:
            raise ValueError(f"The sandbox refused {path}: {said['error']['message']}")
        return said

    def _asked(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, f"/sandbox/{path}", json.dumps(body or {}), headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def begin(self, at: datetime) -> bool:
        """Set the clock. The sandbox refuses once anything has happened in it."""
        return "error" not in self._asked("POST", "clock", {"set": int(at.timestamp())})

    def is_on_time(self) -> bool:
        """Whether its clock shows the machine's time: a story that was told to its end does."""
        return abs(int(self.ask("GET", "clock")["now"]) - time.time()) < AN_HOUR

    def waiting(self) -> int:
        """How many webhooks have not arrived yet."""
        return int(self.ask("GET", "idle")["waiting"])

    def advance(self, to: int) -> None:
        self.ask("POST", "clock", {"to": to})

    def pay(self, session: str, card: str) -> None:
        self.ask("POST", f"checkout/{session}/complete", {"payment_method": card})

    def fail_next_payment(self, customer: str) -> None:
        self.ask("POST", f"customers/{customer}/fail_next_payment")
