"""Connecting a vendor's Stripe account to the platform's, on Stripe's own pages.

Nothing that comes back from there is believed: the account is read again, and used once Stripe
lets it take payments.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User, Vendor
from accounts.services import audit
from billing.errors import BegunByAnother, KeyRefused
from billing.gateway import connect as gateway
from billing.gateway.client import NOT_CONNECTED, for_a_page
from billing.models import Onboarding, StripeAccount
from billing.services.failures import record_failure


def is_offered() -> bool:
    """Whether the operator has a platform at Stripe."""
    return bool(settings.STRIPE_PLATFORM_SECRET_KEY)


def onboarding_of(vendor: Vendor) -> Onboarding | None:
    return Onboarding.objects.filter(vendor=vendor).select_related("begun_by").first()


def begin(
    vendor: Vendor, *, by: User, return_url: str, refresh_url: str, takes_over: bool = False
) -> str:
    """The address of Stripe's page; empty where nothing is left to fill in. An account is made
    once: who stopped half way goes on there.

    Raises BegunByAnother, unless it is taken over from them.
    """
    row = _begun(vendor, by, takes_over=takes_over)
    with for_a_page():
        if row.account_id:
            known = read_again(vendor)
            if known is not None and known.charges_enabled and not known.requirements:
                return ""
            row = known or _begun(vendor, by, takes_over=True)
        if not row.account_id:
            row.account_id = gateway.create_account(
                vendor_name=vendor.name,
                hub_url=vendor.url("/"),
                email=by.email,
                key=f"{row.pk}:{by.pk}",
            )
            row.save(update_fields=["account_id"])
        return gateway.onboarding_link(
            row.account_id, return_url=return_url, refresh_url=refresh_url
        )


def _begun(vendor: Vendor, by: User, *, takes_over: bool) -> Onboarding:
    """The row, committed before Stripe hears of an account."""
    with transaction.atomic(durable=True):
        row, is_new = Onboarding.objects.select_for_update().get_or_create(
            vendor=vendor, defaults={"begun_by": by}
        )
        if row.begun_by_id not in (None, by.pk) and not takes_over:
            raise BegunByAnother(
                _(
                    "An account is being connected by %(person)s. Ask them to finish,"
                    " or take it over."
                )
                % {"person": row.begun_by}
            )
        if is_new or row.begun_by_id != by.pk:
            row.begun_by = by
            row.save(update_fields=["begun_by"])
            audit.record("stripe_connection_begun", by_user=by, subject=row.account_id)
    return row


def read_again(vendor: Vendor) -> Onboarding | None:
    """What Stripe says now of the account that this vendor connects or has connected. None: there
    is none, or it has been disconnected at Stripe."""
    account = StripeAccount.objects.filter(vendor=vendor).first()
    row = onboarding_of(vendor) or Onboarding(vendor=vendor)
    if account is not None and account.is_connected:
        row.account_id = account.connected_account_id
    if not row.account_id:
        return None
    try:
        standing = gateway.read_account(row.account_id)
    except KeyRefused as error:
        if error.code != NOT_CONNECTED:
            raise
        _let_go(row, account, error)
        return None
    row.details_submitted = standing.details_submitted
    row.charges_enabled = standing.charges_enabled
    row.requirements = standing.requirements
    row.disabled_reason = standing.disabled_reason[:80]
    row.save()
    if row.charges_enabled and row.begun_by is not None:
        _use(row, account or StripeAccount(vendor=vendor), row.begun_by)
    return row


def _use(row: Onboarding, account: StripeAccount, by: User) -> None:
    """From now on the hub acts for it, in place of keys."""
    if account.connected_account_id != row.account_id:
        use_connected_account(account, row.account_id)
        audit.record("stripe_connected", by_user=by, subject=row.account_id)


def use_connected_account(account: StripeAccount, connected_account_id: str) -> None:
    account.forget()
    account.connected_account_id = account.account_id = connected_account_id
    account.save()


def _let_go(row: Onboarding, account: StripeAccount | None, error: KeyRefused) -> None:
    """Its owner has disconnected it at Stripe: no call can be made for it any more."""
    if account is not None and account.is_connected:
        account.forget()
        account.save()
    if not row._state.adding:
        row.delete()
    audit.record("stripe_disconnected", subject=row.account_id)
    record_failure(error, source=f"connection:{row.account_id}", object_id=row.account_id)


def disconnect(vendor: Vendor, *, by: User) -> None:
    """The hub acts for it no more. At Stripe it stays the vendor's account, and may be connected
    again."""
    account = StripeAccount.objects.filter(vendor=vendor).first()
    row = onboarding_of(vendor)
    if account is not None and account.is_connected:
        account.forget()
        account.save()
    if row is not None:
        row.begun_by = None
        row.save(update_fields=["begun_by"])
        audit.record("stripe_disconnected", by_user=by, subject=row.account_id)
