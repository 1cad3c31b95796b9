"""Two workers issue at once, each a process of its own, on the database under test."""

import os
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack

import pytest
from django.db import connection

EACH = 25


@pytest.fixture
def database_url(transactional_db, alice):
    """Where another process finds what this one wrote."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    login = f"{settings['USER']}:{settings['PASSWORD']}".rstrip(":")
    return f"postgres://{login}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


@pytest.fixture
def start(alice, database_url):
    with ExitStack() as at_the_end:

        def start(name):
            arguments = [str(alice.pk), name, str(EACH)]
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.invoices.issue_many", *arguments],
                env={**os.environ, "DATABASE_URL": database_url},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            at_the_end.enter_context(worker)
            at_the_end.callback(worker.kill)
            assert worker.stdout.readline() == "ready\n"
            return worker

        yield start


def test_two_workers_leave_no_gap_and_no_double(start):
    workers = [start("one"), start("two")]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    output = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]

    numbers = defaultdict(set)
    for line in "".join(output).splitlines():
        source, number = line.split("\t")
        numbers[source].add(number)
    assert all(len(told) == 1 for told in numbers.values()), "a payment has one number"
    assert len(numbers) == 3 * EACH
    assert sorted(number for told in numbers.values() for number in told) == [
        f"2026-{number:05}" for number in range(1, 3 * EACH + 1)
    ]
