"""Stripe's error answers, as exceptions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing.sandbox.accounts import Account

LOG = "https://dashboard.stripe.com/test/logs/{}"

# What Stripe's sentences call a thing, where that is not its object name.
WORDS = {
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "subscription_item": "subscription item",
    "subscription_schedule": "subscription schedule",
    "tax_rate": "tax rate",
    "tax_id": "tax ID",
    "invoiceitem": "invoice item",
    "webhook_endpoint": "webhook endpoint",
    "credit_note": "credit note",
}


def logged(account: "Account") -> dict[str, str]:
    """What an error that is kept with an object says of the request it came of."""
    key = account.cause.request_id
    return {"request_log_url": LOG.format(key)} if key else {}


class ApiError(Exception):
    """One error answer. `keeps`: what it did before it failed stays, as a failed charge."""

    def __init__(
        self, status: int, kind: str, message: str, *, keeps: bool = False, **details: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps = keeps
        self.details = {"message": message, "type": kind}
        self.details |= {name: value for name, value in details.items() if value is not None}
        if code := self.details.get("code"):
            page = str(code).replace("_", "-")
            self.details["doc_url"] = f"https://stripe.com/docs/error-codes/{page}"

    def with_details(self, **details: Any) -> "ApiError":
        self.details |= details
        return self

    def body(self, request_id: str) -> dict[str, Any]:
        log = LOG.format(request_id)
        return {"error": self.details | {"request_log_url": log}}


class ShapeError(AssertionError):
    """The sandbox was about to answer in a shape that is not Stripe's: a bug of the sandbox."""


def invalid(
    message: str, param: str | None = None, code: str | None = None, *, status: int = 400
) -> ApiError:
    return ApiError(status, "invalid_request_error", message, param=param, code=code)


def no_such(kind: str, key: str, param: str = "id") -> ApiError:
    """404 for the object a path names, 400 for one that a parameter names."""
    word = WORDS.get(kind, kind.replace(".", " "))
    status = 404 if param == "id" else 400
    return invalid(f"No such {word}: '{key}'", param, "resource_missing", status=status)


def missing(param: str) -> ApiError:
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def unknown(params: Iterable[str]) -> ApiError:
    names = list(params)
    what = "parameter" if len(names) == 1 else "parameters"
    message = f"Received unknown {what}: {', '.join(names)}"
    return invalid(message, names[0], "parameter_unknown")


def not_served(params: Iterable[str]) -> ApiError:
    """Stripe knows these parameters, this stand-in does not: better refused than ignored."""
    names = list(params)
    return invalid(f"The sandbox does not serve: {', '.join(names)}.", names[0])


def unauthorised(message: str, code: str | None = None) -> ApiError:
    return ApiError(401, "invalid_request_error", message, code=code)


def forbidden(message: str, code: str | None = None) -> ApiError:
    return ApiError(403, "invalid_request_error", message, code=code)


def idempotency(message: str, *, status: int = 400, code: str | None = None) -> ApiError:
    return ApiError(status, "idempotency_error", message, code=code)


def card(message: str, code: str, decline_code: str | None = None, **details: Any) -> ApiError:
    """A refused card: 402, and the failed attempt stays on the books."""
    return ApiError(
        402, "card_error", message, keeps=True, code=code, decline_code=decline_code, **details
    )
