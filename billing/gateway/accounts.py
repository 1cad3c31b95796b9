"""A vendor's own Stripe account: what a key may do, and where its events are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import stripe

from accounts.models import Vendor
from billing.gateway.client import (
    API_VERSION,
    NOT_CONNECTED,
    asking,
    client_for,
    client_with,
    code_of,
)


@dataclass(frozen=True, kw_only=True)
class AccountRecord:
    """`account_id` and `name` are empty where the key may not read them."""

    account_id: str
    name: str
    can_charge: bool
    missing_permissions: list[str]
    """What a restricted key may not do though the hub needs it, in Stripe's words."""
    knows_customer: bool
    """False: the customer asked for is another account's, or the other mode's."""
    knows_publishable_key: bool
    """False: it is another account's, or nobody's."""


@dataclass(frozen=True, kw_only=True)
class EndpointRecord:
    endpoint_id: str
    url: str
    api_version: str
    event_types: frozenset[str]
    is_enabled: bool


def look_at_account(
    secret_key: str,
    *,
    publishable_key: str = "",
    connected_account_id: str = "",
    customer_id: str = "",
) -> AccountRecord:
    """Raises KeyRefused where Stripe does not know the key, or the account is not connected."""
    with asking():
        client = client_with(secret_key, connected_account_id=connected_account_id)
        missing = [name for name, ask in _needs(client).items() if not _may(ask)]
        account = _account_of(client)
        profile = account and account.business_profile
        return AccountRecord(
            account_id=account.id if account else "",
            name=(profile and profile.name) or "",
            can_charge=account is None or bool(account.charges_enabled),
            missing_permissions=missing,
            knows_customer=not customer_id or _knows(client, customer_id),
            knows_publishable_key=not publishable_key or _fit(client, client_with(publishable_key)),
        )


def _account_of(client: stripe.V1Services) -> stripe.Account | None:
    """None: the key may not read it."""
    try:
        return client.accounts.retrieve_current()
    except stripe.PermissionError as error:
        _raise_if_not_connected(error)
        return None


def _knows(client: stripe.V1Services, customer_id: str) -> bool:
    """A key that may not read customers cannot tell."""
    try:
        client.customers.retrieve(customer_id)
    except stripe.PermissionError:
        return True
    except stripe.InvalidRequestError as error:
        if code_of(error) != "resource_missing":
            raise
        return False
    return True


def _fit(client: stripe.V1Services, browser: stripe.V1Services) -> bool:
    """Whether the keys of both are one account's: a SetupIntent made with the one is shown to the
    other. It is closed at once. Where none can be made, nobody can tell."""
    try:
        intent = client.setup_intents.create(
            {"usage": "off_session", "allowed_payment_method_types": ["card"]}
        )
    except (stripe.PermissionError, stripe.InvalidRequestError):
        return True
    try:
        browser.setup_intents.retrieve(intent.id, {"client_secret": intent.client_secret or ""})
    except (stripe.AuthenticationError, stripe.InvalidRequestError):
        return False
    finally:
        client.setup_intents.cancel(intent.id)
    return True


NONE = "hub_permission_check"
"""An id that nothing has: Stripe looks at the permission first, then says that there is no such
thing. So even the permission to write is asked for without writing anything."""


def _needs(client: stripe.V1Services) -> dict[str, Callable[[], object]]:
    """Each permission by its name in Stripe's dashboard, and a request that needs it."""
    return {
        "Customers: write": lambda: client.customers.update(NONE),
        "Tax IDs: write": lambda: client.customers.tax_ids.delete(NONE, NONE),
        "PaymentMethods: write": lambda: client.payment_methods.detach(NONE),
        "SetupIntents: write": lambda: client.setup_intents.cancel(NONE),
        "Subscriptions: write": lambda: client.subscriptions.update(NONE),
        "Subscription Schedules: write": lambda: client.subscription_schedules.update(NONE),
        "Invoices: write": lambda: client.invoices.pay(NONE),
        "Customer portal: write": lambda: client.billing_portal.sessions.create({"customer": NONE}),
        "Charges and Refunds: read": lambda: client.charges.list({"limit": 1}),
        "PaymentIntents: read": lambda: client.payment_intents.list({"limit": 1}),
        "Checkout Sessions: read": lambda: client.checkout.sessions.list({"limit": 1}),
        "Credit Notes: read": lambda: client.credit_notes.list({"limit": 1}),
        "Disputes: read": lambda: client.disputes.list({"limit": 1}),
        "Products: read": lambda: client.products.list({"limit": 1}),
        "Prices: read": lambda: client.prices.list({"limit": 1}),
        "Tax Rates: read": lambda: client.tax_rates.list({"limit": 1}),
        "Events: read": lambda: client.events.list({"limit": 1}),
        "Webhook Endpoints: write": lambda: client.webhook_endpoints.delete(NONE),
    }


def _may(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except stripe.PermissionError as error:
        _raise_if_not_connected(error)
        return False
    except stripe.InvalidRequestError:
        return True
    return True


def _raise_if_not_connected(error: stripe.PermissionError) -> None:
    """That is another matter than a permission."""
    if code_of(error) == NOT_CONNECTED:
        raise error


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


def create_webhook_endpoint(vendor: Vendor, *, url: str, event_types: list[str]) -> tuple[str, str]:
    """Its id, and its signing secret, which Stripe tells only now."""
    with asking():
        endpoint = client_for(vendor).webhook_endpoints.create(
            {
                "url": url,
                "api_version": API_VERSION,
                "enabled_events": event_types,  # type: ignore[typeddict-item]  # Stripe lists all
                "description": "Customer Hub",
            }
        )
        return endpoint.id, endpoint.secret or ""


def delete_webhook_endpoint(vendor: Vendor, endpoint_id: str) -> None:
    with asking():
        client_for(vendor).webhook_endpoints.delete(endpoint_id)
