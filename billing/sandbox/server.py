"""The sandbox over HTTP, on loopback only: one thread for each connection, faults acted out."""

import contextlib
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from billing.sandbox.faults import Response
from billing.sandbox.web import Reply, Request

LONGEST_BODY = 2 * 1024 * 1024
LONGEST_SILENCE = 120
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
DROP_AT_ONCE = struct.pack("ii", 1, 0)

type Answer = Callable[[Request], Reply | Response]


class SandboxServer(ThreadingHTTPServer):
    """Serves `answer` until `shutdown()`; one thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Answer, *, verbose: bool = False) -> None:
        if host not in LOOPBACK:
            raise ValueError("The sandbox listens on this machine only: 127.0.0.1 or localhost.")
        self.answer = answer
        self.verbose = verbose
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.server_port}"

    def server_close(self) -> None:
        self.closing.set()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection. Each answer leaves in one write, or as a fault of the line would have it."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    server_version = "StripeSandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 75

    def serve(self) -> None:
        started = time.perf_counter()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True
            self._write(Reply(status=413))
            return
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )
        answer = self.server.answer(request)
        if isinstance(answer, Response):
            self._act_out(answer)
        else:
            self._write(answer)
        if self.server.verbose:
            spent = round((time.perf_counter() - started) * 1000)
            sys.stderr.write(f"{self.command} {self.path} {answer.status} {spent} ms\n")

    do_GET = do_HEAD = do_POST = do_DELETE = do_OPTIONS = serve  # noqa: N815

    def _act_out(self, response: Response) -> None:
        reply = Reply(
            status=response.status, headers=dict(response.headers), body=response.body.encode()
        )
        match response.fault:
            case "timeout_before" | "timeout_after":
                self._stay_silent()
            case "reset" | "refused":
                linger = (socket.SOL_SOCKET, socket.SO_LINGER, DROP_AT_ONCE)
                self.connection.setsockopt(*linger)
                self.close_connection = True
            case "truncated":
                self.close_connection = True
                self._write(reply, keep=len(reply.body) // 2)
            case "slow":
                self.server.closing.wait(response.delay)
                self._write(reply)
            case _:
                self._write(reply)

    def _stay_silent(self) -> None:
        """Say nothing until the client gives up."""
        self.close_connection = True
        until = time.monotonic() + LONGEST_SILENCE
        while time.monotonic() < until and not self.server.closing.is_set():
            if select.select([self.connection], [], [], 0.2)[0]:
                return

    def _write(self, reply: Reply, *, keep: int | None = None) -> None:
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines.append(f"Content-Length: {len(reply.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" else reply.body[:keep]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(head + body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The base class's log of its own; ours is in `serve`."""
