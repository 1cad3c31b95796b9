"""A link lets one in, however many press its button at the same moment: the product as it runs.

What a crowd within one process does is in tests/accounts/test_races.py.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.safety.doors import Browser, Door, open_door

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

ROUNDS, CROWD = 100, 50


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with open_door() as door:
        yield door


def test_fifty_at_once_a_hundred_times(door, report):
    wins: Counter[int] = Counter()
    for address in door.make_customers("crowd", ROUNDS):
        asker, path = door.request_link(address)
        token, before = asker.token_of(path), door.sessions()
        crowd = [door.browser() for _ in range(CROWD)]
        for browser in crowd:
            browser.cookies = dict(asker.cookies)

        statuses = all_press(crowd, path, token)

        assert statuses[302] + statuses[410] == CROWD, statuses
        wins[door.sessions() - before, statuses[302]] += 1
    report(f"{ROUNDS} rounds of {CROWD} who post one token: {dict(wins)} (sessions, let in): times")
    assert wins == {(1, 1): ROUNDS}


def all_press(crowd: list[Browser], path: str, token: str) -> Counter[int]:
    start = Barrier(len(crowd))

    def press(browser: Browser) -> int:
        start.wait()
        return browser.ask("POST", path, {"csrfmiddlewaretoken": token})[0]

    with ThreadPoolExecutor(len(crowd)) as threads:
        return Counter(threads.map(press, crowd))
