"""PostgreSQL is restarted under load, or is away for longer: hardly anybody notices the one, and in
the other everybody is told when to come back.

FAULTS_RESTART_SECONDS makes it shorter or longer.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from scripts.with_postgres import find_binaries, throwaway_cluster, unprivileged_user
from tests.faults.mix import Mix
from tests.faults.pace import Pace
from tests.faults.running import HOST, Running, running
from tests.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

SECONDS = int(os.environ.get("FAULTS_RESTART_SECONDS", "60"))
RATE = 30
RECOVERED_WITHIN = 5
AWAY = 8


class Cluster:
    """PostgreSQL's, and no other test's."""

    def __init__(self, binaries: Path, owner: str) -> None:
        self.binaries = binaries
        with psycopg.connect(owner) as there:
            row = there.execute("SHOW data_directory").fetchone()
        assert row
        self.folder = Path(row[0])

    def control(self, *what: str) -> float:
        """pg_ctl; returns how long it took."""
        user, began = unprivileged_user(), time.monotonic()
        subprocess.run(
            [self.binaries / "pg_ctl", "-w", "-D", self.folder, "-l", self.folder / "log", *what],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )
        return time.monotonic() - began


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    binaries = find_binaries()
    assert binaries
    with throwaway_cluster(binaries) as urls, pytest.MonkeyPatch.context() as patch:
        for name, url in urls.items():
            patch.setenv(name, url)
        yield Cluster(binaries, urls["DATABASE_OWNER_URL"])


@pytest.fixture(scope="module")
def hub(cluster: Cluster) -> Iterator[Running]:
    with running() as hub:
        yield hub


def test_the_database_is_restarted(
    hub: Running, customers: list[str], cluster: Cluster, report: Report
) -> None:
    pace, mix = Pace(RATE, SECONDS), Mix(hub, customers, "restart")
    began: list[float] = []
    spent: list[float] = []

    def restart() -> None:
        began.append(time.monotonic())
        spent.append(cluster.control("-m", "fast", "restart"))

    restarting = threading.Timer(SECONDS / 2, restart)
    restarting.start()
    pace.keep(mix)
    restarting.join()
    lost = mix.lost(hub, RATE * SECONDS, pace.failed)
    recovered = max((moment - began[0] for moment in pace.failures), default=0)
    waited = hub.wait_until_handled(300)
    report(
        f"PostgreSQL restarted (in {spent[0]:.1f} s) at {pace}, the longest {max(pace.spent):.1f} s"
        f"; {pace.failed} failed, the last {recovered:.1f} s after it began; {lost} events lost, "
        f"all handled {waited:.0f} s after the last"
    )
    assert set(pace.outcomes) <= {200, 503}
    assert pace.failed <= RATE * SECONDS // 100
    assert recovered < RECOVERED_WITHIN
    assert lost == 0


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str | None
    page: str
    seconds: float


def ask(hub: Running) -> Answer:
    began = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)) as connection:
        connection.request("GET", "/", headers={"Host": f"{HOST}:{hub.port}"})
        answer = connection.getresponse()
        page = answer.read().decode()
        spent = time.monotonic() - began
        return Answer(answer.status, answer.headers["Retry-After"], page, spent)


def test_the_database_is_away_for_longer(hub: Running, cluster: Cluster, report: Report) -> None:
    assert ask(hub).status == 200
    cluster.control("-m", "fast", "stop")
    away, told = time.monotonic(), []
    while time.monotonic() - away < AWAY:
        told.append(ask(hub))
        time.sleep(0.1)
    cluster.control("restart")
    back = time.monotonic()
    while ask(hub).status != 200:
        assert time.monotonic() - back < RECOVERED_WITHIN
    recovered = time.monotonic() - back
    longest, at_last = (max(each.seconds for each in some) for some in (told, told[-10:]))
    report(
        f"PostgreSQL away for {AWAY} s: {len(told)} pages told to come back, the first in "
        f"{longest:.1f} s, the last ten in {at_last:.2f} s; answered {recovered:.1f} s after"
    )
    assert {(each.status, each.retry_after) for each in told} == {(503, "120")}
    assert all("We will be back in a few minutes" in each.page for each in told)
    assert at_last < 1
