"""A vendor's keys are tried before they are kept, and Stripe is told where to call."""

import pytest
import stripe as sdk

from accounts.models import Vendor
from billing import events
from billing.errors import BillingUnavailable, KeyRefused
from billing.models import StripeAccount
from billing.sandbox.machine import Sandbox
from billing.services.keys import check_keys, ensure_webhook_endpoint
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


def test_what_a_restricted_key_may_not_read_is_named(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.gateway import accounts

    def forbidden() -> None:
        raise sdk.PermissionError("The provided key does not have the required permissions.")

    needs = accounts._needs
    monkeypatch.setattr(accounts, "_needs", lambda c: needs(c) | {"Invoices": forbidden})
    check = check_keys(secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY)
    assert check.problems == ["This key may not read: Invoices."]


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


def test_another_systems_endpoint_is_left_alone(stripe: sdk.V1Services, acme: Vendor) -> None:
    other = stripe.webhook_endpoints.create(
        {"url": "https://shop.example/hook", "enabled_events": ["*"]}
    )
    StripeAccount.objects.update(webhook_secret="")
    ensure_webhook_endpoint(acme)
    assert other.id in [endpoint.id for endpoint in stripe.webhook_endpoints.list().data]


@pytest.mark.usefixtures("sandbox")
def test_without_a_secret_key_there_is_no_endpoint(acme: Vendor) -> None:
    make_stripe_account(acme, secret_key="")
    with pytest.raises(BillingUnavailable):
        ensure_webhook_endpoint(acme)
