"""How often one may ask. Beyond the limits nothing happens, and nobody can tell."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils.timezone import now

from accounts import throttle
from accounts.models import MagicLink
from tests.clients import HubClient
from tests.safety.test_asking_limits import SPELLINGS


def ask(client, address="alice@example.com", **headers):
    return client.post("/sign-in/", {"email": address}, headers={"host": "acme.test"} | headers)


def test_every_spelling_of_a_mailbox_counts_as_one():
    assert len({throttle.mailbox_hash(address) for address in SPELLINGS}) == 1
    assert throttle.mailbox_hash("alice@example.org") != throttle.mailbox_hash("alice@example.com")
    assert throttle.mailbox_hash("alicia@example.com") != throttle.mailbox_hash("alice@example.com")


def test_after_fifteen_minutes_there_are_more_and_ten_a_day(alice, acme, in_acme):
    for _ in range(5):
        for _ in range(4):
            ask(HubClient(acme.host))
        MagicLink.objects.update(requested_at=now() - timedelta(minutes=16))

    assert len(mail.outbox) == 10

    MagicLink.objects.update(requested_at=now() - timedelta(hours=25))
    ask(HubClient(acme.host))
    assert len(mail.outbox) == 11


def test_a_client_asks_twenty_times_an_hour(acme, in_acme):
    for number in range(25):
        ask(HubClient(acme.host), f"someone{number}@example.com")
    assert MagicLink.objects.count() == 20

    MagicLink.objects.update(requested_at=now() - timedelta(minutes=61))
    ask(HubClient(acme.host), "another@example.com")
    assert MagicLink.objects.count() == 21


def test_a_limit_reached_at_one_vendor_is_not_anothers(alice, carol, at_acme, at_globex):
    for _ in range(5):
        ask(at_acme)
    at_globex.post("/sign-in/", {"email": "carol@example.com"})

    assert [message.to for message in mail.outbox[-1:]] == [["carol@example.com"]]


RANDOM = {"Expires": "now", "X-Request-Id": "random"}


def test_beyond_the_limit_the_answer_is_the_same(alice, at_acme):
    answers = [ask(at_acme) for _ in range(5)]

    seen = [
        (answer.status_code, answer.content, {**answer.headers, **RANDOM}) for answer in answers
    ]
    assert seen[1:3] == seen[3:]


def test_the_table_names_no_client(alice, at_acme, in_acme):
    ask(at_acme)

    link = MagicLink.objects.get()
    assert "127.0.0.1" not in f"{link.client_hash} {link.mailbox_hash} {link.browser_hash}"
    assert {len(link.client_hash), len(link.mailbox_hash), len(link.browser_hash)} == {64}


def links_to(customer, purpose, number):
    for _ in range(number):
        MagicLink.objects.create(
            purpose=purpose,
            email=customer.email,
            mailbox_hash=throttle.mailbox_hash(customer.email),
            customer=customer,
        )


@pytest.mark.parametrize("purpose", ["profile", "confirm_email", "add_email"])
def test_other_links_to_a_mailbox_count_too(alice, at_acme, in_acme, purpose):
    links_to(alice, purpose, 3)
    ask(at_acme)

    assert mail.outbox == []


def test_notices_of_changes_lock_nobody_out(alice, at_acme, in_acme):
    links_to(alice, "revert_email", 12)
    for _ in range(4):
        ask(at_acme)

    assert [message.to for message in mail.outbox] == [["alice@example.com"]] * 3
