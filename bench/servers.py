"""Gunicorn as the hub runs it, asked over kept connections, with its workers' CPU time read."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from scripts.with_postgres import free_port

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int

    def get(self, path: str, headers: dict[str, str], times: int) -> tuple[float, float]:
        """CPU and wall seconds a request, of the workers, over so many requests in a row."""
        asked = [Asked("GET", path, headers)] * times
        cpu, wall = self._cpu(), time.perf_counter()
        self._ask(asked)
        wall = time.perf_counter() - wall
        return (self._cpu() - cpu) / times, wall / times

    def ask(self, asked: list[Asked], *, connections: int) -> tuple[float, float]:
        """The same for different requests, over several connections at once."""
        cpu, wall = self._cpu(), time.perf_counter()
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(self._ask, [asked[n::connections] for n in range(connections)]))
        wall = time.perf_counter() - wall
        return (self._cpu() - cpu) / len(asked), wall / len(asked)

    def _ask(self, asked: list[Asked]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for method, path, headers, body in asked:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} answers {answer.status}")
        connection.close()

    def _cpu(self) -> float:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return sum(_cpu_of(int(child)) for child in children.split())


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


@contextmanager
def gunicorn(application: str, environment: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", application],
        env={**os.environ, **environment, "PORT": str(port)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("gunicorn does not answer.")
