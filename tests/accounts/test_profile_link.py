"""A way in that support sends: to the customer only, and on record."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import set_urlconf
from django.utils.timezone import now

from accounts import throttle
from accounts.errors import AskedTooOften
from accounts.models import AuditEntry, MagicLink
from accounts.services import sign_in
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import code_in, html_of, link_in, newest, token_in
from tests.factories import make_customer


def send(alice, support):
    return sign_in.send_profile_link(alice, by=support, source="transaction ch_000001")


def test_the_customer_gets_a_mail_that_says_who_sent_it(alice, support, in_acme):
    send(alice, support)

    assert newest().to == ["alice@example.com"]
    assert newest().subject == "Acme support sent you a link to your profile"
    assert "https://acme.test/sign-in/" in newest().body
    assert code_in(newest()) in html_of(newest())


def test_the_customer_opens_it_with_the_code_of_the_same_mail(alice, support, at_acme, in_acme):
    send(alice, support)
    link = link_in(newest())

    assert 'name="proof"' in at_acme.get(link).text
    at_acme.post(link)
    assert at_acme.get("/documents/").status_code == 302
    at_acme.post(link, {"proof": code_in(newest())})
    assert at_acme.get("/documents/").status_code == 200


def test_staff_learn_nothing_that_opens_it(alice, support, in_acme):
    assert send(alice, support) is None

    token, code = token_in(newest()), code_in(newest())
    seen = f"{list(AuditEntry.objects.values())} {list(MagicLink.objects.values())}"
    assert token not in seen
    assert code not in seen


def test_who_sent_it_and_from_where_is_on_record(alice, support, in_acme):
    send(alice, support)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.customer, entry.by_user) == ("profile_link_sent", alice, support)
    assert entry.by_customer is False
    assert entry.detail == {"from": "transaction ch_000001"}
    link = MagicLink.objects.get()
    assert (link.requested_by, link.requested_from) == (support, "transaction ch_000001")


def test_it_works_for_staff_of_two_vendors_too(alice, carol, support, acme, globex):
    with vendor_scope([acme, globex]):
        send(alice, support)
        send(carol, support)

        assert {entry.vendor for entry in AuditEntry.objects.all()} == {acme, globex}
    assert "https://globex.test/sign-in/" in newest().body
    assert 'lang="de"' in html_of(newest())


@pytest.fixture
def on_the_platform():
    set_urlconf("config.platform_urls")
    yield
    set_urlconf(None)


@pytest.mark.usefixtures("on_the_platform")
def test_the_link_is_the_vendors_though_it_is_sent_from_the_platform(alice, support, in_acme):
    send(alice, support)

    assert "https://acme.test/sign-in/" in newest().body


def test_it_counts_towards_the_mailbox_limit_and_keeps_to_it(alice, support, in_acme):
    for _ in range(3):
        send(alice, support)
    with pytest.raises(AskedTooOften):
        send(alice, support)

    assert len(mail.outbox) == MagicLink.objects.count() == AuditEntry.objects.count() == 3
    mailbox = throttle.mailbox_hash(alice.email)
    assert not throttle.allows(mailbox=mailbox, client=throttle.client_hash("192.0.2.1"))


def test_the_next_day_there_are_more_and_ten_a_day(alice, support, in_acme):
    for _ in range(5):
        for _ in range(3):
            with suppress(AskedTooOften):
                send(alice, support)
        MagicLink.objects.update(requested_at=now() - timedelta(minutes=16))
    assert len(mail.outbox) == 10

    MagicLink.objects.update(requested_at=now() - timedelta(hours=25))
    send(alice, support)
    assert len(mail.outbox) == 11


def test_what_the_customer_asked_for_counts_with_it(alice, support, at_acme, in_acme):
    for _ in range(3):
        at_acme.post("/sign-in/", {"email": alice.email})

    with pytest.raises(AskedTooOften):
        send(alice, support)


def test_support_may_write_to_many_customers(acme, support, in_acme):
    for number in range(throttle.REQUESTS_AN_HOUR + 1):
        send(make_customer(acme, f"Customer{number}"), support)

    assert len(mail.outbox) == throttle.REQUESTS_AN_HOUR + 1
