"""What one command starts, the same command ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from scripts.processes import Processes, Trouble

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def processes(tmp_path):
    return Processes(folder=tmp_path, logs=tmp_path / "log", environment=os.environ)


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_leaving_stops_what_was_started(processes):
    with processes:
        processes.start("web", SLEEP)
        pid = processes.running["web"].pid
        assert lives(pid)

    assert not lives(pid)


def test_one_that_ends_by_itself_ends_the_others_and_its_last_words_are_told(processes):
    with processes:
        processes.start("worker", SLEEP)
        worker = processes.running["worker"].pid
        processes.start("web", [sys.executable, "-c", "raise SystemExit('no such port')"])
        with pytest.raises(Trouble, match="The web stopped by itself: no such port") as trouble:
            processes.watch()

    assert "log/web.log" in str(trouble.value)
    assert not lives(worker)


def test_a_step_that_fails_is_told_with_its_reason(processes):
    with processes, pytest.raises(Trouble, match="The migration failed: disk full"):
        processes.finish("migration", [sys.executable, "-c", "raise SystemExit('disk full')"])


def test_one_that_will_not_stop_is_killed(processes, monkeypatch):
    monkeypatch.setattr("scripts.processes.GRACE", 0.2)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"

    with processes:
        processes.start("worker", [sys.executable, "-uc", deaf])
        processes.wait_until(lambda: "deaf" in processes.log("worker").read_text(), "It")
        pid = processes.running["worker"].pid

    assert not lives(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(tmp_path, number):
    program = f"""
        import os, signal, sys
        from pathlib import Path
        from scripts.processes import Processes, Stopped

        signal.signal({int(number)}, signal.SIG_DFL)  # also where the tests run under nohup
        folder = Path({str(tmp_path)!r})
        with Processes(folder=folder, logs=folder / "log", environment=os.environ) as processes:
            processes.stop_on_signals()
            processes.start("web", {SLEEP!r})
            print(processes.running["web"].pid, flush=True)
            try:
                processes.watch()
            except Stopped:
                print("stopped")
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())

    parent.send_signal(number)
    said, _ = parent.communicate(timeout=10)

    assert said == "stopped\n"
    assert not lives(child)


def test_it_waits_no_longer_than_its_patience(processes, monkeypatch):
    monkeypatch.setattr("scripts.processes.PATIENCE", 0.2)
    began = time.monotonic()

    with processes, pytest.raises(Trouble, match="The web server does not answer"):
        processes.wait_until(lambda: False, "The web server")

    assert time.monotonic() - began < 5
