"""Half an hour of ordinary work: nothing fails, and nothing grows.

FAULTS_SOAK_MINUTES makes it shorter or longer.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

import pytest

from tests.faults.mix import Shop
from tests.faults.pace import Pace
from tests.faults.running import BUYERS, Running, Visitor
from tests.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

MINUTES = float(os.environ.get("FAULTS_SOAK_MINUTES", "30"))
RATE = 30
GROWTH = 0.10
A_LOOK = 2

PDF = re.compile(r"/documents/[-0-9a-f]{36}/pdf/")
SHARE = re.compile(r"^Pss: +(\d+) kB", re.MULTILINE)


class Day(Shop):
    """And somebody downloads a receipt, or saves their details."""

    def __call__(self, number: int) -> int:
        turn = number % self.every
        if turn not in (9, 12):
            return super().__call__(number)
        visitor = Visitor(self.port, self.cookies[number % BUYERS])
        if turn == 9:
            found = PDF.search(visitor.ask("GET", "/documents/")[1])
            assert found
            return visitor.ask("GET", found[0])[0]
        buyer = number % BUYERS
        place = {"line1": f"{number} Main Street", "city": "Dublin", "country": "IE"}
        about = {"name": f"Buyer {buyer}", "email": f"buyer{buyer}@example.com"}
        status = visitor.submit("/profile/", place | about)
        return 200 if status == 302 else status


class Memory:
    """Of web server and worker, in MB; what their processes share is counted once."""

    def __init__(self, hub: Running) -> None:
        self.hub = hub
        self.looks: dict[str, list[float]] = {"web": [], "worker": []}
        self.over = threading.Event()

    def look(self, name: str) -> float:
        kilobytes = 0
        for pid in self.hub.members(name):
            with suppress(OSError):  # it has gone since
                found = SHARE.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
                kilobytes += int(found[1]) if found else 0
        return kilobytes / 1024

    @contextmanager
    def watched(self) -> Iterator[None]:
        def watch() -> None:
            while not self.over.wait(A_LOOK):
                for name, looks in self.looks.items():
                    looks.append(self.look(name))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            self.over.set()
            watching.join()

    def of_fifth(self, which: int) -> float:
        """Of both together."""
        both = [sum(looks) for looks in zip(*self.looks.values(), strict=True)]
        return median(self._fifth(both, which))

    def told(self) -> str:
        """Each by itself, fifth after fifth."""
        return "; ".join(
            f"{name} {', '.join(f'{median(self._fifth(looks, which)):.0f}' for which in range(5))}"
            for name, looks in self.looks.items()
        )

    def _fifth(self, looks: list[float], which: int) -> list[float]:
        a_fifth = len(looks) // 5
        return looks[which * a_fifth : (which + 1) * a_fifth]


def test_half_an_hour_of_ordinary_work(hub: Running, customers: list[str], report: Report) -> None:
    """Memory is compared between the second fifth, when all is warm, and the last."""
    pace, memory = Pace(RATE, MINUTES * 60), Memory(hub)
    day, began = Day(hub, customers, "day", every=30), time.monotonic()
    with memory.watched():
        pace.keep(day)
    spent = time.monotonic() - began
    warm, at_last = memory.of_fifth(1), memory.of_fifth(4)
    waited = hub.wait_until_handled(300)
    report(
        f"{MINUTES:g} min at {pace}, {spent:.0f} s in all; memory {warm:.0f} MB when warm, "
        f"{at_last:.0f} MB at last ({at_last / warm - 1:+.1%}), fifth after fifth "
        f"{memory.told()}; all handled {waited:.0f} s after"
    )
    assert pace.outcomes == {200: int(RATE * MINUTES * 60)}
    assert at_last <= warm * (1 + GROWTH)
