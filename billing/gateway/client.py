"""The line to Stripe: one client per vendor, our timeouts, and its errors in our words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, Final

import requests
import stripe
from django.conf import settings
from django.db import connection

from accounts.models import Vendor
from billing import sentences
from billing.errors import (
    BillingError,
    BillingUnavailable,
    CardDeclined,
    CardNotConfirmed,
    KeyRefused,
    NotSupported,
    PermissionMissing,
    StripeRefused,
    TaxIdNotValid,
)
from billing.gateway import pace, sent
from billing.models import StripeAccount

API_VERSION: Final = "2026-10-28.endive"
CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
RETRIES = 2
PAGE_SECONDS = 10.0
"""How long a customer's page may spend on Stripe in all; a page answers within 12 seconds."""

_give_up_at: ContextVar[float | None] = ContextVar("give_up_at", default=None)


@contextmanager
def for_a_page() -> Iterator[None]:
    """Someone is waiting: all the calls made within share PAGE_SECONDS."""
    token = _give_up_at.set(_give_up_at.get() or time.monotonic() + PAGE_SECONDS)
    try:
        yield
    finally:
        _give_up_at.reset(token)


class TimedSession(requests.Session):
    """Never waits longer than our timeouts, or than the page has left."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        give_up_at = _give_up_at.get()
        left = READ_SECONDS if give_up_at is None else give_up_at - time.monotonic()
        if left <= 0:
            raise requests.exceptions.ConnectTimeout("The page has no time left for Stripe.")
        kwargs["timeout"] = (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
        return super().request(*args, **kwargs)


@cache
def http_client() -> stripe.HTTPClient:
    """Kept for the life of the process, so that connections are used again."""
    return stripe.RequestsClient(session=TimedSession())


def client_for(vendor: Vendor) -> stripe.V1Services:
    """With its own keys, or as the account it has connected to the platform's."""
    account = _account_of(vendor)
    return client_with(account.key, connected_account_id=account.connected_account_id)


def _account_of(vendor: Vendor) -> StripeAccount:
    account = StripeAccount.objects.filter(vendor=vendor).first()
    if account is None or not account.key:
        raise BillingUnavailable(sentences.UNAVAILABLE, detail="No Stripe key is set.")
    return account


@contextmanager
def unhurried(vendor: Vendor) -> Iterator[None]:
    """Nobody is waiting: the calls made within keep to Stripe's rate limits."""
    account = _account_of(vendor)
    whose = account.connected_account_id or account.key
    with pace.kept_to(pace.pace_of(whose, livemode=account.livemode)):
        yield


def client_with(secret_key: str, *, connected_account_id: str = "") -> stripe.V1Services:
    return _client(secret_key, connected_account_id, settings.STRIPE_API_BASE, http_client()).v1


@lru_cache(maxsize=200)
def _client(
    secret_key: str, connected_account_id: str, api_base: str, http: stripe.HTTPClient
) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        stripe_account=connected_account_id or None,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base},
        max_network_retries=RETRIES,
        http_client=pace.PacedHTTPClient(sent.NotingHTTPClient(http)),
    )


@contextmanager
def asking() -> Iterator[None]:
    """Around every conversation: no database transaction is open, and Stripe's errors are ours."""
    _refuse_inside_a_transaction()
    try:
        yield
    except stripe.StripeError as error:
        raise in_our_words(error) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        detail = f"Stripe's answer has a shape we do not know: {error}"
        raise NotSupported(sentences.UNAVAILABLE, detail=detail) from error


def _refuse_inside_a_transaction() -> None:
    """A call may take seconds and cannot be rolled back. (A test's own wrapping does not count.)"""
    blocks: list[Any] = connection.atomic_blocks
    if not all(block._from_testcase for block in blocks):
        raise RuntimeError("Stripe is never asked inside a database transaction.")


def in_our_words(error: stripe.StripeError) -> BillingError:
    code = code_of(error) or _missing_permission(error)
    decline_code = getattr(error.error, "decline_code", None) or ""
    kind = _kind(error, code)
    ours = kind(
        sentences.sentence_for(kind, code, decline_code),
        code=code,
        decline_code=decline_code,
        request_id=error.request_id or "",
        detail=error.user_message or type(error).__name__,
    )
    if isinstance(ours, BillingUnavailable):
        ours.outcome_unknown = isinstance(
            error, stripe.APIError | stripe.APIConnectionError | stripe.IdempotencyError
        )
    if isinstance(ours, StripeRefused):
        ours.is_missing = code == "resource_missing"
    return ours


def code_of(error: stripe.StripeError) -> str:
    """Of some kinds of error the SDK keeps the code only in what Stripe sent."""
    return error.code or getattr(error.error, "code", None) or ""


NOT_CONFIRMED = frozenset(
    {
        "authentication_required",
        "invoice_payment_intent_requires_action",
        "payment_intent_authentication_failure",
        "setup_intent_authentication_failure",
        "setup_intent_setup_attempt_expired",
        "setup_intent_unexpected_state",
    }
)


NOT_CONNECTED = "account_invalid"
"""The platform's key may not, or no longer, act for the connected account."""


def _missing_permission(error: stripe.StripeError) -> str:
    """`rak_subscription_write`: Stripe names it in its message only."""
    found = re.search(r"\brak_\w+", error.user_message or "")
    return found[0] if found and isinstance(error, stripe.PermissionError) else ""


def _kind(error: stripe.StripeError, code: str) -> type[BillingError]:
    if code in NOT_CONFIRMED:
        return CardNotConfirmed
    if code == NOT_CONNECTED:
        return KeyRefused
    by_code = {"tax_id_invalid": TaxIdNotValid, "lock_timeout": BillingUnavailable}
    by_error: list[tuple[type[stripe.StripeError], type[BillingError]]] = [
        (stripe.CardError, CardDeclined),
        (stripe.AuthenticationError, KeyRefused),
        (stripe.PermissionError, PermissionMissing),
        (stripe.InvalidRequestError, by_code.get(code, StripeRefused)),
    ]
    kinds = (ours for theirs, ours in by_error if isinstance(error, theirs))
    return next(kinds, BillingUnavailable)
