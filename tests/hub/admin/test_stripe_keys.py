"""Stripe's keys go in and never come out."""

from typing import Any

import pytest
from bs4 import BeautifulSoup

from accounts.models import AuditEntry, Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeAccount
from billing.sandbox.machine import Sandbox
from tests.billing.plugin import Buyer
from tests.clients import HubClient
from tests.factories import make_stripe_account
from tests.hub.admin.conftest import admin_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

SECRET = "sk_test_acme_averysecretsecret7Qx2"
PUBLISHABLE = "pk_test_acme_published9Zk4"


@pytest.fixture
def url(acme: Vendor) -> str:
    return admin_url("accounts_vendor_stripe", acme.pk)


def account_of(vendor: Vendor) -> StripeAccount | None:
    with vendor_scope(vendor):
        return StripeAccount.objects.first()


def errors(answer: Any) -> str:
    page = BeautifulSoup(answer.content, "html.parser")
    return " ".join(item.get_text() for item in page.select(".errorlist"))


def test_good_keys_are_saved_and_only_their_ends_are_shown(
    as_owner: HubClient, acme: Vendor, url: str
) -> None:
    keys = {"secret_key": SECRET, "publishable_key": PUBLISHABLE, "webhook_secret": "whsec_abcd"}
    answer = as_owner.post(url, keys, follow=True)
    assert "ending in 7Qx2" in answer.content.decode()
    saved = account_of(acme)
    assert saved is not None
    assert (saved.secret_key, saved.webhook_secret) == (SECRET, "whsec_abcd")
    for address in (url, admin_url("accounts_vendor_change", acme.pk)):
        page = as_owner.get(address).content.decode()
        assert "7Qx2" in page
        for secret in (SECRET, "averysecret", "whsec_abcd"):
            assert secret not in page


def test_where_there_are_no_keys_nothing_typed_is_nothing_saved(
    as_owner: HubClient, acme: Vendor, url: str
) -> None:
    answer = as_owner.post(url, {"make_endpoint": "on"}, follow=True)
    assert "Nothing was typed" in errors(answer)
    assert "The keys were saved" not in answer.content.decode()
    assert account_of(acme) is None


def test_a_refused_form_does_not_echo_the_secret(as_owner: HubClient, url: str) -> None:
    answer = as_owner.post(url, {"secret_key": SECRET, "publishable_key": "nonsense"})
    assert "begins with pk_" in errors(answer)
    assert SECRET not in answer.content.decode()


def test_a_key_that_stripe_does_not_know_is_refused_at_its_field(
    as_owner: HubClient, acme: Vendor, url: str
) -> None:
    keys = {"secret_key": "sk_test_acme_revoked", "publishable_key": PUBLISHABLE}
    page = BeautifulSoup(as_owner.post(url, keys).content, "html.parser")
    assert page.select_one(".field-secret_key .errorlist")
    assert account_of(acme) is None


def test_a_publishable_key_of_another_account_is_refused_at_its_field(
    as_owner: HubClient, acme: Vendor, url: str
) -> None:
    make_stripe_account(acme, secret_key=SECRET, publishable_key=PUBLISHABLE)
    answer = as_owner.post(url, {"publishable_key": "pk_test_globex_demo"})
    page = BeautifulSoup(answer.content, "html.parser")
    [error] = page.select(".field-publishable_key .errorlist")
    assert "does not belong to the Stripe account of the secret key" in error.get_text()
    saved = account_of(acme)
    assert saved is not None
    assert saved.publishable_key == PUBLISHABLE


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"secret_key": "whatever", "publishable_key": PUBLISHABLE}, "begins with sk_ or rk_"),
        ({"secret_key": SECRET}, "begins with pk_"),
        ({"secret_key": SECRET, "publishable_key": "pk_live_x"}, "the other for live mode"),
    ],
)
def test_keys_that_cannot_be_right_are_refused(
    keys: dict[str, str], reason: str, as_owner: HubClient, acme: Vendor, url: str
) -> None:
    assert reason in errors(as_owner.post(url, keys))
    assert account_of(acme) is None


def test_what_is_left_empty_stays(as_owner: HubClient, acme: Vendor, url: str) -> None:
    make_stripe_account(acme, secret_key=SECRET, publishable_key=PUBLISHABLE)
    as_owner.post(url, {"webhook_secret": "whsec_new"})
    saved = account_of(acme)
    assert saved is not None
    assert (saved.secret_key, saved.webhook_secret) == (SECRET, "whsec_new")


def test_keys_can_be_forgotten(as_owner: HubClient, acme: Vendor, url: str) -> None:
    make_stripe_account(acme, secret_key=SECRET)
    as_owner.post(url, {"clear": "on"})
    saved = account_of(acme)
    assert saved is not None
    assert (saved.secret_key, saved.publishable_key, saved.webhook_secret) == ("", "", "")


def test_the_webhook_endpoint_is_made_when_asked_for(
    as_owner: HubClient, acme: Vendor, url: str
) -> None:
    keys = {"secret_key": SECRET, "publishable_key": PUBLISHABLE, "make_endpoint": "on"}
    page = as_owner.post(url, keys, follow=True).content.decode()
    assert "Stripe now tells this hub what happens." in page
    saved = account_of(acme)
    assert saved is not None
    assert saved.webhook_secret.startswith("whsec_")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"webhook_secret": "nonsense"}, "looks like whsec_"),
        ({"webhook_secret": "whsec_"}, "looks like whsec_"),
        ({"webhook_secret": "whsec_typed", "make_endpoint": "on"}, "a secret of its own"),
    ],
)
def test_a_webhook_secret_that_cannot_be_right_is_refused(
    given: dict[str, str], reason: str, as_owner: HubClient, acme: Vendor, url: str
) -> None:
    make_stripe_account(acme, secret_key=SECRET, publishable_key=PUBLISHABLE)
    assert reason in errors(as_owner.post(url, given))
    saved = account_of(acme)
    assert saved is not None
    assert saved.webhook_secret == "whsec_acme"


def test_a_webhook_secret_typed_in_is_not_said_to_work_until_the_hub_makes_the_endpoint(
    as_owner: HubClient, url: str, buy: Buyer
) -> None:
    typed = as_owner.post(url, {"webhook_secret": "whsec_mistyped"}, follow=True).content.decode()
    assert "Stripe now tells this hub what happens." not in typed
    assert "cannot be checked beforehand" in typed
    repaired = as_owner.post(url, {"make_endpoint": "on"}, follow=True).content.decode()
    assert "Stripe now tells this hub what happens." in repaired
    buy.subscription()


def test_the_audit_log_says_who_changed_them_but_not_what_they_are(
    as_owner: HubClient, acme: Vendor, url: str
) -> None:
    as_owner.post(url, {"secret_key": SECRET, "publishable_key": PUBLISHABLE})
    with vendor_scope(acme):
        entry = AuditEntry.objects.get(action="stripe_keys_changed")
    assert entry.by_user is not None
    assert "averysecret" not in f"{entry.subject}{entry.detail}"


def test_keys_of_another_account_are_asked_about(
    as_owner: HubClient, acme: Vendor, url: str, alice: Customer
) -> None:
    """All its customers would be strangers there. Alice's Stripe customer is nobody's here."""
    keys = {"secret_key": SECRET, "publishable_key": PUBLISHABLE}
    assert "another Stripe account" in errors(as_owner.post(url, keys))
    assert account_of(acme) is None
    as_owner.post(url, keys | {"other_account": "on"})
    saved = account_of(acme)
    assert saved is not None
    assert saved.secret_key == SECRET


def test_the_question_is_not_asked_beforehand(as_owner: HubClient, url: str) -> None:
    assert "other_account" not in as_owner.get(url).content.decode()


def test_keys_of_the_same_account_are_not_asked_about(
    as_owner: HubClient, acme: Vendor, url: str, buy: Buyer
) -> None:
    buy.subscription()
    as_owner.post(url, {"secret_key": SECRET, "publishable_key": PUBLISHABLE})
    saved = account_of(acme)
    assert saved is not None
    assert saved.secret_key == SECRET


def test_a_key_that_may_not_read_customers_cannot_tell(
    as_owner: HubClient, acme: Vendor, url: str, alice: Customer, sandbox: Sandbox
) -> None:
    sandbox.faults.add("GET /v1/customers/*", "403", times=9)
    as_owner.post(url, {"secret_key": SECRET, "publishable_key": PUBLISHABLE})
    assert account_of(acme) is not None
