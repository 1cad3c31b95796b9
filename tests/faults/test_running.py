"""The whole product, hit where it hurts: nothing that was acknowledged is lost or done twice.

FAULTS_KILLS and FAULTS_SECONDS make it shorter or longer.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.faults.pace import Pace
from tests.faults.running import BUYERS, Running, Visitor, event, post_webhook, signed
from tests.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

KILLS = int(os.environ.get("FAULTS_KILLS", "200"))
SECONDS = int(os.environ.get("FAULTS_SECONDS", "60"))
RATE = 50
CROWD = 100


def test_one_event_a_hundred_times_at_once(
    hub: Running, customers: list[str], report: Report
) -> None:
    """Two workers behind two web processes; the event brings a receipt."""
    [endpoint] = hub.stripe.webhook_endpoints.list().data
    secret, _visitors = hub.tell()
    hub.start("second worker")
    hub.stripe.webhook_endpoints.update(endpoint.id, {"disabled": True})
    receipts = hub.count("invoices_document")
    intent = hub.stripe.payment_intents.create(
        {
            "amount": 4900,
            "currency": "eur",
            "customer": customers[0],
            "payment_method": "pm_card_visa",
            "confirm": True,
        }
    )
    hub.stripe.webhook_endpoints.update(endpoint.id, {"disabled": False})
    told = hub.stripe.events.list({"type": "charge.succeeded", "limit": 1}).data[0]
    payload = json.dumps(told.to_dict(), default=str).encode()
    start = threading.Barrier(CROWD)

    def arrive(_number: int) -> int:
        start.wait()
        return post_webhook(hub.port, payload, signed(payload, secret))

    with ThreadPoolExecutor(CROWD) as crowd:
        answers = Counter(crowd.map(arrive, range(CROWD)))
    hub.wait_until_handled(120)
    rows = hub.count(f"billing_stripeevent WHERE event_id = '{told.id}'")
    made = hub.count("invoices_document") - receipts
    report(f"{dict(answers)} answers to one event, {rows} row, {made} receipt ({intent.status})")
    assert (answers, rows, made) == ({200: CROWD}, 1, 1)


@dataclass
class Flood(Pace):
    """Webhooks, each about another event."""

    rate: int = RATE
    seconds: float = SECONDS
    name: str = "flood"

    def pour(self, hub: Running, customers: list[str], secret: str) -> None:
        def one(number: int) -> int:
            payload = event(customers[number % BUYERS], f"evt_{self.name}_{number}")
            return post_webhook(hub.port, payload, signed(payload, secret))

        self.keep(one)

    def lost(self, hub: Running) -> int:
        """Acknowledged, and not there."""
        kept = hub.count(f"billing_stripeevent WHERE event_id LIKE 'evt_{self.name}_%'")
        return max(0, self.outcomes[200] - kept)


def test_a_flood_of_events(hub: Running, customers: list[str], report: Report) -> None:
    secret, _visitors = hub.tell()
    flood = Flood()
    flood.pour(hub, customers, secret)
    lost = flood.lost(hub)
    report(f"{flood}, {lost} lost, all handled {hub.wait_until_handled(900):.0f} s later")
    assert (flood.outcomes, lost) == ({200: RATE * SECONDS}, 0)


@pytest.mark.parametrize("blow", ["reload", "terminated backends"])
def test_a_flood_while_something_is_restarted(
    hub: Running, customers: list[str], report: Report, blow: str
) -> None:
    """Gunicorn told to reload; every connection to the database cut (SQLite has none)."""
    secret, _visitors = hub.tell()
    flood = Flood(name=blow.replace(" ", "_"))

    def strike() -> None:
        if blow == "reload":
            os.kill(hub.members("web")[0], signal.SIGHUP)
        else:
            hub.cut_connections()

    striking = threading.Timer(SECONDS / 2, strike)
    striking.start()
    flood.pour(hub, customers, secret)
    striking.join()
    report(f"{blow} at {flood}, {flood.failed} failed, {flood.lost(hub)} lost")
    hub.wait_until_handled(900)
    assert flood.lost(hub) == 0
    assert flood.failed <= (0 if blow == "reload" else RATE * SECONDS // 100)


class Load:
    """A shop that changes things at Stripe, and customers who change their details, all the time.

    Each change has a value of its own, so that one done twice would show.
    """

    def __init__(self, hub: Running, customers: list[str]) -> None:
        self.hub = hub
        self.customers = customers
        self.numbers = count()
        self.answers = Counter[int]()
        self.stopped = threading.Event()
        _secret, self.cookies = hub.tell()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        acts: list[Callable[[], None]] = [self._shop, *[self._customer] * 2]
        threads = [threading.Thread(target=self._on_and_on, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        yield
        self.stopped.set()
        for thread in threads:
            thread.join()

    def _on_and_on(self, act: Callable[[], None]) -> None:
        while not self.stopped.wait(0.2):
            with suppress(OSError, http.client.HTTPException, AssertionError):
                act()

    def _shop(self) -> None:
        number = next(self.numbers)
        about = {"phone": f"+353 1 555 {number:04}"}
        self.hub.stripe.customers.update(self.customers[number % BUYERS], about)

    def _customer(self) -> None:
        number = next(self.numbers)
        visitor = Visitor(self.hub.port, self.cookies[number % BUYERS])
        place = {"line1": f"{number} Main Street", "city": "Dublin", "country": "IE"}
        form = {"name": f"Buyer {number % BUYERS}", "email": f"buyer{number % BUYERS}@example.com"}
        self.answers[visitor.submit("/profile/", place | form)] += 1


def test_processes_are_killed_under_load(
    hub: Running, customers: list[str], report: Report
) -> None:
    chance, load = random.Random(5), Load(hub, customers)
    with load.under_way():
        for _blow in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.5))
            name = chance.choice(["web", "worker"])
            with suppress(ProcessLookupError):
                os.kill(chance.choice(hub.members(name)), signal.SIGKILL)
            time.sleep(0.2)
            hub.revive()
        time.sleep(5)
    waited = hub.wait_until_handled(240)
    [endpoint] = hub.stripe.webhook_endpoints.list().data
    told = hub.stripe.events.list({"limit": 100}).auto_paging_iter()
    sent = {event.id for event in told if event.type in endpoint.enabled_events}
    kept = {row[0] for row in hub.rows("SELECT event_id FROM billing_stripeevent")}
    lost = len(sent - kept)
    entries = hub.sandbox.ask("GET", "ledger?account=acct_acme&limit=20000")["data"]
    doubled = doubles(entries)
    report(
        f"{KILLS} x kill -9: {len(sent)} events, {lost} lost, the last handled {waited:.0f} s "
        f"after the load; {load.answers[302]} details saved, {len(doubled)} double changes"
    )
    assert (lost, doubled) == (0, [])
    assert waited <= 60


def doubles(entries: list[dict[str, Any]]) -> list[str]:
    """The customers' changes that had an effect more than once."""
    changes = Counter(
        f"{entry['path']} {json.dumps(entry['params'], sort_keys=True)}"
        for entry in entries
        if entry["effect"] and ":" in (entry["idempotency_key"] or "")
    )
    return [change for change, times in changes.items() if times > 1]
