"""Switches that make the sandbox fail, as Stripe and the network do now and then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from billing.sandbox.errors import ApiError

type Kind = Literal[
    "timeout_before",  # no answer, and nothing happened
    "timeout_after",  # it happened, but no answer came
    "reset",  # the connection broke before anything happened
    "refused",  # nobody listens
    "truncated",  # it happened, and half the answer came
    "slow",  # it happened, and the answer came after `delay` seconds
    "403",  # a restricted key without the permission
    "429",  # not to be tried again, which is how the SDK takes it
    "429_retry",  # to be tried again in a moment, as Stripe's header says
    "500",  # kept under the idempotency key: asking again gives it again
    "503",
    "lock_timeout",
]
KINDS: frozenset[str] = frozenset(get_args(Kind.__value__))

# Faults of the line rather than of Stripe: the request never arrives.
UNHEARD = frozenset({"timeout_before", "reset", "refused"})
HEARD = frozenset({"timeout_after", "truncated", "slow"})

TOO_MANY = ApiError(
    429,
    "invalid_request_error",
    "Request rate limit exceeded. Learn more about rate limits here "
    "https://stripe.com/docs/rate-limits.",
    code="rate_limit",
)
ANSWERS = {
    "403": ApiError(
        403,
        "invalid_request_error",
        "The provided key 'rk_test_****' does not have the required permissions for this endpoint "
        "on account 'acct_acme'. Having the 'rak_subscription_write' permission would allow this "
        "request to continue.",
    ),
    "429": TOO_MANY,
    "429_retry": TOO_MANY,
    "500": ApiError(
        500,
        "api_error",
        "An unknown error occurred. Please contact support if you need assistance.",
    ),
    "503": ApiError(
        503, "api_error", "Sorry, Stripe is temporarily unavailable. Please try again later."
    ),
    "lock_timeout": ApiError(
        409,
        "invalid_request_error",
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it. If you see this error intermittently, retry the request. If "
        "you see this error frequently and are making multiple concurrent requests to a single "
        "object, make your requests serially or at a lower rate.",
        code="lock_timeout",
    ),
}


@dataclass
class Fault:
    pattern: str
    kind: str
    times: int
    delay: float


@dataclass
class Faults:
    """The faults that wait for their request, first come first served."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, method_path_pattern: str, kind: str, times: int = 1, delay: float = 3.0) -> None:
        """`method_path_pattern` such as "POST /v1/invoices/*/pay"; * stands for anything."""
        if kind not in KINDS:
            raise ValueError(f"No such fault: {kind}.")
        self.waiting.append(Fault(method_path_pattern, kind, times, delay))

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self.waiting:
            if fnmatchcase(f"{method} {path}", fault.pattern):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None


@dataclass(frozen=True)
class Response:
    """An answer. `fault` names what the line does to it; `delay` is in seconds."""

    status: int
    headers: Mapping[str, str]
    body: str
    fault: str | None = None
    delay: float = 0.0
