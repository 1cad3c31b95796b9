"""Everything an account holds, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import id_of

if TYPE_CHECKING:
    from stripe.params import CustomerListParams, EventListParams

A_PAGE = 100


def customer_ids(vendor: Vendor, *, after: str = "", since: datetime | None = None) -> list[str]:
    """The next page, newest first. Empty: that was all."""
    params: CustomerListParams = {"limit": A_PAGE}
    if after:
        params["starting_after"] = after
    if since is not None:
        params["created"] = {"gte": int(since.timestamp())}
    with asking():
        return [customer.id for customer in client_for(vendor).customers.list(params).data]


def subscription_ids(vendor: Vendor, customer_id: str) -> list[str]:
    """Ended ones too."""
    with asking():
        found = client_for(vendor).subscriptions.list(
            {"customer": customer_id, "status": "all", "limit": A_PAGE}
        )
        return [subscription.id for subscription in found.auto_paging_iter()]


def credits_without_refund(vendor: Vendor, customer_id: str) -> list[str]:
    """The credit notes of paid invoices that no refund, or not a refund alone, tells of."""
    with asking():
        found = client_for(vendor).credit_notes.list({"customer": customer_id, "limit": A_PAGE})
        return [
            note.id
            for note in found.auto_paging_iter()
            if note.post_payment_amount > sum(given.amount_refunded for given in note.refunds)
        ]


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event in Stripe's own record. `customer_id`: whose it is; empty where it is nobody's."""

    event_id: str
    type: str
    customer_id: str


def told(vendor: Vendor, *, since: datetime, after: str = "") -> list[Told]:
    """The next page of what Stripe has told or tried to, newest first. Empty: that was all. Its
    record goes back 30 days."""
    params: EventListParams = {"limit": A_PAGE, "created": {"gte": int(since.timestamp())}}
    if after:
        params["starting_after"] = after
    with asking():
        return [
            Told(event_id=event.id, type=event.type, customer_id=_named(event.data.object))
            for event in client_for(vendor).events.list(params).data
        ]


def _named(changed: Any) -> str:
    if getattr(changed, "object", "") == "customer":
        return str(changed.id)
    return id_of(getattr(changed, "customer", None)) or ""
