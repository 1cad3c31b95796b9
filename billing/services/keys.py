"""A vendor's Stripe keys: do they work, and does Stripe tell the hub what happens?"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.http import hub_url
from accounts.models import Vendor
from billing import events
from billing.errors import KeyRefused
from billing.gateway import accounts as gateway
from billing.gateway.client import API_VERSION, for_a_page
from billing.models import StripeAccount


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    account_name: str
    livemode: bool
    problems: list[str]
    """Sentences for the vendor; the keys can be saved all the same."""


def check_keys(*, secret_key: str, publishable_key: str) -> KeyCheck:
    """Ask Stripe whose key it is and what it may do. Raises KeyRefused where it knows none such,
    BillingUnavailable where it cannot be asked."""
    try:
        with for_a_page():
            account = gateway.look_at_account(secret_key)
    except KeyRefused as error:
        raise KeyRefused(_("Stripe does not accept this key."), code=error.code) from error
    livemode = "_live_" in secret_key
    problems = [
        _("This key may not read: %(names)s.") % {"names": ", ".join(account.unreadable)}
        if account.unreadable
        else "",
        "" if account.can_charge else _("This account cannot take payments yet."),
        ""
        if livemode == ("_live_" in publishable_key)
        else _("One of the keys is for test mode, the other for live mode."),
    ]
    return KeyCheck(
        account_name=account.name,
        livemode=livemode,
        problems=[problem for problem in problems if problem],
    )


def ensure_webhook_endpoint(vendor: Vendor) -> None:
    """Have one endpoint at Stripe that calls this hub, in our version, with what we listen to.

    Only a new one tells its signing secret, so where ours is not known the old one is replaced.
    """
    account = StripeAccount.objects.get(vendor=vendor)
    url, wanted = hub_url(vendor, "billing:stripe_webhook"), frozenset(events.HANDLERS)
    present = [one for one in gateway.webhook_endpoints(vendor) if one.url == url]
    fits = [
        one
        for one in present
        if one.is_enabled and one.api_version == API_VERSION and one.event_types == wanted
    ]
    if account.webhook_secret and fits:
        return
    secret = gateway.create_webhook_endpoint(vendor, url=url, event_types=sorted(wanted))
    account.webhook_secret = secret
    account.save(update_fields=["webhook_secret"])
    for old in present:
        gateway.delete_webhook_endpoint(vendor, old.endpoint_id)
