"""Stripe's charges and refunds: every movement of money, and what was bought with it."""

from __future__ import annotations

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import charged_card, id_of, moment, texts
from billing.gateway.records import ChargeRecord, RefundRecord


def read_charge(vendor: Vendor, charge_id: str) -> ChargeRecord:
    with asking():
        return _record(client_for(vendor).charges.retrieve(charge_id))


def charges_of(vendor: Vendor, customer_id: str) -> list[ChargeRecord]:
    with asking():
        found = client_for(vendor).charges.list({"customer": customer_id, "limit": 100})
        return [_record(charge) for charge in found.auto_paging_iter()]


def charge_of_refund(vendor: Vendor, refund_id: str) -> str:
    with asking():
        return id_of(client_for(vendor).refunds.retrieve(refund_id).charge)


def refunds_of(vendor: Vendor, charge_id: str) -> list[RefundRecord]:
    """Oldest first."""
    with asking():
        found = client_for(vendor).refunds.list({"charge": charge_id, "limit": 100})
        refunds = [_refund(refund) for refund in found.auto_paging_iter()]
    return sorted(refunds, key=lambda refund: (refund.created_at, refund.refund_id))


def bought_in_checkout(vendor: Vendor, payment_intent_id: str) -> str:
    """The names of what a Checkout Session sold for this payment; empty if there was none."""
    with asking():
        found = client_for(vendor).checkout.sessions.list(
            {"payment_intent": payment_intent_id, "expand": ["data.line_items"], "limit": 1}
        )
        for session in found.data:
            if session.line_items is not None:
                return ", ".join(line.description or "" for line in session.line_items.data)
        return ""


def _record(charge: stripe.Charge) -> ChargeRecord:
    return ChargeRecord(
        charge_id=charge.id,
        customer_id=id_of(charge.customer),
        payment_intent_id=id_of(charge.payment_intent),
        status=charge.status if charge.captured else _uncaptured(charge.status),
        refunded_minor=charge.amount_refunded,
        amount_minor=charge.amount_captured if charge.captured else charge.amount,
        currency=charge.currency,
        description=charge.description or "",
        failure_code=_failure(charge),
        card=charged_card(charge.payment_method or "", charge.payment_method_details),
        created_at=moment(charge.created),
        metadata=texts(charge.metadata),
    )


def _uncaptured(status: str) -> str:
    """Held, but not taken: no money has moved yet."""
    return "pending" if status == "succeeded" else status


def _failure(charge: stripe.Charge) -> str:
    """The bank's reason says more than Stripe's code."""
    reason = charge.outcome.reason if charge.outcome else None
    return (charge.failure_code and (reason or charge.failure_code)) or ""


def _refund(refund: stripe.Refund) -> RefundRecord:
    return RefundRecord(
        refund_id=refund.id,
        status=refund.status or "",
        amount_minor=refund.amount,
        created_at=moment(refund.created),
    )
