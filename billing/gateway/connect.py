"""Accounts that vendors make through the platform (Stripe Connect), and Stripe's pages for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from billing.gateway.client import asking, client_with

if TYPE_CHECKING:
    from stripe.params import AccountCreateParams


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What Stripe says of a connected account. `requirements` by Stripe's names for them."""

    details_submitted: bool
    charges_enabled: bool
    requirements: list[str]
    disabled_reason: str


def create_account(*, vendor_name: str, hub_url: str, email: str, key: str) -> str:
    """Its id. The account is the vendor's own, with all of Stripe's dashboard: Stripe collects
    what it must know and bears the losses, and the vendor pays Stripe's fees."""
    params: AccountCreateParams = {
        "controller": {
            "fees": {"payer": "account"},
            "losses": {"payments": "stripe"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "full"},
        },
        "business_profile": {"name": vendor_name},
        "metadata": {"hub": hub_url},
        "email": email,
    }
    with asking():
        client = client_with(settings.STRIPE_PLATFORM_SECRET_KEY)
        return client.accounts.create(params, {"idempotency_key": key}).id


def onboarding_link(account_id: str, *, return_url: str, refresh_url: str) -> str:
    """Stripe's page to fill in, for one visit within minutes."""
    with asking():
        client = client_with(settings.STRIPE_PLATFORM_SECRET_KEY)
        link = client.account_links.create(
            {
                "account": account_id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
                "collection_options": {"fields": "eventually_due"},
            }
        )
        return link.url


def read_account(account_id: str) -> Standing:
    """Raises KeyRefused with the code NOT_CONNECTED where it is no longer the platform's."""
    with asking():
        client = client_with(settings.STRIPE_PLATFORM_SECRET_KEY, connected_account_id=account_id)
        account = client.accounts.retrieve_current()
        wanted = account.requirements
        due = [*(wanted.past_due or []), *(wanted.currently_due or [])] if wanted else []
        return Standing(
            details_submitted=bool(account.details_submitted),
            charges_enabled=bool(account.charges_enabled),
            requirements=list(dict.fromkeys(due)),
            disabled_reason=(wanted.disabled_reason or "") if wanted else "",
        )
