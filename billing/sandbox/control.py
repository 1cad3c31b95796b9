"""The sandbox's own small JSON API under /sandbox/: for the demo's seed and for browser tests."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from billing.sandbox import onboarding
from billing.sandbox.errors import ApiError
from billing.sandbox.machine import Sandbox
from billing.sandbox.web import Reply, Request, json_reply, problem

LEDGER_PAGE = 200

type Act = Callable[..., object]


class Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    act: Act


class Control:
    """Answers with JSON; what goes wrong is `{"error": {"message": ...}}`, as with Stripe."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._routes = [
            Route("GET", re.compile(r"/sandbox/clock\Z"), self.clock),
            Route("POST", re.compile(r"/sandbox/clock\Z"), self.move_clock),
            Route("GET", re.compile(r"/sandbox/idle\Z"), self.idle),
            Route("GET", re.compile(r"/sandbox/ledger\Z"), self.ledger),
            Route("GET", re.compile(r"/sandbox/faults\Z"), self.faults),
            Route("POST", re.compile(r"/sandbox/faults\Z"), self.add_fault),
            Route("DELETE", re.compile(r"/sandbox/faults\Z"), self.clear_faults),
            Route("POST", re.compile(r"/sandbox/settings/(\w+)\Z"), self.settings),
            Route("POST", re.compile(r"/sandbox/customers/(\w+)/fail_next_payment\Z"), self.fail),
            Route("POST", re.compile(r"/sandbox/accounts/(\w+)/disconnect\Z"), self.disconnect),
            Route("POST", re.compile(r"/sandbox/charges/(\w+)/dispute\Z"), self.dispute),
            Route("POST", re.compile(r"/sandbox/disputes/(\w+)/decide\Z"), self.decide),
            Route("POST", re.compile(r"/sandbox/checkout/(\w+)/complete\Z"), self.complete),
        ]

    def __call__(self, request: Request) -> Reply:
        paths = [route for route in self._routes if route.pattern.match(request.path)]
        fitting = [route for route in paths if route.method == request.method]
        if not fitting:
            return problem("No such address." if not paths else "No such method here.", 404)
        route = fitting[0]
        keys = route.pattern.match(request.path)
        try:
            return json_reply(route.act(request, *(keys.groups() if keys else ())))
        except ApiError as error:
            return json_reply({"error": error.details}, status=error.status)
        except KeyError as error:
            return problem(f"Missing: {error.args[0]}.", 400)
        except (TypeError, ValueError) as error:
            return problem(str(error), 400)

    def clock(self, request: Request) -> object:
        return {"now": self._sandbox.clock.now()}

    def move_clock(self, request: Request) -> object:
        """`by` seconds, `to` a moment, or `set` to any moment while nothing has happened yet."""
        given = request.json
        if "set" in given:
            self._sandbox.clock.set(int(given["set"]))
        elif "by" in given:
            self._sandbox.advance(self._sandbox.clock.now() + int(given["by"]))
        else:
            self._sandbox.advance(int(given["to"]))
        return self.clock(request)

    def idle(self, request: Request) -> object:
        """Whether every webhook has arrived."""
        waiting = self._sandbox.undelivered()
        return {"idle": waiting == 0, "waiting": waiting}

    def ledger(self, request: Request) -> object:
        """The latest requests, newest first; of one account with `?account=acct_...`."""
        account = request.query.get("account")
        entries = [
            asdict(entry)
            for entry in reversed(list(self._sandbox.ledger))
            if account in (None, entry.account)
        ]
        return {"data": entries[: int(request.query.get("limit", LEDGER_PAGE))]}

    def faults(self, request: Request) -> object:
        return {"data": [asdict(fault) for fault in list(self._sandbox.faults.waiting)]}

    def add_fault(self, request: Request) -> object:
        given = request.json
        self._sandbox.faults.add(
            given["pattern"],
            given["kind"],
            times=int(given.get("times", 1)),
            delay=float(given.get("delay", 3.0)),
        )
        return self.faults(request)

    def clear_faults(self, request: Request) -> object:
        self._sandbox.faults.clear()
        return self.faults(request)

    def settings(self, request: Request, account: str) -> object:
        self._sandbox.settings(account, after_last_retry=request.json["after_last_retry"])
        return {"account": account}

    def fail(self, request: Request, customer: str) -> object:
        self._sandbox.fail_next_payment(customer)
        return {"customer": customer}

    def disconnect(self, request: Request, account: str) -> object:
        """The owner of a connected account takes its platform's access away."""
        if account not in self._sandbox.accounts():
            raise ValueError(f"No such account: {account}.")
        self._sandbox.at(account, onboarding.disconnect)
        return {"account": account}

    def dispute(self, request: Request, charge: str) -> object:
        """The customer disputes a payment with their bank."""
        given = request.json
        reason, inquiry = given.get("reason", "fraudulent"), bool(given.get("inquiry"))
        key = self._sandbox.dispute(charge, reason=reason, inquiry=inquiry)
        return {"dispute": key}

    def decide(self, request: Request, dispute: str) -> object:
        self._sandbox.decide_dispute(dispute, won=bool(request.json["won"]))
        return {"dispute": dispute}

    def complete(self, request: Request, session: str) -> object:
        """The customer pays at Checkout, with `payment_method` or the good card."""
        wish: dict[str, Any] = {}
        if given := request.json.get("payment_method"):
            wish["payment_method"] = given
        self._sandbox.checkout_complete(session, **wish)
        return {"checkout_session": session}
