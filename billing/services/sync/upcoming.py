"""What comes next of a subscription: its next charge, or what is still collected at its end."""

from __future__ import annotations

from typing import Any

from accounts.models import Vendor
from billing.gateway.records import SubscriptionRecord
from billing.gateway.upcoming import UpcomingInvoice, upcoming_invoice
from billing.services.sync import terms


def read_upcoming(vendor: Vendor, record: SubscriptionRecord) -> UpcomingInvoice | None:
    """Asked only where something may come."""
    if terms.next_charge_at(record) is None and terms.last_bill_at(record) is None:
        return None
    return upcoming_invoice(vendor, record.subscription_id)


def upcoming_fields(record: SubscriptionRecord, upcoming: UpcomingInvoice | None) -> dict[str, Any]:
    """Only what Stripe says of the same moment; of the next charge, what is computed is the rest.
    What use will come to is not known before it is billed."""
    next_at, last_at = terms.next_charge_at(record), terms.last_bill_at(record)
    fields: dict[str, Any] = {
        "next_is_exact": False,
        "next_pending_minor": 0,
        "next_balance_minor": 0,
        "last_bill_at": None,
        "last_bill_minor": None,
    }
    if upcoming is None:
        return fields
    if upcoming.due_at == next_at and not upcoming.is_by_use:
        fields |= {
            "next_amount_minor": upcoming.amount_minor,
            "next_is_exact": True,
            "next_pending_minor": upcoming.pending_minor,
            "next_balance_minor": upcoming.balance_minor,
        }
    elif upcoming.due_at == last_at and upcoming.amount_minor > 0:
        fields |= {"last_bill_at": last_at, "last_bill_minor": upcoming.amount_minor}
    return fields
