"""Reading a whole account without leaving its customers nothing of Stripe's rate limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from time import monotonic, sleep
from typing import Any

import stripe

LIVE_PER_SECOND = 80
TEST_PER_SECOND = 20
"""Of Stripe's 100 and 25: a fifth is left for the customers' pages."""
TRIES = 6
LONGEST_HOLD = 60.0


class Pace:
    """One account's rhythm, shared by all who read it in this process: a 429 that one of them
    meets holds up the others too."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            sleep(turn - now)

    def hold(self, seconds: float) -> None:
        with self._lock:
            self._next = max(self._next, monotonic() + seconds)


_pace: ContextVar[Pace | None] = ContextVar("pace", default=None)


@cache
def pace_of(account: str, *, livemode: bool) -> Pace:
    return Pace(LIVE_PER_SECOND if livemode else TEST_PER_SECOND)


@contextmanager
def kept_to(pace: Pace) -> Iterator[None]:
    """All calls made within wait for their turn, and are made again when Stripe says 429."""
    token = _pace.set(pace)
    try:
        yield
    finally:
        _pace.reset(token)


class PacedHTTPClient(stripe.HTTPClient):
    name = "paced"

    def __init__(self, line: stripe.HTTPClient) -> None:
        super().__init__()
        self.line = line

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **given: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        if (pace := _pace.get()) is None:
            return self.line.request(method, url, headers, post_data, **given)
        for attempt in range(TRIES):
            pace.wait()
            answer = self.line.request(method, url, headers, post_data, **given)
            if answer[1] != 429:
                break
            pace.hold(_seconds_to_hold(answer[2], attempt))
        return answer

    def close(self) -> None:
        self.line.close()  # type: ignore[no-untyped-call]


def _seconds_to_hold(headers: Mapping[str, str], attempt: int) -> float:
    """What Stripe's Retry-After says, or else twice as long each time."""
    said = headers.get("retry-after", "")
    return min(float(said) if said.isdecimal() else 2.0**attempt, LONGEST_HOLD)
