"""A sandbox that really listens on loopback, and a receiver for what it sends."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from billing.sandbox.app import App
from billing.sandbox.delivery import Courier
from billing.sandbox.machine import Sandbox
from billing.sandbox.server import SandboxServer
from tests.journeys.conftest import (
    browser_context_args,
    browser_type_launch_args,
    complaints,
    page,
)

__all__ = ["browser_context_args", "browser_type_launch_args", "complaints", "page"]

HUB = "http://{account}.localhost:8000/"


@dataclass
class Served:
    """A sandbox over HTTP."""

    sandbox: Sandbox
    courier: Courier
    server: SandboxServer
    lines: list[stripe.RequestsClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.origin

    def client(self, key: str = "sk_test_acme_1", **options: Any) -> Any:
        """The real SDK, speaking to this server over the network."""
        self.lines.append(stripe.RequestsClient(timeout=2))
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url},
            http_client=self.lines[-1],
            max_network_retries=0,
            **options,
        ).v1

    def price(self, name: str, amount: int, interval: str = "") -> str:
        """Something that Acme sells, for euros."""
        product = self.client().products.create({"name": name})
        every = {"recurring": {"interval": interval}} if interval else {}
        about = {"product": product.id, "currency": "eur", "unit_amount": amount, **every}
        return self.client().prices.create(about).id

    def ask(
        self,
        method: str,
        path: str,
        body: str | dict[str, Any] = "",
        headers: dict[str, str] | None = None,
    ) -> "Answer":
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        text = body if isinstance(body, str) else json.dumps(body)
        connection.request(method, path, text, {"Host": self.server.origin[7:], **(headers or {})})
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.headers), response.read().decode())
        connection.close()
        return answer

    def wait_until_told(self, seconds: float = 10) -> None:
        """A receiver has heard of an event before the sandbox has its answer."""
        until = time.monotonic() + seconds
        while self.sandbox.undelivered() and time.monotonic() < until:
            time.sleep(0.01)

    def stop(self) -> None:
        for line in self.lines:
            line.close()
        self.server.shutdown()
        self.server.server_close()
        self.courier.stop()
        self.sandbox.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


type Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a sandbox: `serve()`, or `serve(path=...)` for one that keeps its state."""
    running: list[Served] = []

    def start(**options: Any) -> Served:
        sandbox = Sandbox(**options)
        courier = Courier(sandbox)
        app = App(sandbox, courier, hub_url_template=HUB)
        server = SandboxServer("127.0.0.1", 0, app)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        courier.start()
        running.append(Served(sandbox, courier, server))
        return running[-1]

    yield start
    for served in running:
        served.stop()


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve()


@dataclass
class Receiver:
    """A webhook's end: keeps what it was sent, and answers `statuses` in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    def wait_for(self, count: int, seconds: float = 10) -> None:
        until = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.heard) >= count, f"only {len(self.heard)} webhooks arrived"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = found.statuses.pop(0) if found.statuses else 200
            found.connections.add(self.client_address)
            found.heard.append((self.headers["Host"], self.headers["Stripe-Signature"], body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://acme.localhost:{server.server_port}/billing/webhook/"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
