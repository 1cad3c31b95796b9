"""A vendor's keys are tried before they are kept, and Stripe is told where to call."""

import re
from pathlib import Path

import pytest
import stripe as sdk

from accounts.models import Vendor
from billing import events
from billing.errors import BillingUnavailable, KeyRefused
from billing.models import StripeAccount
from billing.sandbox.machine import Sandbox
from billing.services.keys import (
    check_keys,
    check_webhook_endpoint,
    ensure_webhook_endpoint,
    use_keys,
)
from tests.billing.plugin import PUBLISHABLE_KEY, SECRET_KEY
from tests.factories import make_stripe_account

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.mark.usefixtures("sandbox")
def test_good_keys_name_their_account() -> None:
    check = check_keys(secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY)
    assert (check.account_name, check.livemode, check.problems) == ("Acme", False, [])


@pytest.mark.usefixtures("sandbox")
def test_a_key_that_stripe_does_not_know_is_refused() -> None:
    with pytest.raises(KeyRefused, match="does not accept this key"):
        check_keys(secret_key="sk_test_", publishable_key=PUBLISHABLE_KEY)


@pytest.mark.usefixtures("sandbox")
def test_keys_of_two_modes_are_a_problem() -> None:
    check = check_keys(secret_key=SECRET_KEY, publishable_key="pk_live_acme_1")
    assert check.problems == ["One of the keys is for test mode, the other for live mode."]


def test_while_stripe_is_down_nothing_is_known(sandbox: Sandbox) -> None:
    sandbox.faults.add("GET /v1/*", "refused", times=50)
    with pytest.raises(BillingUnavailable, match="try again"):
        check_keys(secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY)


@pytest.mark.parametrize(
    ("request_", "permission"),
    [
        ("GET /v1/checkout/sessions", "Checkout Sessions: read"),
        ("GET /v1/tax_rates", "Tax Rates: read"),
        ("GET /v1/credit_notes", "Credit Notes: read"),
        ("DELETE /v1/customers/*/tax_ids/*", "Tax IDs: write"),
        ("DELETE /v1/webhook_endpoints/*", "Webhook Endpoints: write"),
        ("POST /v1/billing_portal/sessions", "Customer portal: write"),
        ("POST /v1/invoices/*/pay", "Invoices: write"),
    ],
)
def test_what_a_restricted_key_may_not_do_is_named(
    sandbox: Sandbox, request_: str, permission: str
) -> None:
    sandbox.faults.add(request_, "403", times=9)
    check = check_keys(secret_key="rk_test_acme_1", publishable_key=PUBLISHABLE_KEY)
    assert check.problems == [f"This key lacks permissions: {permission}."]


def test_asking_for_permissions_changes_nothing(sandbox: Sandbox) -> None:
    """But for the SetupIntent that both keys are shown, which is closed."""
    check_keys(secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY)
    changing = [entry for entry in sandbox.ledger if entry.method != "GET"]
    refused = [entry for entry in changing if entry.status in (400, 404)]
    assert len(refused) > 5
    assert len(changing) == len(refused) + 2
    told = [event["type"] for event in sandbox.events("acct_acme")]
    assert told == ["setup_intent.created", "setup_intent.canceled"]


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("key", ["pk_test_globex_1", "pk_test_acme_revoked", "pk_test_"])
def test_a_publishable_key_of_another_account_does_not_match(key: str) -> None:
    assert check_keys(secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY).keys_match
    assert not check_keys(secret_key=SECRET_KEY, publishable_key=key).keys_match


def test_a_key_that_may_not_take_cards_cannot_tell(sandbox: Sandbox) -> None:
    sandbox.faults.add("POST /v1/setup_intents", "403", times=9)
    assert check_keys(secret_key=SECRET_KEY, publishable_key="pk_test_globex_1").keys_match


def test_the_vendors_page_names_each_permission_and_each_event() -> None:
    page = Path("docs/stripe.md").read_text()
    from billing.gateway.accounts import _needs
    from billing.gateway.client import client_with

    named = set(re.findall(r"(?m)^\| (.+?: (?:read|write)) \|", page))
    permissions = {name for names in named for name in spelled_out(names)}
    assert permissions == set(_needs(client_with(SECRET_KEY)))
    assert [type_ for type_ in events.HANDLERS if type_ not in page.split()] == []


def spelled_out(names: str) -> list[str]:
    """`Products, Prices: read` is two."""
    kinds, level = names.split(": ")
    return [f"{kind}: {level}" for kind in kinds.split(", ")]


def test_the_endpoint_is_made_once_with_what_we_listen_to(
    stripe: sdk.V1Services, acme: Vendor
) -> None:
    ensure_webhook_endpoint(acme)
    [endpoint] = stripe.webhook_endpoints.list().data
    assert endpoint.url == "https://acme.test/billing/webhook/"
    assert endpoint.api_version == "2026-10-28.endive"
    assert set(endpoint.enabled_events) == set(events.HANDLERS)
    assert StripeAccount.objects.get().webhook_secret.startswith("whsec_")


def test_an_endpoint_whose_secret_is_lost_is_replaced(stripe: sdk.V1Services, acme: Vendor) -> None:
    [before] = stripe.webhook_endpoints.list().data
    StripeAccount.objects.update(webhook_secret="")
    ensure_webhook_endpoint(acme)
    [after] = stripe.webhook_endpoints.list().data
    assert before.id != after.id
    assert StripeAccount.objects.get().webhook_secret != ""


def test_an_endpoint_that_no_longer_fits_is_replaced(stripe: sdk.V1Services, acme: Vendor) -> None:
    [before] = stripe.webhook_endpoints.list().data
    stripe.webhook_endpoints.update(before.id, {"enabled_events": ["charge.succeeded"]})
    ensure_webhook_endpoint(acme)
    [after] = stripe.webhook_endpoints.list().data
    assert set(after.enabled_events) == set(events.HANDLERS)


def test_an_endpoint_whose_secret_was_only_typed_in_is_replaced(
    stripe: sdk.V1Services, acme: Vendor
) -> None:
    [before] = stripe.webhook_endpoints.list().data
    use_keys(StripeAccount.objects.get(), webhook_secret="whsec_mistyped")
    [unproven] = check_webhook_endpoint(acme)
    assert "cannot be checked beforehand" in unproven
    ensure_webhook_endpoint(acme)
    [after] = stripe.webhook_endpoints.list().data
    account = StripeAccount.objects.get()
    assert before.id != after.id == account.webhook_endpoint_id
    assert account.webhook_secret not in ("", "whsec_mistyped")
    assert check_webhook_endpoint(acme) == []


def test_another_systems_endpoint_is_left_alone(stripe: sdk.V1Services, acme: Vendor) -> None:
    other = stripe.webhook_endpoints.create(
        {"url": "https://shop.example/hook", "enabled_events": ["*"]}
    )
    StripeAccount.objects.update(webhook_secret="")
    ensure_webhook_endpoint(acme)
    assert other.id in [endpoint.id for endpoint in stripe.webhook_endpoints.list().data]


def test_keys_of_another_account_and_back_leave_no_wrong_secret(
    stripe: sdk.V1Services, acme: Vendor
) -> None:
    def turn_to(name: str) -> StripeAccount:
        account = StripeAccount.objects.get()
        given = {"secret_key": f"sk_test_{name}_1", "publishable_key": f"pk_test_{name}_1"}
        use_keys(account, **given, check=check_keys(**given))
        ensure_webhook_endpoint(acme)
        return StripeAccount.objects.get()

    first = turn_to("acme")
    second = turn_to("other")
    assert second.account_id == "acct_other"
    assert second.webhook_secret != first.webhook_secret
    back = turn_to("acme")
    [endpoint] = stripe.webhook_endpoints.list().data
    assert back.webhook_endpoint_id == endpoint.id
    assert back.webhook_secret not in (first.webhook_secret, second.webhook_secret)


def test_even_a_key_that_may_not_name_its_account_gets_the_right_secret(
    stripe: sdk.V1Services, acme: Vendor
) -> None:
    """The endpoint's id tells whose secret it is."""
    account = StripeAccount.objects.get()
    account.webhook_secret, account.webhook_endpoint_id = "whsec_other", "we_other"
    account.save()
    ensure_webhook_endpoint(acme)
    [endpoint] = stripe.webhook_endpoints.list().data
    account = StripeAccount.objects.get()
    assert account.webhook_endpoint_id == endpoint.id
    assert account.webhook_secret != "whsec_other"


def test_an_endpoint_the_vendor_made_is_checked(stripe: sdk.V1Services, acme: Vendor) -> None:
    assert check_webhook_endpoint(acme) == []
    [made] = stripe.webhook_endpoints.list().data
    stripe.webhook_endpoints.update(
        made.id, {"enabled_events": ["charge.succeeded"], "disabled": True}
    )
    off, lacks = check_webhook_endpoint(acme)
    assert "switched off" in off
    assert "customer.updated" in lacks
    stripe.webhook_endpoints.delete(made.id)
    assert "there is no webhook endpoint" in check_webhook_endpoint(acme)[0]


@pytest.mark.usefixtures("sandbox")
def test_without_a_secret_key_there_is_no_endpoint(acme: Vendor) -> None:
    make_stripe_account(acme, secret_key="")
    with pytest.raises(BillingUnavailable):
        ensure_webhook_endpoint(acme)
