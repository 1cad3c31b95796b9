"""PostgreSQL is away for a moment: whoever wants a connection waits; longer, and nobody does."""

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import OperationalError

from accounts.postgresql import base

type Away = Callable[[int], list[int]]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    """So many tries fail; the list has one entry for each try."""

    def away(tries: int) -> list[int]:
        made: list[int] = []

        def connect(_wrapper: Any, _params: Any) -> str:
            made.append(len(made))
            if len(made) <= tries:
                raise OperationalError("the database system is starting up")
            return "a connection"

        monkeypatch.setattr(base.base.DatabaseWrapper, "get_new_connection", connect)
        return made

    monkeypatch.setattr(base, "OUTAGE", base.Outage())
    monkeypatch.setattr(base, "TICK", 0.01)
    return away


def connect() -> Any:
    wrapper = base.DatabaseWrapper.__new__(base.DatabaseWrapper)
    return wrapper.get_new_connection({})


def test_who_wants_a_connection_waits_out_a_restart(away: Away) -> None:
    made = away(3)

    assert connect() == "a connection"
    assert len(made) == 4


def test_nobody_waits_for_what_has_been_away_for_long(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.05)
    made = away(1_000)
    with pytest.raises(OperationalError):
        connect()
    made.clear()

    with pytest.raises(OperationalError):
        connect()
    assert len(made) == 1


def test_once_it_is_back_the_next_restart_is_waited_out_again(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.05)
    away(1_000)
    with pytest.raises(OperationalError):
        connect()
    away(0)
    connect()
    away(1)

    assert connect() == "a connection"
