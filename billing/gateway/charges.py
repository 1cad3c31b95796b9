"""Stripe's charges, refunds and disputes: every movement of money."""

from __future__ import annotations

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import charged_card, id_of, moment, moment_or_none, texts
from billing.gateway.records import ChargeRecord, DisputeRecord, RefundRecord


def read_charge(vendor: Vendor, charge_id: str) -> ChargeRecord:
    with asking():
        return _record(client_for(vendor).charges.retrieve(charge_id))


def charges_of(vendor: Vendor, customer_id: str) -> list[ChargeRecord]:
    with asking():
        found = client_for(vendor).charges.list({"customer": customer_id, "limit": 100})
        return [_record(charge) for charge in found.auto_paging_iter()]


def charge_of_refund(vendor: Vendor, refund_id: str) -> str:
    with asking():
        client = client_for(vendor)
        refund = client.refunds.retrieve(refund_id)
        if refund.charge or not refund.payment_intent:
            return id_of(refund.charge)
        intent = client.payment_intents.retrieve(id_of(refund.payment_intent))
        return id_of(intent.latest_charge)


def charge_of_dispute(vendor: Vendor, dispute_id: str) -> str:
    with asking():
        return id_of(client_for(vendor).disputes.retrieve(dispute_id).charge)


def refunds_of(vendor: Vendor, charge: ChargeRecord) -> list[RefundRecord]:
    """Oldest first. Some name no charge, only the payment."""
    paid_by = charge.payment_intent_id
    with asking():
        found = client_for(vendor).refunds.list(
            {"payment_intent": paid_by, "limit": 100}
            if paid_by
            else {"charge": charge.charge_id, "limit": 100}
        )
        refunds = [
            _refund(refund)
            for refund in found.auto_paging_iter()
            if id_of(refund.charge) in ("", charge.charge_id)
        ]
    return sorted(refunds, key=lambda refund: (refund.created_at, refund.refund_id))


def disputes_of(vendor: Vendor, charge_id: str) -> list[DisputeRecord]:
    with asking():
        found = client_for(vendor).disputes.list({"charge": charge_id, "limit": 100})
        return [_dispute(dispute) for dispute in found.auto_paging_iter()]


def _record(charge: stripe.Charge) -> ChargeRecord:
    return ChargeRecord(
        charge_id=charge.id,
        customer_id=id_of(charge.customer),
        payment_intent_id=id_of(charge.payment_intent),
        status=charge.status if charge.captured else _uncaptured(charge.status),
        refunded_minor=charge.amount_refunded,
        is_disputed=charge.disputed,
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
        currency=refund.currency,
        reason=refund.reason or "",
        failure_code=getattr(refund, "failure_reason", None) or "",
        created_at=moment(refund.created),
    )


def _dispute(dispute: stripe.Dispute) -> DisputeRecord:
    """A day to respond by of 0 means that the bank takes no answer."""
    return DisputeRecord(
        dispute_id=dispute.id,
        status=dispute.status,
        amount_minor=dispute.amount,
        currency=dispute.currency,
        reason=dispute.reason,
        respond_by=moment_or_none(dispute.evidence_details.due_by or None),
        created_at=moment(dispute.created),
    )
