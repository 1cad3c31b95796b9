"""A vendor's own Stripe account: what a key may do, and where its events are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe

from accounts.models import Vendor
from billing.gateway.client import API_VERSION, asking, client_for, client_with


@dataclass(frozen=True, kw_only=True)
class AccountRecord:
    """`name` is empty where the key may not read it."""

    name: str
    can_charge: bool
    unreadable: list[str]
    """What a restricted key may not read though the hub needs it, in Stripe's words."""


@dataclass(frozen=True, kw_only=True)
class EndpointRecord:
    endpoint_id: str
    url: str
    api_version: str
    event_types: frozenset[str]
    is_enabled: bool


def look_at_account(secret_key: str) -> AccountRecord:
    """Raises BillingUnavailable where Stripe does not know the key."""
    with asking():
        client = client_with(secret_key)
        unreadable = [name for name, read in _needs(client).items() if not _may(read)]
        try:
            account = client.accounts.retrieve_current()
        except stripe.PermissionError:
            return AccountRecord(name="", can_charge=True, unreadable=unreadable)
        profile = account.business_profile
        return AccountRecord(
            name=(profile and profile.name) or "",
            can_charge=bool(account.charges_enabled),
            unreadable=unreadable,
        )


def _needs(client: stripe.V1Services) -> dict[str, Callable[[], Any]]:
    """One look at each kind of thing; whether it may also be written shows only when it is."""
    return {
        "Customers": lambda: client.customers.list({"limit": 1}),
        "Subscriptions": lambda: client.subscriptions.list({"limit": 1}),
        "Subscription Schedules": lambda: client.subscription_schedules.list({"limit": 1}),
        "Invoices": lambda: client.invoices.list({"limit": 1}),
        "Charges and Refunds": lambda: client.charges.list({"limit": 1}),
        "Payment Intents": lambda: client.payment_intents.list({"limit": 1}),
        "Setup Intents": lambda: client.setup_intents.list({"limit": 1}),
        "Products": lambda: client.products.list({"limit": 1}),
        "Prices": lambda: client.prices.list({"limit": 1}),
    }


def _may(read: Callable[[], Any]) -> bool:
    try:
        read()
    except stripe.PermissionError:
        return False
    return True


def webhook_endpoints(vendor: Vendor) -> list[EndpointRecord]:
    with asking():
        found = client_for(vendor).webhook_endpoints.list({"limit": 100})
        return [
            EndpointRecord(
                endpoint_id=endpoint.id,
                url=endpoint.url,
                api_version=endpoint.api_version or "",
                event_types=frozenset(endpoint.enabled_events),
                is_enabled=endpoint.status == "enabled",
            )
            for endpoint in found.auto_paging_iter()
        ]


def create_webhook_endpoint(vendor: Vendor, *, url: str, event_types: list[str]) -> str:
    """Its signing secret, which Stripe tells only now."""
    with asking():
        endpoint = client_for(vendor).webhook_endpoints.create(
            {
                "url": url,
                "api_version": API_VERSION,
                "enabled_events": event_types,  # type: ignore[typeddict-item]  # Stripe lists all
                "description": "Customer Hub",
            }
        )
        return endpoint.secret or ""


def delete_webhook_endpoint(vendor: Vendor, endpoint_id: str) -> None:
    with asking():
        client_for(vendor).webhook_endpoints.delete(endpoint_id)
