"""Putting Stripe's values into our rows: what is too long is cut, what is newer is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from billing import sentences
from billing.errors import BillingUnavailable
from billing.gateway.records import CardRecord

READINGS = 20


class SavedMeanwhile(Exception):
    """Another worker has saved the row since we asked Stripe: what we hold may be the older."""


def read_and_save[R, T](read: Callable[[], R], save: Callable[[R, datetime], T]) -> T:
    """`save(record, asked_at)` runs in a transaction; where it finds a newer row, Stripe is asked
    again. So the last word is always Stripe's, whatever the order of the events."""
    for _ in range(READINGS):
        asked_at = timezone.now()
        record = read()
        try:
            with transaction.atomic():
                return save(record, asked_at)
        except SavedMeanwhile:
            continue
    raise BillingUnavailable(sentences.UNAVAILABLE, detail="The row kept changing under us.")


def fill(row: models.Model, **values: Any) -> None:
    """Set these fields, texts at the length that the field takes."""
    for name, value in values.items():
        limit = getattr(row._meta.get_field(name), "max_length", None)
        is_text = isinstance(value, str)
        setattr(row, name, value.replace("\0", "")[:limit] if is_text else value)


def card_fields(card: CardRecord | None) -> dict[str, Any]:
    """The fields of a CardOnFile."""
    return {
        "stripe_payment_method_id": card.payment_method_id if card else "",
        "card_brand": card.brand if card else "",
        "card_last4": card.last4 if card else "",
        "card_account": card.account if card else "",
        "card_exp_month": card.exp_month if card else None,
        "card_exp_year": card.exp_year if card else None,
    }


ORDER_NUMBERS = ("order_number", "order_id", "order", "reference")


def order_number(metadata: dict[str, str]) -> str:
    """The vendor's own number of the purchase, where its shop leaves one in the metadata."""
    return next((metadata[name] for name in ORDER_NUMBERS if metadata.get(name)), "")
