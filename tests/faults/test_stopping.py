"""Web server and worker are told to stop in the middle of their work: whatever they took on, they
finish, or it is taken up again.

FAULTS_STOP_SECONDS makes it shorter or longer.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.faults.mix import Mix
from tests.faults.pace import REFUSED, Pace
from tests.faults.running import GUNICORN, Running
from tests.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

SECONDS = int(os.environ.get("FAULTS_STOP_SECONDS", "60"))
RATE = 50
OUT_WITHIN = 30
AS_SYSTEMD_DOES = 'exec 3<&0; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" </dev/null'


def stop(hub: Running, name: str) -> float:
    """How long it took to be out, told as systemd and Docker tell it."""
    process, began = hub.stack.processes.running[name], time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(2 * OUT_WITHIN)
    return time.monotonic() - began


def meanwhile(pace: Pace, ask: Callable[[int], int], act: Callable[[], float]) -> float:
    """What `act` said, in the middle of it."""
    said: list[float] = []
    acting = threading.Timer(pace.seconds / 2, lambda: said.append(act()))
    acting.start()
    pace.keep(ask)
    acting.join()
    return said[0]


def start_at(hub: Running, listening: socket.socket) -> None:
    """Handed a socket that listens already, and goes on doing so when nobody is there."""
    processes = hub.stack.processes
    with processes.log("web").open("ab") as output:
        processes.running["web"] = subprocess.Popen(
            ["/bin/sh", "-c", AS_SYSTEMD_DOES, "sh", sys.executable, *GUNICORN],
            cwd=processes.folder,
            env=processes.environment,
            stdin=listening,
            stdout=output,
            stderr=output,
            process_group=0,
        )


def test_the_web_server_is_stopped_and_started(
    hub: Running, customers: list[str], report: Report
) -> None:
    """Whoever has got through is answered; from then until the next one listens, all others are
    refused at once."""
    pace, mix = Pace(RATE, SECONDS), Mix(hub, customers, "stop")

    def restart() -> float:
        spent = stop(hub, "web")
        hub.start("web")
        return spent

    spent = meanwhile(pace, mix, restart)
    lost = mix.lost(hub, RATE * SECONDS, pace.failed)
    report(f"SIGTERM at {pace}; out in {spent:.1f} s, {lost} events lost")
    assert set(pace.outcomes) <= {200, REFUSED}
    assert lost == 0
    assert spent < OUT_WITHIN


def test_the_web_server_is_restarted_behind_systemds_socket(
    hub: Running, customers: list[str], report: Report
) -> None:
    """While nobody is there the socket keeps whoever comes."""
    pace, mix = Pace(RATE, SECONDS), Mix(hub, customers, "socket")
    stop(hub, "web")
    with socket.create_server(("127.0.0.1", hub.port), backlog=2048) as listening:
        start_at(hub, listening)

        def restart() -> float:
            spent = stop(hub, "web")
            start_at(hub, listening)
            return spent

        spent = meanwhile(pace, mix, restart)
        stop(hub, "web")
    hub.start("web")
    lost = mix.lost(hub, RATE * SECONDS, pace.failed)
    report(f"restarted at {pace}; out in {spent:.1f} s, {lost} events lost")
    assert (pace.outcomes, lost) == ({200: RATE * SECONDS}, 0)
    assert spent < OUT_WITHIN


def test_the_worker_is_stopped_and_started(
    hub: Running, customers: list[str], report: Report
) -> None:
    """It finishes the task under way, and leaves the others to the next one."""
    pace, mix = Pace(RATE, SECONDS), Mix(hub, customers, "worker")

    def restart() -> float:
        spent = stop(hub, "worker")
        hub.start("worker")
        return spent

    spent = meanwhile(pace, mix, restart)
    waited = hub.wait_until_handled(900)
    broken_off = hub.count("billing_stripeevent WHERE attempts > 1")
    lost = mix.lost(hub, RATE * SECONDS, pace.failed)
    report(
        f"worker stopped at {pace}; out in {spent:.1f} s, {lost} events lost, {broken_off} tasks "
        f"broken off, all handled {waited:.0f} s after the last"
    )
    assert (pace.outcomes, lost, broken_off) == ({200: RATE * SECONDS}, 0, 0)
    assert spent < OUT_WITHIN
