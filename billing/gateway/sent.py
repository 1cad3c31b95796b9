"""Which changes Stripe may have heard of: when no answer comes, that is what can be known."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
import stripe

NEVER_LEFT = (ConnectionRefusedError, socket.gaierror, requests.exceptions.ConnectTimeout)
ONLY_ASKS = "/invoices/create_preview"
"""A POST that changes nothing."""

_sent: ContextVar[list[str] | None] = ContextVar("sent", default=None)


@contextmanager
def noting_changes() -> Iterator[list[str]]:
    """The URLs of the changes asked for within, but for those that Stripe refused, and those that
    surely never reached it."""
    noted: list[str] = []
    token = _sent.set(noted)
    try:
        yield noted
    finally:
        _sent.reset(token)


class NotingHTTPClient(stripe.HTTPClient):
    name = "noting"

    def __init__(self, line: stripe.HTTPClient) -> None:
        super().__init__()
        self.line = line

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **given: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        try:
            answer = self.line.request(method, url, headers, post_data, **given)
        except stripe.APIConnectionError as error:
            if not _never_left(error):
                _note(method, url)
            raise
        if not 400 <= answer[1] < 500:
            _note(method, url)
        return answer

    def close(self) -> None:
        self.line.close()  # type: ignore[no-untyped-call]


def _note(method: str, url: str) -> None:
    noted = _sent.get()
    if noted is not None and method.lower() != "get" and not url.endswith(ONLY_ASKS):
        noted.append(url)


def _never_left(error: BaseException) -> bool:
    """The SDK wraps what the network said, more than once."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, NEVER_LEFT):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
