"""Is this webhook from Stripe, and what does it hint at? Bytes in, plain values out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.utils import timezone

from billing.errors import EventNotValid

TOLERANCE = timedelta(minutes=5)
LONGEST_HEADER = 2000


@dataclass(frozen=True, kw_only=True)
class EventHint:
    """What of an event is believed: that something about an object changed."""

    event_id: str
    type: str
    object_id: str
    livemode: bool
    created_at: datetime
    account: str
    """A connected account's id; empty for the events of the account's own endpoint."""


def read_event(payload: bytes, *, header: str, secret: str) -> EventHint:
    """Raises EventNotValid for whatever is not a fresh, signed event in an event's shape."""
    _verify(payload, header, secret)
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise EventNotValid("The body is not JSON.") from error
    return _hint(event)


def _verify(payload: bytes, header: str, secret: str) -> None:
    """stripe-python's check, which trips over non-ASCII and trusts timestamps from the future."""
    if not header.isascii() or len(header) > LONGEST_HEADER:
        raise EventNotValid("The signature header is not Stripe's.")
    try:
        text = payload.decode()
        stripe.WebhookSignature.verify_header(
            text, header, secret, tolerance=int(TOLERANCE.total_seconds())
        )
        signed_at = int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
    except (ValueError, StopIteration, stripe.SignatureVerificationError) as error:
        raise EventNotValid("The signature does not fit.") from error
    if signed_at > timezone.now().timestamp() + TOLERANCE.total_seconds():
        raise EventNotValid("The signature is from the future.")


def _hint(event: Any) -> EventHint:
    if not isinstance(event, dict) or event.get("object") != "event":
        raise EventNotValid("The body is not an event.")
    data = event.get("data")
    changed = data.get("object") if isinstance(data, dict) else None
    livemode = event.get("livemode")
    if not isinstance(changed, dict) or not isinstance(livemode, bool):
        raise EventNotValid("The event has not the shape of an event.")
    return EventHint(
        event_id=_text(event.get("id"), at_most=64),
        type=_text(event.get("type"), at_most=80),
        object_id=_text(_hinted_at(changed) or "-", at_most=64).removeprefix("-"),
        livemode=livemode,
        created_at=_moment(event.get("created")),
        account=_text(event.get("account") or "-", at_most=64).removeprefix("-"),
    )


def _hinted_at(changed: dict[str, Any]) -> Any:
    """The object itself; of what waits for somebody's next invoice, and may be gone by the time
    it is read, whose it is."""
    return changed.get("customer" if changed.get("object") == "invoiceitem" else "id")


def _text(value: Any, *, at_most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= at_most or not value.isprintable():
        raise EventNotValid("The event has not the shape of an event.")
    return value


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise EventNotValid("The event has not the shape of an event.") from error
