"""Stripe's SetupIntents: a card is typed in the browser and confirmed by its bank."""

from __future__ import annotations

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import card_of, id_of, request_id_of
from billing.gateway.records import SetupIntentRecord


def create_setup_intent(
    vendor: Vendor, customer_id: str, *, metadata: dict[str, str], key: str
) -> SetupIntentRecord:
    with asking():
        intent = client_for(vendor).setup_intents.create(
            {
                "customer": customer_id,
                "usage": "off_session",
                "allowed_payment_method_types": ["card"],
                "metadata": metadata,
            },
            {"idempotency_key": key},
        )
        return _record(intent)


def read_setup_intent(vendor: Vendor, setup_intent_id: str) -> SetupIntentRecord:
    with asking():
        intents = client_for(vendor).setup_intents
        return _record(intents.retrieve(setup_intent_id, {"expand": ["payment_method"]}))


def close_setup_intent(vendor: Vendor, setup_intent_id: str, *, key: str) -> None:
    """So that no further card can be tried with it."""
    with asking():
        client_for(vendor).setup_intents.cancel(setup_intent_id, {}, {"idempotency_key": key})


def _record(intent: stripe.SetupIntent) -> SetupIntentRecord:
    error = intent.last_setup_error  # it leaves out what does not apply
    return SetupIntentRecord(
        setup_intent_id=intent.id,
        customer_id=id_of(intent.customer),
        status=intent.status,
        client_secret=intent.client_secret or "",
        card=card_of(intent.payment_method),
        failure_code=getattr(error, "code", None) or "",
        decline_code=getattr(error, "decline_code", None) or "",
        request_id=request_id_of(error),
    )
