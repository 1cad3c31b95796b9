"""Carries the sandbox's events to the webhooks over HTTP, and lets its clock run."""

import http.client
import logging
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from billing.sandbox.machine import Sandbox
from billing.sandbox.outbox import Delivery

TIMEOUT = 10
TICK = 1.0

logger = logging.getLogger("billing.sandbox")


class Post:
    """Posts to webhooks and keeps one connection per host open. For one thread."""

    def __init__(self) -> None:
        self._connections: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def __call__(self, delivery: Delivery) -> int:
        """The status the webhook answered; OSError where it did not."""
        parts = urlsplit(delivery.url)
        key = (parts.scheme, parts.netloc)
        if key in self._connections:
            # A connection kept from before may have been closed meanwhile: then a new one.
            with suppress(ConnectionError, http.client.BadStatusLine):
                return self._send(key, delivery)
        try:
            return self._send(key, delivery)
        except http.client.HTTPException as error:
            raise OSError(f"No HTTP answer: {error!r}") from error

    def _send(self, key: tuple[str, str], delivery: Delivery) -> int:
        connection = self._connections.get(key) or self._connect(*key)
        parts = urlsplit(delivery.url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            headers = {**delivery.headers, "Host": parts.netloc}
            connection.request("POST", target, delivery.payload, headers)
            answer = connection.getresponse()
            answer.read()
        except BaseException:
            self._connections.pop(key, None)
            connection.close()
            raise
        return answer.status

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        parts = urlsplit(f"{scheme}://{netloc}")
        host = parts.hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"  # browsers know that these names are this machine, resolvers do not
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        connection = kind(host, parts.port, timeout=TIMEOUT)
        self._connections[scheme, netloc] = connection
        return connection

    def abort(self) -> None:
        """From another thread: wait for no answer any longer."""
        for connection in list(self._connections.values()):
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


class Stopped(Exception):
    """The rest is delivered when the sandbox runs again."""


class Courier(threading.Thread):
    """Runs beside the server until `stop()`: the clock once a second, the webhooks as they come."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(name="courier", daemon=True)
        self._sandbox = sandbox
        self._post = Post()
        self._awake = threading.Event()
        self._stopping = False

    def wake(self) -> None:
        """There may be something to deliver."""
        self._awake.set()

    def stop(self) -> None:
        self._stopping = True
        self._awake.set()
        self._post.abort()
        self.join(TIMEOUT + TICK)

    def run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            try:
                self._sandbox.tick()
                self._sandbox.deliver_pending(self._send, patient=True)
            except Stopped:
                break
            except Exception:
                logger.exception("The sandbox could not do what was due.")
            self._awake.wait(TICK)
        self._post.close()

    def _send(self, delivery: Delivery) -> int:
        if self._stopping:
            raise Stopped
        return self._post(delivery)
