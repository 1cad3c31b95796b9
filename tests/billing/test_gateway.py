"""The line to Stripe: our version, our timeouts, the right key, and errors in our words."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe as sdk
from django.db import transaction
from django.utils import translation

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import sentences
from billing.errors import (
    BillingError,
    BillingUnavailable,
    CardDeclined,
    CardNotConfirmed,
    KeyRefused,
    NotSupported,
    PermissionMissing,
    StripeRefused,
)
from billing.gateway import client
from billing.gateway.customers import change_email, read_customer
from billing.gateway.sent import NotingHTTPClient, noting_changes
from billing.models import Action, Failure, StripeAccount
from billing.sandbox.machine import Sandbox
from billing.services import cancellation
from tests.billing.plugin import Buyer, client_of
from tests.factories import make_stripe_account


@pytest.mark.usefixtures("in_acme")
def test_every_request_is_in_our_version_with_the_vendors_key(
    buy: Buyer, sandbox: Sandbox, acme: Vendor
) -> None:
    key = buy.customer_id()
    read_customer(acme, key)
    asked = sandbox.ledger[-1]
    assert (asked.stripe_version, asked.account) == ("2026-10-28.endive", "acct_acme")
    assert sdk.api_version == client.API_VERSION


def test_each_vendor_has_its_own_key(buy: Buyer, sandbox: Sandbox, globex: Vendor) -> None:
    make_stripe_account(globex, secret_key="sk_test_globex_1")
    theirs = client_of(sandbox, "sk_test_globex_1").customers.create({"email": "carol@x.example"})
    with vendor_scope(globex):
        assert read_customer(globex, theirs.id).email == "carol@x.example"
        with pytest.raises(StripeRefused):
            read_customer(globex, buy.customer_id())
    assert sandbox.ledger[-1].account == "acct_globex"


@pytest.mark.usefixtures("in_acme")
def test_a_changed_key_is_used_at_once(buy: Buyer, sandbox: Sandbox, acme: Vendor) -> None:
    key = buy.customer_id()
    read_customer(acme, key)
    account = StripeAccount.objects.get()
    account.secret_key = "sk_live_not_ours"
    account.save()
    with pytest.raises(KeyRefused):
        read_customer(acme, key)


@pytest.mark.usefixtures("in_acme")
def test_without_a_key_billing_is_unavailable(acme: Vendor) -> None:
    with pytest.raises(BillingUnavailable) as error:
        read_customer(acme, "cus_1")
    assert error.value.detail == "No Stripe key is set."


@pytest.mark.usefixtures("in_acme")
def test_stripes_text_is_for_the_vendor_and_ours_for_the_customer(buy: Buyer, acme: Vendor) -> None:
    buy.customer_id()
    with pytest.raises(StripeRefused) as error:
        read_customer(acme, "cus_missing")
    assert "cus_missing" not in str(error.value)
    assert "cus_missing" in error.value.detail
    assert error.value.code == "resource_missing"
    assert error.value.request_id.startswith("req_")
    assert error.value.is_missing


@pytest.mark.usefixtures("in_acme")
def test_no_call_is_made_inside_a_transaction(buy: Buyer, acme: Vendor) -> None:
    key = buy.customer_id()
    with transaction.atomic(), pytest.raises(RuntimeError):
        read_customer(acme, key)


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "reset", "503"])
def test_a_hiccup_is_tried_again_unseen(
    buy: Buyer, sandbox: Sandbox, acme: Vendor, fault: str
) -> None:
    key = buy.customer_id()
    sandbox.faults.add("GET /v1/customers/*", fault, times=2)
    assert read_customer(acme, key).email == "alice@example.com"


def test_a_change_that_found_nobody_listening_was_not_sent() -> None:
    line = sdk.RequestsClient(session=client.TimedSession())
    noting = NotingHTTPClient(line)
    with noting_changes() as sent, pytest.raises(sdk.APIConnectionError):
        noting.request("post", "http://127.0.0.1:1/v1/customers", {}, "")
    assert sent == []


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize(
    ("fault", "count"), [("timeout_before", 3), ("truncated", 1), ("429", 0), ("refused", 0)]
)
def test_what_stripe_may_have_heard_is_noted(
    buy: Buyer, sandbox: Sandbox, acme: Vendor, fault: str, count: int
) -> None:
    key = buy.customer_id()
    path = f"/v1/customers/{key}"
    sandbox.faults.add(f"POST {path}", fault, times=3)
    with noting_changes() as sent, pytest.raises(BillingUnavailable):
        change_email(acme, key, email="new@example.com", key="once")
    assert [url.endswith(path) for url in sent] == [True] * count


# --- Errors in our words ---


def card_error(code: str, decline_code: str = "") -> BillingError:
    body: Any = {"error": {"code": code, "type": "card_error"}}
    if decline_code:
        body["error"]["decline_code"] = decline_code
    error = sdk.CardError("Stripe's own text", None, code, json_body=body)
    return client.in_our_words(error)


@pytest.mark.parametrize(
    ("code", "decline_code", "words"),
    [
        ("card_declined", "generic_decline", "declined this card"),
        ("card_declined", "do_not_honor", "declined this card"),
        ("card_declined", "insufficient_funds", "not enough money"),
        ("card_declined", "expired_card", "expired"),
        ("expired_card", "", "expired"),
        ("incorrect_cvc", "incorrect_cvc", "security code"),
        ("invalid_expiry_year", "", "expiry date"),
        ("processing_error", "processing_error", "in a few minutes"),
        ("card_decline_rate_limit_exceeded", "", "too often"),
        ("payment_method_customer_decline", "", "declined this card"),
        ("payment_method_provider_decline", "", "declined this card"),
        ("payment_method_restricted", "", "of this kind"),
        ("expired_payment_method", "", "expired"),
        ("customer_max_payment_methods", "", "Too many cards"),
        ("a_code_of_tomorrow", "a_reason_of_tomorrow", "declined this card"),
    ],
)
def test_a_declined_card_says_what_to_do_next(code: str, decline_code: str, words: str) -> None:
    error = card_error(code, decline_code)
    assert isinstance(error, CardDeclined)
    assert words in str(error)
    assert (error.code, error.decline_code) == (code, decline_code)


@pytest.mark.parametrize("reason", ["lost_card", "stolen_card", "fraudulent", "merchant_blacklist"])
def test_a_thief_learns_nothing(reason: str) -> None:
    assert str(card_error("card_declined", reason)) == str(card_error("card_declined", ""))


@pytest.mark.parametrize(
    "code",
    [
        "authentication_required",
        "invoice_payment_intent_requires_action",
        "setup_intent_authentication_failure",
        "setup_intent_setup_attempt_expired",
    ],
)
def test_a_bank_that_was_not_answered_is_no_decline(code: str) -> None:
    assert isinstance(card_error(code), CardNotConfirmed)


@pytest.mark.parametrize(
    ("error", "is_unknown"),
    [
        (sdk.APIConnectionError("timeout"), True),
        (sdk.APIError("500", http_status=500), True),
        (sdk.IdempotencyError("in use"), True),
        (sdk.RateLimitError("slow down"), False),
        (sdk.AuthenticationError("no"), False),
    ],
)
def test_only_what_may_have_happened_is_unknown(error: sdk.StripeError, is_unknown: bool) -> None:
    ours = client.in_our_words(error)
    assert isinstance(ours, BillingUnavailable)
    assert ours.outcome_unknown == is_unknown
    assert "try again" in str(ours)


def test_a_missing_permission_is_no_outage_and_the_vendor_hears_which() -> None:
    text = "The provided key does not have the required permissions."
    ours = client.in_our_words(sdk.PermissionError(text))
    assert isinstance(ours, StripeRefused)
    assert "write to us" in str(ours)
    assert ours.detail == text


# What the card form, a payment and a change can be refused with, and what the customer is to do.
EVERY_CODE = {
    "card_declined": "another card",
    "expired_card": "another card",
    "incorrect_cvc": "check",
    "invalid_expiry_month": "check",
    "invalid_expiry_year": "check",
    "authentication_required": "try again",
    "setup_intent_authentication_failure": "try again",
    "setup_attempt_failed": "another card",
    "setup_intent_setup_attempt_expired": "enter the card again",
    "setup_intent_unexpected_state": "reload",
    "payment_method_customer_decline": "another card",
    "payment_method_provider_decline": "another card",
    "payment_method_restricted": "another card",
    "expired_payment_method": "another card",
    "card_decline_rate_limit_exceeded": "another card",
    "customer_max_payment_methods": "write to us",
    "lock_timeout": "try again",
    "idempotency_key_in_use": "try again",
    "rate_limit": "try again",
}


@pytest.mark.parametrize(("code", "what_to_do"), EVERY_CODE.items())
def test_every_code_has_a_sentence_that_says_what_to_do(code: str, what_to_do: str) -> None:
    assert code in sentences.BY_CODE
    assert what_to_do in str(sentences.sentence_for(StripeRefused, code, "")).lower()


def test_sentences_are_said_in_the_customers_language() -> None:
    """A lazy sentence: the error may be raised in a task and read in a page."""
    with translation.override("de"):
        error = card_error("card_declined", "insufficient_funds")
        german = str(error)
    with translation.override("en"):
        assert str(error) == str(sentences.BY_DECLINE_CODE["insufficient_funds"])
    assert german != ""


def test_an_answer_of_an_unknown_shape_is_no_crash() -> None:
    with pytest.raises(NotSupported, match="payment provider"), client.asking():
        raise AttributeError("status")


# --- Patience ---


class Silent(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(5)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def silent_host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("in_acme")
def test_a_silent_stripe_costs_a_page_no_more_than_its_time(
    acme: Vendor, silent_host: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All calls and their retries share it."""
    make_stripe_account(acme)
    settings.STRIPE_API_BASE = silent_host
    monkeypatch.setattr(client, "PAGE_SECONDS", 0.5)
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0)
    client.http_client.cache_clear()
    began = time.monotonic()
    with client.for_a_page():
        for _call in range(2):
            with pytest.raises(BillingUnavailable):
                read_customer(acme, "cus_1")
    assert time.monotonic() - began < 2


def test_connecting_and_reading_have_their_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        requests.Session, "request", lambda *_args, **options: seen.append(options["timeout"])
    )
    session = client.TimedSession()
    session.request("GET", "https://api.stripe.com")
    with client.for_a_page():
        session.request("GET", "https://api.stripe.com", timeout=80)
    assert seen[0] == (3.0, 10.0)
    assert seen[1][0] == 3.0
    assert 9 < seen[1][1] <= 10


def test_a_key_without_a_permission_names_it_to_the_vendor_only(
    buy: Buyer, sandbox: Sandbox, in_acme: Vendor
) -> None:
    row = buy.subscription()
    sandbox.faults.add("POST /v1/subscriptions/*", "403", times=9)
    with pytest.raises(PermissionMissing, match="write to us") as error:
        cancellation.cancel(row)
    assert error.value.code == "rak_subscription_write"
    action = Action.objects.get()
    assert (action.state, action.failure_code) == (Action.State.REFUSED, "rak_subscription_write")
    assert Failure.objects.get().code == "rak_subscription_write"


def test_a_subscription_of_an_account_is_told_to_the_vendor(
    buy: Buyer, sandbox: Sandbox, in_acme: Vendor
) -> None:
    """Accounts v2: there is no customer, only an account."""
    row = buy.subscription()
    sandbox.verify = False  # of which the SDK's types know nothing yet
    account = sandbox._accounts.named("acct_acme")
    found = account.get("subscription", row.stripe_subscription_id)
    account.save(found | {"customer": None, "customer_account": "acct_person"})
    with pytest.raises(NotSupported) as error:
        cancellation.cancel(row)
    assert "acct_person (Accounts v2)" in error.value.detail
    assert Failure.objects.get().detail == error.value.detail
