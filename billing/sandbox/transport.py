"""The real Stripe SDK talking to a sandbox in this process."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from billing.sandbox.machine import Sandbox

SENTENCES = {
    "timeout_before": "Request timed out.",
    "timeout_after": "Request timed out.",
    "reset": "Connection reset by peer.",
    "refused": "Connection refused.",
}


class InProcessHTTPClient(stripe.HTTPClient):
    """`StripeClient("sk_test_acme_1", http_client=InProcessHTTPClient(sandbox))`"""

    name = "sandbox"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        response = self.sandbox.request(
            method.upper(), path, headers=headers or {}, body=post_data or ""
        )
        if sentence := SENTENCES.get(response.fault or ""):
            cause = ConnectionRefusedError() if response.fault == "refused" else None
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                sentence, should_retry=True
            ) from cause
        if response.fault == "slow":
            time.sleep(response.delay)
        return response.body, response.status, _CaseInsensitive(response.headers)

    def close(self) -> None:
        pass


class _CaseInsensitive(dict[str, str]):
    """Header names in the two spellings that the SDK looks for."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.update({name.lower(): value for name, value in headers.items()})
