"""Paying what is open: Stripe's open invoices, and the attempts to have them paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import id_of, moment, request_id_of


class Standing(Enum):
    """How far an invoice's payment is."""

    PAID = auto()
    ON_ITS_WAY = auto()
    """The bank has been asked, and answers in days: a direct debit."""
    WAITS_FOR_OWNER = auto()
    """The bank asks the card's owner first (3-D Secure)."""
    OPEN = auto()


ASKS_OWNER = "authentication_required"


@dataclass(frozen=True, kw_only=True)
class OpenInvoiceRecord:
    invoice_id: str
    currency: str
    remaining_minor: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class PaymentRecord:
    """`client_secret`: with which the browser confirms it. The codes: why the last try failed."""

    subscription_id: str
    standing: Standing
    client_secret: str
    failure_code: str
    decline_code: str
    request_id: str

    @property
    def waits_for_owner(self) -> bool:
        """The bank wants their word first, so to try again without them is in vain."""
        is_asked = self.standing == Standing.WAITS_FOR_OWNER
        return is_asked or ASKS_OWNER in (self.failure_code, self.decline_code)


def open_invoices(vendor: Vendor, subscription_id: str) -> list[OpenInvoiceRecord]:
    """Oldest first."""
    with asking():
        found = client_for(vendor).invoices.list(
            {"subscription": subscription_id, "status": "open", "limit": 100}
        )
        records = [_open_invoice(invoice) for invoice in found.auto_paging_iter()]
    return sorted(records, key=lambda invoice: invoice.created_at)


def pay_invoice(
    vendor: Vendor,
    invoice_id: str,
    *,
    payment_method_id: str,
    key: str,
    owner_is_there: bool = True,
) -> Standing:
    """While its owner is there: raises CardNotConfirmed where the bank wants to ask them."""
    with asking():
        invoice = client_for(vendor).invoices.pay(
            invoice_id,
            {"payment_method": payment_method_id, "off_session": not owner_is_there},
            {"idempotency_key": key},
        )
        return Standing.PAID if invoice.status == "paid" else Standing.ON_ITS_WAY


def read_payment(vendor: Vendor, invoice_id: str) -> PaymentRecord:
    """What came of the last try to pay this invoice, wherever it was made."""
    with asking():
        invoice = client_for(vendor).invoices.retrieve(
            invoice_id,
            {"expand": ["confirmation_secret", "payments.data.payment.payment_intent"]},
        )
        return _payment(invoice)


def _open_invoice(invoice: stripe.Invoice) -> OpenInvoiceRecord:
    return OpenInvoiceRecord(
        invoice_id=invoice.id,
        currency=invoice.currency,
        remaining_minor=invoice.amount_remaining,
        created_at=moment(invoice.created),
    )


STANDINGS = {
    "succeeded": Standing.PAID,
    "processing": Standing.ON_ITS_WAY,
    "requires_action": Standing.WAITS_FOR_OWNER,
}


def _payment(invoice: stripe.Invoice) -> PaymentRecord:
    payments = invoice.payments.data if invoice.payments else []
    intents = [
        payment.payment.payment_intent
        for payment in payments
        if isinstance(payment.payment.payment_intent, stripe.PaymentIntent)
    ]
    intent = intents[0] if intents else None
    error = intent.last_payment_error if intent else None
    secret = invoice.confirmation_secret
    details = invoice.parent.subscription_details if invoice.parent else None
    standing = STANDINGS.get(intent.status, Standing.OPEN) if intent else Standing.OPEN
    return PaymentRecord(
        subscription_id=id_of(details.subscription) if details else "",
        standing=Standing.PAID if invoice.status == "paid" else standing,
        client_secret=secret.client_secret if secret else "",
        failure_code=getattr(error, "code", None) or "",
        decline_code=getattr(error, "decline_code", None) or "",
        request_id=request_id_of(error),
    )
