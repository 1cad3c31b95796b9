"""Requests at a steady pace, whatever becomes of them."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import quantiles

REFUSED = "refused"
"""Nobody listened: who asks knows that nothing has begun, and asks again."""
BROKEN = "broken"
"""A connection that was there, and brought no answer."""
CROWD = 64


@dataclass
class Pace:
    """So many requests a second for so long: the status of each, or why there was none."""

    rate: int
    seconds: float
    outcomes: Counter[int | str] = field(default_factory=Counter)
    spent: list[float] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)
    """The moments at which requests began that failed."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, ask: Callable[[int], int]) -> None:
        began = time.monotonic() + 1

        def one(number: int) -> None:
            time.sleep(max(0, began + number / self.rate - time.monotonic()))
            self._note(ask, number)

        with ThreadPoolExecutor(CROWD) as crowd:
            list(crowd.map(one, range(int(self.rate * self.seconds))))

    def _note(self, ask: Callable[[int], int], number: int) -> None:
        began = time.monotonic()
        outcome: int | str
        try:
            outcome = ask(number)
        except ConnectionRefusedError:
            outcome = REFUSED
        except (OSError, http.client.HTTPException):
            outcome = BROKEN
        with self.lock:
            self.spent.append(time.monotonic() - began)
            self.outcomes[outcome] += 1
            if outcome != 200:
                self.failures.append(began)

    @property
    def failed(self) -> int:
        return len(self.failures)

    def __str__(self) -> str:
        p99, median = quantiles(self.spent, n=100)[98], quantiles(self.spent, n=2)[0]
        return (
            f"{self.rate} requests/s for {self.seconds:g} s: {dict(self.outcomes)}, "
            f"median {median * 1000:.0f} ms, 99th percentile {p99 * 1000:.0f} ms"
        )
