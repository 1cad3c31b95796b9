"""Stripe's own pages for a customer."""

from __future__ import annotations

from accounts.models import Vendor
from billing.gateway.client import asking, client_for


def update_link(vendor: Vendor, customer_id: str, *, return_url: str, key: str) -> str:
    """Where Stripe takes a new card. The link lasts minutes, which is short for a mail: after that
    Stripe lets its customer in by their address."""
    with asking():
        session = client_for(vendor).billing_portal.sessions.create(
            {
                "customer": customer_id,
                "return_url": return_url,
                "flow_data": {"type": "payment_method_update"},
                "after_expiration": {"type": "customer_login"},
            },
            {"idempotency_key": key},
        )
        return session.url


def page(vendor: Vendor, customer_id: str, *, return_url: str, key: str) -> str:
    """Where Stripe shows a customer all that it lets them do."""
    with asking():
        session = client_for(vendor).billing_portal.sessions.create(
            {"customer": customer_id, "return_url": return_url}, {"idempotency_key": key}
        )
        return session.url
