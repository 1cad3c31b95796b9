"""Support sends a customer a way in, and never sees it."""

from typing import Any

import pytest

from accounts.models import AuditEntry, Customer, MagicLink, User, Vendor
from accounts.tenancy import vendor_scope
from tests.clients import HubClient
from tests.factories import make_customer, make_transaction
from tests.hub.admin.conftest import admin_url

pytestmark = pytest.mark.django_db


def send(browser: HubClient, customer: Customer) -> Any:
    transaction = make_transaction(customer, stripe_id="pi_123")
    url = admin_url("billing_transaction_send_profile_link", transaction.pk)
    return browser.post(url, follow=True)


def link_in(mail: Any) -> str:
    return next(word for word in mail.body.split() if "/sign-in/" in word)


def test_the_customer_gets_the_link_and_staff_only_learn_that_it_left(
    as_support: HubClient,
    alice: Customer,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(as_support, alice)
    (mail,) = mailoutbox
    assert mail.to == [alice.email]
    page = answer.content.decode()
    assert f"Profile link sent to {alice.email}" in page
    token = link_in(mail).rstrip("/").rpartition("/")[2]
    assert len(token) > 30
    assert token not in page
    assert token not in str(answer.headers) + str(answer.redirect_chain)


def test_it_is_recorded_who_sent_it_and_from_where(
    as_support: HubClient, support: User, alice: Customer
) -> None:
    send(as_support, alice)
    with vendor_scope(alice.vendor):
        entry = AuditEntry.objects.get(action="profile_link_sent")
        link = MagicLink.objects.get()
        assert (entry.by_user, entry.customer) == (support, alice)
    assert "pi_123" in str(entry.detail)
    assert (link.purpose, link.requested_by) == ("profile", support)


def test_a_past_customer_gets_one_too(
    as_support: HubClient,
    bob: Customer,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        send(as_support, bob)
    assert mailoutbox[0].to == [bob.email]


def test_looking_at_the_question_sends_nothing(
    as_support: HubClient, alice: Customer, mailoutbox: list[Any]
) -> None:
    transaction = make_transaction(alice)
    url = admin_url("billing_transaction_send_profile_link", transaction.pk)
    page = as_support.get(url).content.decode()
    assert alice.email in page
    assert not mailoutbox


def test_a_transaction_of_another_vendor_is_not_found(
    as_support: HubClient, carol: Customer, mailoutbox: list[Any]
) -> None:
    assert send(as_support, carol).status_code == 404
    assert not mailoutbox


def test_without_an_address_there_is_nobody_to_send_it_to(
    as_support: HubClient, acme: Vendor, mailoutbox: list[Any]
) -> None:
    nobody = make_customer(acme, "Nobody", email="")

    page = send(as_support, nobody).content.decode()

    assert "This customer has no e-mail address to send a link to." in page
    with vendor_scope(acme):
        assert not MagicLink.objects.exists()


def test_beyond_the_mailboxs_limit_staff_are_told_that_nothing_was_sent(
    as_support: HubClient,
    alice: Customer,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    transaction = make_transaction(alice)
    url = admin_url("billing_transaction_send_profile_link", transaction.pk)
    with django_capture_on_commit_callbacks(execute=True):
        pages = [as_support.post(url, follow=True).content.decode() for _ in range(4)]

    assert len(mailoutbox) == 3
    assert [f"No link was sent: {alice.email}" in page for page in pages] == [False] * 3 + [True]
    with vendor_scope(alice.vendor):
        assert AuditEntry.objects.filter(action="profile_link_sent").count() == 3
