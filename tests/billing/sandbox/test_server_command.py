"""`manage.py stripe_sandbox`: when it starts, when it refuses, and how it leaves."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing.sandbox.worlds import OverHTTP
from hub.demo.calendar import Days
from scripts.run_demo import Demo

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "manage.py", "stripe_sandbox"]


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    running = []

    def run(*arguments, **environment):
        running.append(
            subprocess.Popen(
                [*COMMAND, *arguments, "--state", str(tmp_path / "new" / "sandbox.sqlite3")],
                cwd=ROOT,
                env=os.environ
                | {"DJANGO_SETTINGS_MODULE": "config.settings", "STRIPE_SANDBOX": "1"}
                | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


def test_the_demos_story_can_begin_months_ago(start, free_port, tmp_path):
    """With the demo's own environment: what the stand-in makes at its start is no history yet."""
    url = f"http://localhost:{free_port}"
    demo = Demo(port=8000, sandbox_url=url, database_url=None, folder=tmp_path)
    start("--port", str(free_port), **demo.environment()).stdout.readline()
    sandbox = OverHTTP(url)

    assert sandbox.begin(Days(datetime.now(UTC)).first)

    sandbox.client("sk_test_acme_1").v1.customers.create({"name": "Alice"})
    assert not sandbox.begin(Days(datetime.now(UTC)).first)


def test_it_serves_until_it_is_asked_to_leave_and_leaves_cleanly(start, free_port):
    process = start("--port", str(free_port))
    assert process.stdout.readline() == (
        f"The Stripe sandbox listens at http://localhost:{free_port}.\n"
    )
    with socket.create_connection(("127.0.0.1", free_port)):
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(5)

    assert time.monotonic() - asked < 3
    assert process.returncode == 0
    assert process.stderr.read() == ""


def test_requests_are_logged_only_when_asked(start, free_port):
    process = start("--port", str(free_port), "--verbose")
    process.stdout.readline()
    with socket.create_connection(("127.0.0.1", free_port)) as line:
        line.sendall(b"GET /sandbox/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        line.recv(100)
    process.send_signal(signal.SIGINT)
    process.wait(5)

    assert process.returncode == 0
    assert process.stderr.read().startswith("GET /sandbox/clock 200 ")


def test_it_refuses_to_start_in_production(start, free_port):
    process = start("--port", str(free_port), STRIPE_SANDBOX="0")
    process.wait(20)

    assert process.returncode == 1
    assert "set STRIPE_SANDBOX=1" in process.stderr.read()


def test_a_taken_port_is_one_clear_sentence(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        process.wait(20)

    assert process.returncode == 1
    assert process.stderr.read() == (
        f"CommandError: Port {port} is taken: stop what listens there,"
        " or choose another with --port.\n"
    )


def test_it_never_listens_to_the_world(start, free_port):
    process = start("--port", str(free_port), "--host", "0.0.0.0")
    process.wait(20)

    assert process.returncode == 1
    assert "this machine only" in process.stderr.read()
