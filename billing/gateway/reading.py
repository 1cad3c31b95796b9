"""Small steps from Stripe's objects to plain values, shared by the readers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import stripe

from billing import sentences
from billing.errors import NotSupported
from billing.gateway.records import CardRecord, PartyRecord

ACCOUNTS = ("email", "payer_email", "cashtag")
"""What a wallet is known by: Link's, PayPal's and Cash App's."""


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def id_of(reference: Any) -> str:
    """The id behind an expandable field, whether it came expanded, as an id or not at all."""
    return reference if isinstance(reference, str) else getattr(reference, "id", "")


def customer_of(owned: Any) -> str:
    """The customer whose it is. Accounts v2 have none, and the vendor is told."""
    if owned.customer is None:
        account = getattr(owned, "customer_account", None)
        detail = f"{owned.id} belongs to the account {account} (Accounts v2) and has no customer."
        raise NotSupported(sentences.UNAVAILABLE, detail=detail)
    return id_of(owned.customer)


def request_id_of(error: Any) -> str:
    """Of an error that Stripe keeps with an object: it names its request by the page of its log."""
    return (getattr(error, "request_log_url", None) or "").partition("?")[0].rpartition("/")[2]


def texts(metadata: Any) -> dict[str, str]:
    values = {} if metadata is None else metadata.to_dict()
    return {str(key): str(value) for key, value in values.items()}


def card_of(*candidates: Any) -> CardRecord | None:
    """The first of these that came expanded: a payment method, or a card of the old kind."""
    for candidate in candidates:
        if isinstance(candidate, stripe.PaymentMethod):
            details = getattr(candidate, candidate.type, None)
            return _card(candidate.id, candidate.type, details)
        if isinstance(candidate, stripe.Card):
            return _card(candidate.id, candidate.brand.lower(), candidate)
    return None


def charged_card(payment_method_id: str, details: Any) -> CardRecord | None:
    """From a charge's `payment_method_details`."""
    if details is None:
        return None
    return _card(payment_method_id, details.type, getattr(details, details.type, None))


def _card(payment_method_id: str, kind: str, details: Any) -> CardRecord:
    """A means of payment that is no card keeps the name of its kind as its brand."""
    accounts = (getattr(details, name, None) for name in ACCOUNTS)
    return CardRecord(
        payment_method_id=payment_method_id,
        brand=getattr(details, "brand", None) or kind,
        last4=getattr(details, "last4", None) or "",
        account=first_text(*accounts),
        exp_month=getattr(details, "exp_month", None),
        exp_year=getattr(details, "exp_year", None),
    )


def first_text(*candidates: str | None) -> str:
    return next((text for text in candidates if text), "")


def joined(names: Iterable[str]) -> str:
    """Each name once, in order."""
    return ", ".join(dict.fromkeys(name for name in names if name))


ADDRESS = {
    "line1": "line1",
    "line2": "line2",
    "postcode": "postal_code",
    "city": "city",
    "region": "state",
    "country": "country",
}
"""Our words for the parts of an address, and Stripe's."""


def address_of(address: Any) -> dict[str, str]:
    return {ours: getattr(address, stripes, None) or "" for ours, stripes in ADDRESS.items()}


def billed_by(invoice: stripe.Invoice) -> PartyRecord:
    tax_ids = invoice.customer_tax_ids or []
    return PartyRecord(
        email=invoice.customer_email or "",
        name=invoice.customer_name or "",
        phone=invoice.customer_phone or "",
        **address_of(invoice.customer_address),
        tax_id=(tax_ids[0].value if tax_ids else None) or "",
    )
