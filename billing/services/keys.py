"""A vendor's Stripe keys: do they work, and does Stripe tell the hub what happens?"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Vendor
from accounts.models.vendors import origin_of
from billing import events
from billing.errors import KeyRefused
from billing.gateway import accounts as gateway
from billing.gateway.accounts import AccountRecord, EndpointRecord
from billing.gateway.client import API_VERSION, for_a_page
from billing.models import StripeAccount, StripeCustomer


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    account_id: str
    account_name: str
    livemode: bool
    problems: list[str]
    """Sentences for the vendor; the keys can be saved all the same."""
    knows_customers: bool
    """False: those of the hub are another account's, or the other mode's."""
    keys_match: bool
    """False: the publishable key is another account's, so no card form would work."""


def check_keys(*, secret_key: str, publishable_key: str) -> KeyCheck:
    """Ask Stripe whose key it is and what it may do. Raises KeyRefused where it knows none such,
    BillingUnavailable where it cannot be asked."""
    livemode = "_live_" in secret_key
    is_mixed = livemode != ("_live_" in publishable_key)
    try:
        with for_a_page():
            account = gateway.look_at_account(
                secret_key,
                publishable_key="" if is_mixed else publishable_key,
                customer_id=_newest_customer_id(),
            )
    except KeyRefused as error:
        raise KeyRefused(_("Stripe does not accept this key."), code=error.code) from error
    mixed = _("One of the keys is for test mode, the other for live mode.")
    return _check(account, livemode, [mixed] if is_mixed else [])


def check_connected_account(connected_account_id: str) -> KeyCheck:
    """The same for an account that acts through the platform's key."""
    secret_key = settings.STRIPE_PLATFORM_SECRET_KEY
    try:
        with for_a_page():
            account = gateway.look_at_account(
                secret_key,
                connected_account_id=connected_account_id,
                customer_id=_newest_customer_id(),
            )
    except KeyRefused as error:
        sentence = _("This account is not connected to the platform's.")
        raise KeyRefused(sentence, code=error.code) from error
    return _check(account, "_live_" in secret_key, [])


def _newest_customer_id() -> str:
    """Empty: the hub has none yet."""
    ids = StripeCustomer.objects.order_by("-created_at").values_list(
        "stripe_customer_id", flat=True
    )
    return ids.first() or ""


def _check(account: AccountRecord, livemode: bool, problems: list[str]) -> KeyCheck:
    if account.missing_permissions:
        names = ", ".join(account.missing_permissions)
        problems = [_("This key lacks permissions: %(names)s.") % {"names": names}, *problems]
    if not account.can_charge:
        problems = [*problems, _("This account cannot take payments yet.")]
    return KeyCheck(
        account_id=account.account_id,
        account_name=account.name,
        livemode=livemode,
        problems=problems,
        knows_customers=account.knows_customer,
        keys_match=account.knows_publishable_key,
    )


def use_keys(
    account: StripeAccount,
    *,
    secret_key: str = "",
    publishable_key: str = "",
    webhook_secret: str = "",
    check: KeyCheck | None = None,
) -> None:
    """Save what is given. A webhook secret is one endpoint's, in one account and one mode: with
    keys of another it is forgotten."""
    before = (account.account_id, account.livemode)
    account.secret_key = secret_key or account.secret_key
    account.publishable_key = publishable_key or account.publishable_key
    if check is not None:
        account.account_id = check.account_id
        if before != (account.account_id, account.livemode):
            account.webhook_secret, account.webhook_endpoint_id = "", ""
    if webhook_secret:
        account.webhook_secret, account.webhook_endpoint_id = webhook_secret, ""
    account.save()


# --- The webhook endpoint ---


def ensure_webhook_endpoint(vendor: Vendor) -> None:
    """Have one endpoint at Stripe that calls this hub, in our version, with what we listen to.

    Only a new one tells its signing secret, so one that we are not known to hold the secret of is
    replaced, even one that the vendor has made: what was typed in may be wrong.
    """
    account = StripeAccount.objects.get(vendor=vendor)
    present = _endpoints(vendor)
    if any(_secret_is_of(account, one) and not _faults(one) for one in present):
        return
    endpoint_id, secret = gateway.create_webhook_endpoint(
        vendor, url=_url(vendor), event_types=sorted(events.HANDLERS)
    )
    account.webhook_secret, account.webhook_endpoint_id = secret, endpoint_id
    account.save(update_fields=["webhook_secret", "webhook_endpoint_id"])
    for old in present:
        gateway.delete_webhook_endpoint(vendor, old.endpoint_id)


def check_webhook_endpoint(vendor: Vendor) -> list[str]:
    """What is wrong with it, or cannot be known of it; nothing, if Stripe tells us all for sure."""
    account = StripeAccount.objects.get(vendor=vendor)
    present = _endpoints(vendor)
    if not present or not account.webhook_secret:
        return [_("Stripe does not tell this hub what happens: there is no webhook endpoint.")]
    if ours := [one for one in present if _secret_is_of(account, one)]:
        return min((_faults(one) for one in ours), key=len)
    unproven = _(
        "Whether the webhook signing secret is right cannot be checked beforehand: it is if"
        " Stripe's next event is listed under Stripe events. If none comes, have the hub make the"
        " endpoint."
    )
    return [*min((_faults(one) for one in present), key=len), unproven]


def _url(vendor: Vendor) -> str:
    """At the subdomain: Stripe must find it whatever becomes of the vendor's own domain."""
    path = reverse("billing:stripe_webhook", urlconf=settings.ROOT_URLCONF)
    return f"{origin_of(vendor.subdomain_host)}{path}"


def _endpoints(vendor: Vendor) -> list[EndpointRecord]:
    return [one for one in gateway.webhook_endpoints(vendor) if one.url == _url(vendor)]


def _secret_is_of(account: StripeAccount, endpoint: EndpointRecord) -> bool:
    """For sure: of one that the vendor has made, the secret was only typed in."""
    return bool(account.webhook_secret) and account.webhook_endpoint_id == endpoint.endpoint_id


def _faults(endpoint: EndpointRecord) -> list[str]:
    wanted = frozenset(events.HANDLERS)
    found = []
    if not endpoint.is_enabled:
        found.append(_("The webhook endpoint is switched off."))
    if endpoint.api_version != API_VERSION:
        sentence = _("The webhook endpoint must have the API version %(version)s.")
        found.append(sentence % {"version": API_VERSION})
    sent = wanted if "*" in endpoint.event_types else endpoint.event_types
    if missing := wanted - sent:
        names = ", ".join(sorted(missing))
        found.append(_("The webhook endpoint lacks these events: %(names)s.") % {"names": names})
    elif endpoint.event_types != wanted:
        found.append(_("The webhook endpoint has events that the hub does not listen to."))
    return found
