"""Processes that live and die together: what one command starts, the same command ends."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

TICK = 0.1
PATIENCE = 120
GRACE = 15
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Trouble(Exception):
    """What went wrong, in a sentence for the person at the keyboard."""


class Stopped(Exception):
    """Somebody asked us to stop."""


class Processes:
    """Runs commands until one fails or somebody says stop, and then stops them all.

    Each has a process group of its own, so that Ctrl-C reaches us alone and they end in order.
    """

    def __init__(self, *, folder: Path, logs: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.logs = logs
        self.environment = environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_to_stop = False

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop_on_signals(self) -> None:
        """A signal only raises a flag, which every wait looks at: no child is lost half started."""
        for number in STOP_SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
                signal.signal(number, self._ask_to_stop)

    def start(self, name: str, command: Sequence[str]) -> None:
        """In the background, for good; its output goes to a log."""
        with self.log(name).open("wb") as output:
            self.running[name] = self._open(command, output.fileno())

    def finish(self, name: str, command: Sequence[str], *, shown: bool = False) -> None:
        """To the end, and well: its output goes to a log, or to the terminal if shown."""
        with self.log(name).open("wb") as output:
            process = self._open(command, None if shown else output.fileno())
        self.running[name] = process
        while process.poll() is None:
            self._pause(except_for=name)
        del self.running[name]
        if process.returncode:
            raise Trouble(f"The {name} failed: {'see above.' if shown else self.why(name)}")

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while not ready():
            if time.monotonic() > give_up_at:
                raise Trouble(f"{what} does not answer after {PATIENCE} seconds.")
            self._pause()

    def watch(self) -> None:
        """Until one of them ends by itself, or somebody says stop."""
        while True:
            self._pause()

    def check(self, *, except_for: str | None = None) -> None:
        """Raises Trouble if one of them has ended."""
        for name, process in self.running.items():
            if name != except_for and process.poll() is not None:
                raise Trouble(f"The {name} stopped by itself: {self.why(name)}")

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def why(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"{last} (more in {self.log(name)})"

    def _open(self, command: Sequence[str], output: int | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )

    def _pause(self, *, except_for: str | None = None) -> None:
        time.sleep(TICK)
        if self.asked_to_stop:
            raise Stopped
        self.check(except_for=except_for)

    def _ask_to_stop(self, *_: object) -> None:
        self.asked_to_stop = True
