"""The stand-in for Stripe: one state machine that answers the real SDK's requests."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Literal

from billing.sandbox import buying, disputes
from billing.sandbox.accounts import Account, Accounts, Cause
from billing.sandbox.agenda import FUTURES, Agenda, Clock
from billing.sandbox.cards import DECLINES
from billing.sandbox.errors import no_such
from billing.sandbox.exchange import Exchange
from billing.sandbox.faults import UNHEARD, Faults, Response
from billing.sandbox.ids import kind_of
from billing.sandbox.ledger import Ledger
from billing.sandbox.outbox import Outbox, Sink
from billing.sandbox.payment_intents import finish_payment
from billing.sandbox.rendering import render
from billing.sandbox.setup_intents import finish_setup
from billing.sandbox.store import Obj, Store, encode

__all__ = ["Response", "Sandbox"]

# Each of these serves the requests for its nouns, by registering them when it is imported.
NOUNS = (
    "account",
    "attaching",
    "balance",
    "catalogue",
    "charges",
    "checkout",
    "credit_notes",
    "customers",
    "discounts",
    "disputes",
    "invoice_items",
    "invoice_previews",
    "invoices",
    "onboarding",
    "payment_intents",
    "payment_methods",
    "refunds",
    "setup_intents",
    "subscription_items",
    "subscription_schedules",
    "subscriptions",
    "tax_ids",
    "tax_rates",
    "webhook_endpoints",
)
for noun in NOUNS:
    import_module(f"billing.sandbox.{noun}")

FINISHES = {"payment_intent": finish_payment, "setup_intent": finish_setup}


class Sandbox:
    """`path`: an SQLite file that every change is written through to; None keeps all in memory.

    `now` is the machine's clock. `verify` holds every answer against stripe-python's annotations.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        now: Callable[[], float] = time.time,
        verify: bool = False,
    ) -> None:
        self._lock = threading.RLock()
        self._store = Store(path)
        self.clock = Clock(now, self._store)
        self._agenda = Agenda()
        self._accounts = Accounts(self._store, self.clock, self._agenda)
        self._outbox = Outbox(self._store, self.clock)
        self._sinks: list[Sink] = []
        self._thread = threading.local()
        self.faults = Faults()
        self.ledger = Ledger()
        self.verify = verify
        self._plan()

    def close(self) -> None:
        with self._lock:
            self._store.close()

    # Requests

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str], body: str = ""
    ) -> Response:
        """One request to the Stripe API; `path` with its query, `body` form-encoded."""
        with self._lock:
            fault = self.faults.take(method, path.partition("?")[0])
            exchange = Exchange(method, path, headers, body, fault)
            if fault and fault.kind in UNHEARD:
                response = Response(0, {}, "", fault.kind, fault.delay)
            else:
                response = exchange.answer(self._accounts, self._store, verify=self.verify)
            self.ledger.append(exchange.entry(self.clock.now(), response.status))
        self._push()
        return response

    # Time

    def advance(self, to: int) -> None:
        """Move the clock to a moment, doing all that falls due on the way, in order. As at
        Stripe, a renewal is drafted when its period begins and charged an hour later."""
        with self._lock:
            to = self.clock.onward(to)
            with self._change():
                self._run(to)
                self.clock.move(to)
        self._push()

    def tick(self) -> None:
        """Do what fell due while the clock ran by itself."""
        with self._lock, self._change():
            self._run(self.clock.now())
        self._push()

    def _run(self, until: int) -> None:
        try:
            while entry := self._agenda.due(until):
                account = self._accounts.named(entry.account)
                obj = account.peek(entry.key)
                future = FUTURES[entry.kind]
                if obj is None or future.when(obj) != entry.at:
                    continue
                self.clock.stand(entry.at)
                account.cause = Cause()
                future.happens(account, obj)
                if future.when(obj) == entry.at:
                    raise RuntimeError(f"{entry.key} is still due at {entry.at}.")
        finally:
            self.clock.stand(None)

    def _plan(self) -> None:
        """Put all that has a future on a fresh agenda."""
        self._agenda.clear()
        for account in self._accounts:
            for kind in FUTURES:
                for obj in account.all(kind):
                    self._agenda.note(account.id, obj)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """A change that no request asked for: all of it or nothing."""
        try:
            yield
        except BaseException:
            self._store.roll_back()
            self._plan()
            raise
        self._store.commit()

    # Webhooks

    def on_delivery(self, sink: Sink) -> None:
        """Have webhooks delivered to `sink` by themselves after every request and move in time."""
        self._sinks.append(sink)

    def deliver_pending(self, sink: Sink, *, patient: bool = False) -> int:
        """Try every webhook that waits once, and say how many arrived. A patient deliverer leaves
        those alone that failed a moment ago."""
        arrived = 0
        with self._lock:
            waiting = self._outbox.waiting(patient=patient)
        for key in waiting:
            with self._lock, self._change():
                delivery = self._outbox.begin(key)
            if delivery is None:
                continue
            succeeded = False
            try:
                status = sink(delivery)
                succeeded = status is None or 200 <= status < 300
            except OSError:
                succeeded = False
            finally:
                with self._lock, self._change():
                    self._outbox.end(key, arrived=succeeded)
            arrived += succeeded
        return arrived

    def undelivered(self) -> int:
        """How many webhooks have not arrived yet."""
        return len(self._store.shelf("outbox"))

    def tries(self) -> dict[str, int]:
        """How often each event that has not arrived everywhere was sent, by its id."""
        with self._lock:
            tasks = self._store.shelf("outbox").values()
            return {task["event"]: task["attempts"] for task in tasks}

    def _push(self) -> None:
        """Deliver to the sinks, until what they do in answer brings nothing new."""
        if not self._sinks or getattr(self._thread, "delivering", False):
            return
        self._thread.delivering = True
        try:
            while sum(self.deliver_pending(sink) for sink in self._sinks):
                pass
        finally:
            self._thread.delivering = False

    # What a person at the control page, or a test, does to an account

    def settings(
        self, account: str, *, after_last_retry: Literal["past_due", "cancel", "unpaid"]
    ) -> None:
        """What becomes of a subscription whose payment failed for the last time."""
        with self._lock, self._change():
            self._accounts.named(account).keep(after_last_retry=after_last_retry)

    def events(self, account: str) -> list[Obj]:
        """All events of an account, oldest first."""
        with self._lock:
            found = self._accounts.named(account)
            return [render(found, event) for event in found.all("event")]

    def accounts(self) -> list[str]:
        """The accounts that were named so far."""
        with self._lock:
            return [account.id for account in self._accounts]

    def objects(self, account: str, kind: str) -> list[Obj]:
        """All objects of a kind as Stripe shows them, oldest first; nobody asked, so no ledger."""
        with self._lock:
            found = self._accounts.named(account)
            return [json.loads(encode(render(found, obj))) for obj in found.all(kind)]

    def fail_next_payment(self, customer: str, decline: str = "generic_decline") -> None:
        """Have the next payment of a customer declined; `decline` is a decline code."""
        with self._lock, self._change():
            account = self.owner(customer)
            found = account.get("customer", customer)
            found["_fail_next"] = DECLINES[decline].decline_code
            account.save(found)

    def dispute(self, charge: str, *, reason: str = "fraudulent", inquiry: bool = False) -> str:
        """Have a payment disputed; the dispute's id."""

        def open_dispute(account: Account) -> Obj:
            found = account.get("charge", charge)
            return disputes.open_dispute(account, found, reason, inquiry=inquiry)

        return str(self.at(self.owner(charge).id, open_dispute)["id"])

    def decide_dispute(self, dispute: str, *, won: bool) -> None:
        """The bank decides, for the vendor (`won`) or for the customer."""
        with self._lock, self._change():
            account = self.owner(dispute)
            account.cause = Cause()
            disputes.close(account, account.get("dispute", dispute), won=won)
        self._push()

    def checkout_complete(self, session: str, payment_method: str = "pm_card_visa") -> None:
        """The customer buys at the checkout page. A refused card raises its `ApiError`."""

        def complete(account: Account) -> None:
            buying.complete(account, account.get("checkout.session", session), payment_method)

        self.at(self.owner(session).id, complete)

    def authenticate(self, intent: str, *, passed: bool) -> None:
        """What the bank's 3-D Secure page reports about a payment or setup intent."""
        with self._lock, self._change():
            account = self.owner(intent)
            account.cause = Cause()
            found = account.get(kind_of(intent) or "", intent)
            authenticate = FINISHES[found["object"]]
            authenticate(account, found, passed=passed)
        self._push()

    def be_at(self, origin: str) -> None:
        """Where browsers find the pages of this sandbox."""
        with self._lock, self._change():
            self._store.save("sandbox", "pages", {"at": origin})

    def at[T](self, account: str, act: Callable[[Account], T]) -> T:
        """What the owner of an account does on Stripe's own pages."""
        with self._lock, self._change():
            found = self._accounts.named(account)
            found.cause = Cause()
            done = act(found)
        self._push()
        return done

    def owner(self, key: str) -> Account:
        """The account that an object belongs to."""
        for account in self._accounts:
            if account.peek(key) is not None:
                return account
        raise no_such(kind_of(key) or "object", key)
