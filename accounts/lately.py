"""What a process may believe for some seconds without asking the database again.

For what machines ask for over and over. Each process remembers for itself, so nothing belongs here
that must end everywhere at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

BELIEVED_FOR = 5.0
"""In seconds."""
MOST = 10_000

_found: dict[Hashable, tuple[float, Any]] = {}


def lately[T](key: Hashable, find: Callable[[], T | None]) -> T | None:
    """What was found not long ago, or is found now; what is not there is looked for each time."""
    now = monotonic()
    until, found = _found.get(key, (now, None))
    if now < until:
        return found  # type: ignore[no-any-return]
    if len(_found) >= MOST:
        _found.clear()
    if (fresh := find()) is None:
        _found.pop(key, None)
    else:
        _found[key] = (now + BELIEVED_FOR, fresh)
    return fresh


def forget(key: Hashable) -> None:
    _found.pop(key, None)


def forget_everything() -> None:
    _found.clear()
