"""Nobody learns at the door who is a customer: not from words, headers, cookies, work or time."""

import re
import time
from math import erf, sqrt
from random import Random
from statistics import median
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import MagicLink
from accounts.tenancy import vendor_scope
from tests.clients import HubClient

LATER = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
KNOWN, UNKNOWN, ANOTHER_VENDORS = "alice@example.com", "nobby@example.com", "carol@example.com"


def ask_as_a_stranger(host: str, address: str) -> tuple[Any, ...]:
    """All that a stranger could measure: answers, headers, cookies, and the work behind them."""
    client = HubClient(host)
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        asked = client.post("/sign-in/", {"email": address})
        sent = client.get("/sign-in/sent/")
        guessed = client.post("/sign-in/code/", {"code": "123456"})
    seen: list[Any] = []
    for answer in (asked, sent, guessed):
        cookies = {
            name: {key: value for key, value in cookie.items() if key != "expires"}
            for name, cookie in answer.cookies.items()
        }
        html = without_secrets(answer.text, address)
        headers = {**answer.headers, "Expires": "now", "X-Request-Id": "random"}
        seen.append((answer.status_code, headers, cookies, html))
    return (*seen, [re.sub(r"\d+", "0", query["sql"])[:40] for query in queries])


def without_secrets(html: str, address: str) -> str:
    """Without the address itself and the CSRF token, which differ for everyone."""
    lines = html.replace(address, "ADDRESS").splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)


@pytest.mark.parametrize("stranger", [UNKNOWN, ANOTHER_VENDORS])
def test_known_unknown_and_another_vendors_addresses_look_the_same(
    settings, alice, carol, stranger
):
    settings.TASKS = LATER

    assert ask_as_a_stranger("acme.test", "alice@example.com") == ask_as_a_stranger(
        "acme.test", stranger
    )


@pytest.mark.parametrize("stranger", [UNKNOWN, ANOTHER_VENDORS])
def test_they_look_the_same_once_the_mails_are_sent(alice, carol, stranger):
    """The tasks have run: only their own queries, which no stranger sees, may differ."""
    known = ask_as_a_stranger("acme.test", "alice@example.com")
    unknown = ask_as_a_stranger("acme.test", stranger)

    assert known[:3] == unknown[:3]
    assert len(mail.outbox) == 1


def test_one_whose_mail_does_not_arrive_looks_the_same(settings, alice, in_acme):
    """Nor does an address that a provider has complained of."""
    settings.TASKS = LATER
    before = ask_as_a_stranger("acme.test", KNOWN)
    alice.addresses.update(trouble="complained", trouble_at="2026-11-03T09:30Z")

    assert ask_as_a_stranger("acme.test", KNOWN) == before


def p_of_mann_whitney(ones: list[float], others: list[float]) -> float:
    """How likely such a difference is by chance: two-sided, by the normal approximation."""
    n, m = len(ones), len(others)
    ranked = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    rank_sum = sum(rank for rank, (_value, group) in enumerate(ranked, 1) if group == 0)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return 1 - erf(abs(z) / sqrt(2))


def test_the_judge_of_timings_can_tell():
    random = Random(4)
    noise = [random.gauss(10, 1) for _ in range(400)]
    same = [random.gauss(10, 1) for _ in range(400)]

    assert p_of_mann_whitney(noise, same) > 0.01
    assert p_of_mann_whitney(noise, [value + 0.3 for value in same]) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("stranger", [UNKNOWN, ANOTHER_VENDORS])
def test_four_hundred_timings_of_each_are_alike(settings, alice, carol, report, stranger):
    """Interleaved, in a new order each time; the work that only a known address makes comes after
    the answer, in another process. Medians are of the processor's time for the request, in which
    the load of other programs is not; the likelihood is of what a stranger's clock shows."""
    settings.TASKS = LATER
    worked: dict[str, list[float]] = {KNOWN: [], stranger: []}
    waited: dict[str, list[float]] = {KNOWN: [], stranger: []}
    random, client = Random(1), HubClient("acme.test")
    for number in range(420):
        for address in random.sample(list(worked), 2):
            with vendor_scope(None):
                MagicLink.objects.all().delete()
            began = time.thread_time(), time.perf_counter()
            client.post("/sign-in/", {"email": address})
            ended = time.thread_time(), time.perf_counter()
            if number >= 20:  # what is cached is cached by then
                worked[address].append((ended[0] - began[0]) * 1000)
                waited[address].append((ended[1] - began[1]) * 1000)

    known, unknown = (median(taken) for taken in worked.values())
    p = p_of_mann_whitney(*waited.values())
    by_the_clock = " and ".join(f"{median(taken):.2f}" for taken in waited.values())
    report(
        f"{len(worked[KNOWN])} timings of a known address against {stranger}: medians"
        f" {known:.2f} and {unknown:.2f} ms ({by_the_clock} by the clock), p = {p:.2f}"
    )
    assert abs(known - unknown) < 2
    assert p > 0.01
