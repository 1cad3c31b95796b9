"""What becomes of a link between the request and the mail, also when things go wrong."""

import hashlib
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils.timezone import now

from accounts import tasks
from accounts.models import MagicLink, SentMail
from accounts.services import links
from invoices.tasks import deliver_document
from tests.accounts.mailbox import code_in, html_of, link_in, newest, token_in
from tests.factories import make_customer

LATER = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
BROKEN = {"default": {"BACKEND": "tests.accounts.mailbox.BrokenBackend"}}


def ask(client, address="alice@example.com"):
    client.post("/sign-in/", {"email": address})


def test_only_hashes_of_token_and_code_are_kept(alice, at_acme, in_acme):
    ask(at_acme)
    token, code = token_in(newest()), code_in(newest())

    link = MagicLink.objects.get()
    assert link.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert link.code_hash not in ("", code)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_magiclink")
        row = str(cursor.fetchall())
    assert token not in row
    assert code not in row


def test_the_page_makes_no_token(settings, alice, at_acme, in_acme):
    settings.TASKS = LATER
    ask(at_acme)

    link = MagicLink.objects.get()
    assert (link.token_hash, link.code_hash, link.expires_at) == (None, "", None)
    assert mail.outbox == []


def test_a_link_works_for_ten_minutes(alice, at_acme, in_acme):
    ask(at_acme)

    left = MagicLink.objects.get().expires_at - now()
    assert timedelta(minutes=9, seconds=50) < left <= timedelta(minutes=10, seconds=1)


def a_minute_passes():
    minute = timedelta(minutes=1, seconds=1)
    MagicLink.objects.update(
        requested_at=F("requested_at") - minute, expires_at=F("expires_at") - minute
    )


def test_an_unknown_address_gets_nothing(at_acme, in_acme):
    ask(at_acme, "nobody@example.com")
    a_minute_passes()
    tasks.sweep_links.call()

    link = MagicLink.objects.get()
    assert link.handled_at is not None
    assert (link.token_hash, link.customer) == (None, None)
    assert mail.outbox == []


def test_who_asks_before_stripe_has_told_of_the_purchase_gets_the_link_a_minute_later(
    at_acme, acme, in_acme
):
    ask(at_acme, "new@example.com")
    make_customer(acme, email="new@example.com")
    tasks.sweep_links.call()
    assert mail.outbox == []

    a_minute_passes()
    tasks.sweep_links.call()
    tasks.sweep_links.call()

    assert len(mail.outbox) == 1
    at_acme.post(link_in(newest()))
    assert at_acme.get("/documents/").status_code == 200


def test_the_mail_leads_to_the_vendors_own_host(alice, at_acme):
    ask(at_acme)

    for text in (newest().body, html_of(newest())):
        assert f"https://acme.test{link_in(newest())}" in text
        assert code_in(newest()) in text


def test_the_mail_says_what_it_is_for(alice, at_acme, in_acme):
    ask(at_acme)

    assert newest().subject == "Your sign-in link for Acme"
    assert "Sent because someone typed this address at acme.test." in newest().body
    sent = SentMail.objects.get()
    assert (sent.message, sent.customer, sent.to) == ("magic_link", alice, "alice@example.com")


def test_a_german_page_is_answered_by_a_german_mail(carol, at_globex):
    ask(at_globex, "carol@example.com")

    assert 'lang="de"' in html_of(newest())


def test_sending_twice_sends_once(alice, at_acme, in_acme):
    ask(at_acme)
    tasks.send_link.call(MagicLink.objects.get().pk)

    assert len(mail.outbox) == 1


def test_a_worker_that_comes_late_finds_it_done(alice, at_acme, in_acme):
    ask(at_acme)
    link = MagicLink.objects.get()
    MagicLink.objects.update(expires_at=Now())
    link.handled_at = None

    links.deliver(link)

    assert len(mail.outbox) == 1


def test_a_link_another_worker_has_just_begun_is_left_to_it(settings, alice, at_acme, in_acme):
    settings.TASKS = LATER
    ask(at_acme)
    MagicLink.objects.update(expires_at=Now() + timedelta(minutes=10))

    links.deliver(MagicLink.objects.get())

    assert mail.outbox == []


def test_a_worker_that_died_over_a_link_does_not_keep_it(settings, alice, at_acme, in_acme):
    settings.TASKS = LATER
    ask(at_acme)
    MagicLink.objects.update(expires_at=Now() + timedelta(minutes=8))

    links.deliver(MagicLink.objects.get())

    at_acme.post(link_in(newest()))
    assert at_acme.get("/documents/").status_code == 200


def test_a_mail_that_fails_leaves_no_token_behind_and_is_tried_again(
    settings, alice, at_acme, in_acme
):
    settings.MAILERS = BROKEN
    ask(at_acme)
    link = MagicLink.objects.get()
    assert (link.token_hash, link.handled_at, link.expires_at) == (None, None, None)
    with pytest.raises(ConnectionRefusedError):
        links.deliver(link)

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    tasks.send_link.call(link.pk)

    at_acme.post(link_in(newest()))
    assert at_acme.get("/documents/").status_code == 200


def test_a_link_whose_row_is_gone_harms_nobody(db):
    tasks.send_link.call(4711)


def test_the_sweep_takes_up_what_was_left(settings, alice, at_acme, in_acme):
    settings.TASKS = LATER
    ask(at_acme)
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}

    tasks.sweep_links.call()
    assert mail.outbox == [], "its own task may still be under way"

    MagicLink.objects.update(requested_at=now() - timedelta(minutes=2))
    tasks.sweep_links.call()
    tasks.sweep_links.call()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("purpose", "age", "mails"),
    [
        ("sign_in", timedelta(minutes=11), 0),
        ("profile", timedelta(minutes=11), 1),
        ("profile", timedelta(hours=25), 0),
    ],
)
def test_a_sign_in_link_comes_in_time_or_not_at_all(alice, in_acme, purpose, age, mails):
    MagicLink.objects.create(purpose=purpose, email=alice.email, customer=alice)
    MagicLink.objects.update(requested_at=now() - age)

    tasks.sweep_links.call()

    assert len(mail.outbox) == mails


def test_what_is_older_than_thirty_days_is_forgotten(alice, carol, at_acme, at_globex, in_acme):
    ask(at_acme)
    ask(at_acme)
    old = MagicLink.objects.latest("pk")
    MagicLink.objects.filter(pk=old.pk).update(requested_at=now() - timedelta(days=31))

    tasks.sweep_links.call()

    assert MagicLink.objects.count() == 1
    assert not MagicLink.objects.filter(pk=old.pk).exists()


def test_who_waits_for_a_link_does_not_wait_for_receipts() -> None:
    assert tasks.send_link.priority > deliver_document.priority
