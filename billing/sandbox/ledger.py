"""What was asked: the last requests, for tests and for the control page."""

from collections import deque
from dataclasses import dataclass
from typing import Any

KEPT = 20_000
PREVIEW = "/v1/invoices/create_preview"
"""A POST that changes nothing."""


@dataclass(frozen=True)
class Entry:
    """One request. `status` is 0 where no answer was made; `time` is the sandbox's. `effect` is
    what it made, changed or took away, by id: nothing for reads, replays and what was so already.
    """

    time: int
    account: str | None
    method: str
    path: str
    params: dict[str, Any]
    idempotency_key: str | None
    stripe_version: str | None
    status: int
    request_id: str
    fault: str | None
    replayed: bool
    effect: tuple[str, ...] = ()


class Ledger(deque[Entry]):
    def __init__(self) -> None:
        super().__init__(maxlen=KEPT)

    def of(self, method: str, path: str) -> list[Entry]:
        return [entry for entry in self if (entry.method, entry.path) == (method, path)]

    def changes(self) -> list[Entry]:
        """The requests that may have changed something: no reads, no replays, nothing refused."""
        return [
            entry
            for entry in self
            if entry.method != "GET"
            and entry.path != PREVIEW
            and not entry.replayed
            and 200 <= entry.status < 300
        ]

    def effects(self) -> list[Entry]:
        """The requests that did change something, a refused card's charge included."""
        return [entry for entry in self if entry.effect]
