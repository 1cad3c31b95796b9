"""The product as it runs: its processes, its database, its visitors, and Stripe's stand-in."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.journeys.stack import Stack, running_stack

SECRET_KEY = "sk_test_acme_demo"
HOST = "acme.localhost"
BUYERS = 4
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
GUNICORN = ["-m", "gunicorn", "--config", "config/gunicorn.py"]

# Prints the webhook's secret, and a session's cookie for each address that is given.
TELL = """
from accounts.models import Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeAccount
from tests.clients import signed_in
vendor = Vendor.objects.get(subdomain="acme")
with vendor_scope(vendor):
    print("secret", StripeAccount.objects.get().webhook_secret)
    for customer in Customer.objects.order_by("pk"):
        cookies = signed_in(customer).cookies
        print("visitor", *(f"{name}={cookies[name].value}" for name in cookies))
"""


class Running:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sandbox = stack.sandbox
        self.stripe = stack.sandbox.client(SECRET_KEY).v1
        self.port = stack.demo.port

    def rows(self, query: str) -> list[Any]:
        return self.stack.rows(query)

    def count(self, of: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {of}")[0][0])

    def tell(self) -> tuple[str, list[str]]:
        """The webhook's secret, and the cookies of everybody, signed in."""
        self.stack.manage("shell", "-v0", "-c", TELL)
        lines = self.stack.processes.log("shell").read_text().splitlines()
        said = [line.partition(" ") for line in lines]
        secrets = [what for kind, _space, what in said if kind == "secret"]
        return secrets[0], [what for kind, _space, what in said if kind == "visitor"]

    def unhandled(self) -> int:
        return int(
            self.rows("SELECT count(*) FROM billing_stripeevent WHERE handled_at IS NULL")[0][0]
        )

    def wait_until_handled(self, seconds: float) -> float:
        """How long it took until every event that was acknowledged is handled."""
        began = time.monotonic()
        while self.sandbox.waiting() or self.unhandled():
            waiting = f"{self.sandbox.waiting()} not delivered, {self.unhandled()} not handled"
            assert time.monotonic() - began < seconds, waiting
            self.revive()
            time.sleep(0.5)
        return time.monotonic() - began

    def cut_connections(self) -> None:
        """As a restart of PostgreSQL does; SQLite has none to cut."""
        if self.stack.demo.database_url:
            self.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    # Processes

    def members(self, name: str) -> list[int]:
        """A process and all that it has started."""
        found = [self.stack.processes.running[name].pid]
        for pid in found:
            with suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
                found += [int(child) for child in children.split()]
        return found

    def start(self, name: str) -> None:
        command = GUNICORN if name == "web" else ["manage.py", "ox_worker"]
        self.stack.processes.start(name, [sys.executable, *command])

    def revive(self) -> None:
        """As whoever watches over the services would."""
        for name in ("web", "worker"):
            if self.stack.processes.running[name].poll() is not None:
                self.start(name)


class Visitor:
    """A browser without a face: cookies, forms with their token, and headers of its own; `patience`
    in seconds for each answer."""

    def __init__(
        self,
        port: int,
        cookies: str = "",
        *,
        patience: float = 30,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.port, self.patience, self.headers = port, patience, headers or {}
        self.cookies = dict(pair.split("=", 1) for pair in cookies.split())

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
        with closing(connection):
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Host": f"{HOST}:{self.port}", "Cookie": cookies} | self.headers
            if form is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _equals, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode(errors="replace")

    def token_of(self, path: str) -> str:
        """The form's own token on the page there."""
        _status, page = self.ask("GET", path)
        token = CSRF.search(page)
        assert token, (path, page[:500])
        return token[1]

    def submit(self, path: str, form: dict[str, str], *, page: str | None = None) -> int:
        """`page`: where the form stands, if not at the path it is sent to."""
        token = self.token_of(page or path)
        return self.ask("POST", path, {**form, "csrfmiddlewaretoken": token})[0]


def signed(payload: bytes, secret: str) -> dict[str, str]:
    moment = int(time.time())
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256)
    return {"Stripe-Signature": f"t={moment},v1={mac.hexdigest()}"}


def event(object_id: str, event_id: str) -> bytes:
    return json.dumps(
        {
            "id": event_id,
            "object": "event",
            "type": "customer.updated",
            "livemode": False,
            "created": int(time.time()),
            "data": {"object": {"id": object_id, "object": "customer"}},
        }
    ).encode()


def post_webhook(port: int, payload: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        headers = {"Host": f"{HOST}:{port}", "Content-Type": "application/json"} | headers
        connection.request("POST", "/billing/webhook/", payload, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@contextmanager
def running() -> Iterator[Running]:
    with running_stack() as stack:
        yield Running(stack)
