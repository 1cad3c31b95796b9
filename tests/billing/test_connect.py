"""A vendor whose account is connected to the platform's, in place of keys of its own."""

import json
import logging
from typing import Any

import pytest
import stripe as sdk
from django.db import OperationalError

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.errors import KeyRefused
from billing.models import StripeAccount, StripeCustomer, StripeEvent
from billing.sandbox.machine import Sandbox
from billing.sandbox.transport import InProcessHTTPClient
from billing.services import card_forms, connect, keys
from tests.billing.test_webhook import EVENT, signed
from tests.clients import HubClient
from tests.factories import make_stripe_account

PLATFORM_KEY = "sk_test_platform_1"
CONNECTED = "acct_shop1"
SECRET = "whsec_platform"


@pytest.fixture(autouse=True)
def platform(settings: Any) -> None:
    settings.STRIPE_PLATFORM_SECRET_KEY = PLATFORM_KEY
    settings.STRIPE_PLATFORM_PUBLISHABLE_KEY = "pk_test_platform_1"
    settings.STRIPE_PLATFORM_WEBHOOK_SECRET = SECRET


@pytest.fixture
def shop(sandbox: Sandbox, acme: Vendor) -> sdk.V1Services:
    """Acme's own Stripe, by the platform's key."""
    make_stripe_account(
        acme,
        secret_key="",
        publishable_key="",
        webhook_secret="",
        connected_account_id=CONNECTED,
    )
    line = InProcessHTTPClient(sandbox)
    return sdk.StripeClient(PLATFORM_KEY, stripe_account=CONNECTED, http_client=line).v1


def send(event: Any, host: str = "hub.test", secret: str = SECRET) -> int:
    body = json.dumps(event).encode()
    answer = HubClient(host).post(
        "/billing/webhook/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body, secret=secret)},
    )
    return int(answer.status_code)


def kept() -> list[tuple[str, str]]:
    with vendor_scope(None):
        rows = StripeEvent.objects.values_list("vendor__subdomain", "event_id")
        return list(rows)


def test_its_events_come_to_the_platform_and_are_read_with_the_platforms_key(
    shop: sdk.V1Services, sandbox: Sandbox, acme: Vendor
) -> None:
    customer = shop.customers.create({"email": "alice@example.com"})
    changed = {"object": {"id": customer.id, "object": "customer"}}
    event = EVENT | {"type": "customer.created", "account": CONNECTED, "data": changed}
    assert send(event) == 200
    assert kept() == [("acme", "evt_1")]
    asked = sandbox.ledger[-1]
    assert (asked.account, asked.status) == (CONNECTED, 200)
    with vendor_scope(acme):
        assert StripeCustomer.objects.get().stripe_customer_id == customer.id


@pytest.mark.parametrize(
    "change",
    [{"account": "acct_stranger"}, {"account": CONNECTED, "livemode": True}, {}],
    ids=["an account of nobody here", "the other mode", "the platform's own"],
)
@pytest.mark.usefixtures("shop")
def test_what_is_nobodys_is_answered_and_logged_but_neither_kept_nor_asked_about(
    change: dict[str, Any], sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked = len(sandbox.ledger)
    with caplog.at_level(logging.WARNING, "billing.webhooks"):
        assert send(EVENT | change) == 200
    assert "is not for us" in caplog.text
    assert (kept(), len(sandbox.ledger)) == ([], asked)


@pytest.mark.usefixtures("shop")
def test_a_vendors_host_takes_no_events_of_a_connected_account() -> None:
    event = EVENT | {"account": CONNECTED}
    assert send(event, host="acme.test") == 404
    assert kept() == []


@pytest.mark.usefixtures("shop")
def test_the_platform_takes_only_what_stripe_signed_for_it(settings: Any) -> None:
    event = EVENT | {"account": CONNECTED}
    assert send(event, secret="whsec_acme") == 400
    settings.STRIPE_PLATFORM_WEBHOOK_SECRET = ""
    assert send(event, secret="") == 404
    assert kept() == []


@pytest.mark.usefixtures("shop")
def test_one_vendors_events_never_reach_another(globex: Vendor) -> None:
    make_stripe_account(globex, secret_key="", connected_account_id="acct_globex1")
    send(EVENT | {"account": CONNECTED})
    send(EVENT | {"account": "acct_globex1"})
    assert kept() == [("globex", "evt_1"), ("acme", "evt_1")]


def test_the_card_form_opens_in_the_connected_account(
    shop: sdk.V1Services, acme: Vendor, sandbox: Sandbox
) -> None:
    customer = shop.customers.create({"email": "alice@example.com"})
    product = shop.products.create({"name": "Italian"})
    price = shop.prices.create(
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 1900,
            "recurring": {"interval": "month"},
        }
    )
    method = shop.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    given: Any = {"customer": customer.id, "items": [{"price": price.id}]}
    made = shop.subscriptions.create(given | {"default_payment_method": method.id})
    changed = {"object": {"id": made.id, "object": "subscription"}}
    type_ = "customer.subscription.created"
    send(EVENT | {"type": type_, "account": CONNECTED, "data": changed})
    with vendor_scope(acme):
        person = StripeCustomer.objects.select_related("customer").get().customer
        setup = card_forms.start(person)
    assert (setup.publishable_key, setup.connected_account_id) == ("pk_test_platform_1", CONNECTED)
    assert {entry.account for entry in sandbox.ledger} == {CONNECTED}


@pytest.mark.usefixtures("in_acme")
def test_an_account_is_asked_about_before_it_is_used(sandbox: Sandbox) -> None:
    check = keys.check_connected_account(CONNECTED)
    assert (check.account_id, check.livemode) == (CONNECTED, False)
    other = sdk.StripeClient("sk_test_lonely_1", http_client=InProcessHTTPClient(sandbox)).v1
    other.customers.create({"email": "lonely@example.com"})
    with pytest.raises(KeyRefused, match="not connected"):
        keys.check_connected_account("acct_lonely")


def test_a_connected_account_takes_the_place_of_keys(acme: Vendor) -> None:
    account = make_stripe_account(acme)
    with vendor_scope(acme):
        connect.use_connected_account(account, CONNECTED)
        saved = StripeAccount.objects.get()
    assert (saved.secret_key, saved.webhook_secret, saved.key) == ("", "", PLATFORM_KEY)
    assert not saved.livemode


def test_one_account_is_one_vendors(acme: Vendor, globex: Vendor) -> None:
    from django.db import IntegrityError, transaction

    make_stripe_account(acme, connected_account_id=CONNECTED)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_stripe_account(globex, connected_account_id=CONNECTED)


@pytest.mark.usefixtures("shop")
def test_stripe_is_told_to_come_back_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_args: Any) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("billing.webhooks._keep", away)
    body = json.dumps(EVENT | {"account": CONNECTED}).encode()
    answer = HubClient("hub.test", raise_request_exception=False).post(
        "/billing/webhook/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body, secret=SECRET)},
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
    assert "We will be back in a few minutes" in answer.text
