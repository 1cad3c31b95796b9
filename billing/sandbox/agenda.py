"""The clock of the sandbox, and what falls due on it.

A kind of object that has a future (a subscription renews, an invoice is tried again) registers
two functions with `falls_due`: when the next thing happens to it, and what then happens.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from billing.sandbox.store import Obj, Store

if TYPE_CHECKING:
    from billing.sandbox.accounts import Account

A_MOMENT = 30


class Future(NamedTuple):
    rank: int
    when: Callable[[Obj], int | None]
    happens: Callable[["Account", Obj], None]


class Entry(NamedTuple):
    at: int
    rank: int
    number: int
    account: str
    kind: str
    key: str


FUTURES: dict[str, Future] = {}


def falls_due(
    kind: str, rank: int, when: Callable[[Obj], int | None]
) -> Callable[[Callable[["Account", Obj], None]], Callable[["Account", Obj], None]]:
    """Register what happens to a kind of object when its moment comes. Of things due in the same
    second the lower rank goes first."""

    def register(happens: Callable[["Account", Obj], None]) -> Callable[["Account", Obj], None]:
        FUTURES[kind] = Future(rank, when, happens)
        return happens

    return register


class Clock:
    """One clock for all accounts: the machine's own time, moved by an offset."""

    def __init__(self, now: Callable[[], float], store: Store) -> None:
        self.machine_now = now
        self._store = store
        self._standing: int | None = None

    def now(self) -> int:
        if self._standing is not None:
            return self._standing
        return int(self.machine_now()) + self._offset()

    def _offset(self) -> int:
        kept = self._store.shelves.get("sandbox", {}).get("clock")
        return int(kept["offset"]) if kept else 0

    def onward(self, to: int) -> int:
        """The moment to go on to. The clock runs between two calls: what it has only just run
        past is no step back, or else two things of the same second could not be told in turn."""
        now = self.now()
        if to < now - A_MOMENT:
            raise ValueError("The clock only moves forward.")
        return max(to, now)

    def stand(self, at: int | None) -> None:
        """Hold the clock at a moment while what falls due then is done; None lets it run."""
        self._standing = at

    def move(self, to: int) -> None:
        self._standing = None
        self._store.save("sandbox", "clock", {"offset": to - int(self.machine_now())})

    def set(self, to: int) -> None:
        """Begin at another time, in the past too, as long as nothing has happened."""
        if any(objects and _is_history(shelf) for shelf, objects in self._store.shelves.items()):
            raise ValueError("The clock can only be set before there are objects.")
        self.move(to)
        self._store.commit()


def _is_history(shelf: str) -> bool:
    """Accounts and whom they tell are there before anything happens."""
    return shelf not in ("accounts", "sandbox") and not shelf.endswith(" webhook_endpoint")


class Agenda:
    """What falls due, in the order of time."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._numbers = itertools.count()

    def clear(self) -> None:
        self._heap.clear()

    def note(self, account: str, obj: Obj) -> None:
        future = FUTURES.get(obj["object"])
        at = future.when(obj) if future else None
        if future and at is not None:
            number = next(self._numbers)
            entry = Entry(at, future.rank, number, account, obj["object"], obj["id"])
            heapq.heappush(self._heap, entry)

    def due(self, until: int) -> Entry | None:
        """The next entry not later than a moment, taken off the agenda."""
        if self._heap and self._heap[0].at <= until:
            return heapq.heappop(self._heap)
        return None
