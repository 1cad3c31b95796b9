"""From an issued document to the customer's mailbox, once."""

import hashlib
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from threading import Barrier, Thread

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.tasks import default_task_backend
from django.test import override_settings
from django.utils.timezone import now

from accounts import mail
from accounts.models import EmailAddress, SentMail
from accounts.services.delivery import note_arrival
from accounts.tenancy import vendor_scope
from invoices import pdf, services
from invoices.errors import PdfDamaged
from invoices.models import Document, DocumentSettings
from invoices.tasks import deliver_document, sweep_documents
from tests.factories import make_document_settings
from tests.invoices.factories import make_credit_note, make_receipt, read_pdf

LATER = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
EVERY, FIRST, NEVER = DocumentSettings.MailReceipts


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    """What is issued inside is delivered at its end, as after a commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def mail_is_down(monkeypatch):
    def refuse(*args, **kwargs):
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as patch:
        patch.setattr(mail.EmailMultiAlternatives, "send", refuse)
        yield patch


def again(document):
    with vendor_scope(document.vendor):
        return Document.objects.get(pk=document.pk)


def rename(customer, name):
    with vendor_scope(customer.vendor):
        customer.name = name
        customer.save()


def wait_for_the_lease(document):
    with vendor_scope(document.vendor):
        Document.objects.update(next_delivery_at=now() - timedelta(seconds=1))


def test_a_payment_brings_a_mail_with_its_receipt(alice, commit, mailoutbox):
    rename(alice, "Alice Martin")
    with commit():
        receipt = make_receipt(alice, paid_at=now())
    [message] = mailoutbox
    assert message.recipients() == ["alice@example.com"]
    assert message.subject == f"Receipt {receipt.number} from Acme"
    assert "Thank you, Alice. We received €89.00." in message.body
    assert "Paid in full with Visa ending in 4242" in message.body
    assert "Workbook (Printed, 96 pages): €15.00" in message.body
    assert "Total: €89.00 (Includes €13.11 VAT)" in message.body
    assert "manage your billing details and view purchase history" in message.body
    assert "https://acme.test/?email=alice%40example.com" in message.body
    assert again(receipt).sent_at is not None


def test_the_attached_bytes_are_the_stored_ones(alice, commit, mailoutbox):
    with commit():
        receipt = make_receipt(alice, paid_at=now())
    receipt = again(receipt)
    name, content, mimetype = mailoutbox[0].attachments[-1]
    assert (name, mimetype) == (f"{receipt.number}.pdf", "application/pdf")
    with default_storage.open(receipt.pdf.name) as stored:
        assert content == read_pdf(receipt) == stored.read()
    assert hashlib.sha256(content).hexdigest() == receipt.pdf_sha256


def test_the_html_mail_has_the_button_and_escapes_names(alice, commit, mailoutbox):
    rename(alice, "<b>Alice</b>")
    with commit():
        make_receipt(alice, paid_at=now())
    html, _ = mailoutbox[0].alternatives[0]
    assert 'href="https://acme.test/?email=alice%40example.com"' in html
    assert "<b>Alice" not in html
    assert "&lt;b&gt;Alice" in html
    assert "€74.00" in html


def test_a_german_vendor_writes_german(carol, commit, mailoutbox):
    with commit():
        receipt = make_receipt(carol, paid_at=now())
    [message] = mailoutbox
    assert message.subject == f"Zahlungsbeleg {receipt.number} von Globex"
    assert "Vielen Dank, Carol. Wir haben 89,00\xa0€ erhalten." in message.body
    html, _ = message.alternatives[0]
    assert 'lang="de"' in html
    assert "Klicken Sie hier" in html


def test_a_refund_brings_a_mail_that_names_what_it_corrects(alice, commit, mailoutbox):
    with commit():
        receipt = make_receipt(alice, paid_at=now() - timedelta(days=20))
    with commit():
        note = make_credit_note(receipt, 890, refunded_at=now())
    [message] = mailoutbox
    assert message.subject == f"Credit note {note.number} from Acme"
    assert "Alice, you get €8.90 back." in message.body
    assert f"Corrects receipt {receipt.number}" in message.body
    assert message.attachments[-1][0] == f"{note.number}.pdf"


@pytest.mark.parametrize(("setting", "mails"), [(EVERY, 2), (FIRST, 1), (NEVER, 0)])
def test_the_vendor_says_which_receipts_are_mailed(alice, commit, mailoutbox, setting, mails):
    make_document_settings(alice.vendor, mail_receipts=setting)
    with commit():
        make_receipt(alice, paid_at=now(), is_first_payment=True)
        later = make_receipt(alice, paid_at=now(), is_first_payment=False)
    assert len(mailoutbox) == mails
    assert again(later).pdf


def test_an_import_of_old_payments_mails_nobody(alice, commit, mailoutbox):
    with commit():
        receipt = make_receipt(alice, paid_at=now() - timedelta(days=4))
    assert mailoutbox == []
    assert again(receipt).pdf
    assert not again(receipt).mail_wanted


def test_delivering_again_does_nothing(alice, commit, mailoutbox):
    with commit():
        receipt = make_receipt(alice, paid_at=now())
    stored = again(receipt).pdf.name
    deliver_document.enqueue(vendor_id=alice.vendor_id, document_id=str(receipt.pk))
    wait_for_the_lease(receipt)
    deliver_document.enqueue(vendor_id=alice.vendor_id, document_id=str(receipt.pk))
    sweep_documents.enqueue()
    assert len(mailoutbox) == 1
    assert again(receipt).pdf.name == stored


def test_what_another_is_delivering_is_left_to_it(alice, mailoutbox):
    receipt = make_receipt(alice, paid_at=now())
    with vendor_scope(alice.vendor):
        Document.objects.update(next_delivery_at=now() + services.LEASE)
        services.deliver(again(receipt))
    assert mailoutbox == []


def test_a_mail_that_fails_is_tried_again_by_the_sweep(alice, commit, mailoutbox, mail_is_down):
    with commit():
        receipt = make_receipt(alice, paid_at=now())
    stored = again(receipt).pdf_sha256
    assert (bool(stored), again(receipt).sent_at, mailoutbox) == (True, None, [])

    mail_is_down.undo()
    sweep_documents.enqueue()
    assert mailoutbox == [], "not yet: it was tried a moment ago"
    wait_for_the_lease(receipt)
    sweep_documents.enqueue()
    assert len(mailoutbox) == 1
    assert again(receipt).sent_at is not None
    assert again(receipt).pdf_sha256 == stored
    with vendor_scope(alice.vendor):
        assert SentMail.objects.get().message == "receipt"


def test_a_pdf_that_fails_is_tried_again_by_the_sweep(alice, commit, mailoutbox, monkeypatch):
    def fail(*args):
        raise MemoryError

    with monkeypatch.context() as patch, commit():
        patch.setattr(pdf, "render", fail)
        receipt = make_receipt(alice, paid_at=now())
    assert not again(receipt).pdf
    wait_for_the_lease(receipt)
    sweep_documents.enqueue()
    assert again(receipt).pdf
    assert len(mailoutbox) == 1


def test_the_sweep_serves_every_vendor(alice, carol, mailoutbox):
    for customer in (alice, carol):
        make_receipt(customer, paid_at=now())
    assert mailoutbox == []
    sweep_documents.enqueue()
    assert sorted(message.to[0] for message in mailoutbox) == [
        "alice@example.com",
        "carol@example.com",
    ]


def test_the_sweep_works_in_slices_and_lets_others_in(alice, mailoutbox, monkeypatch):
    for _number in range(3):
        make_receipt(alice, paid_at=now())
    monkeypatch.setattr("invoices.tasks.A_SLICE", -1)
    with override_settings(TASKS=LATER):
        sweep_documents.func()
        queue = default_task_backend.results
    assert len(mailoutbox) == 1
    assert [successor.task.name for successor in queue] == ["sweep_documents"]
    assert queue[0].task.priority < deliver_document.priority
    sweep_documents.enqueue()
    assert len(mailoutbox) == 3


def test_a_mail_server_that_lets_us_wait_is_asked_once_a_sweep(alice, monkeypatch, mail_is_down):
    """Each answer takes longer than a slice: its end is no reason to go on with the next mail."""
    for _number in range(3):
        make_receipt(alice, paid_at=now())
    monkeypatch.setattr("invoices.tasks.A_SLICE", -1)
    sweep_documents.enqueue()
    with vendor_scope(alice.vendor):
        assert Document.objects.filter(delivery_attempts=1).count() == 1


def test_one_bad_document_does_not_hold_up_the_others_for_long(alice, carol, mailoutbox):
    bad = make_receipt(alice, paid_at=now())
    good = make_receipt(carol, paid_at=now())
    with vendor_scope(alice.vendor):
        alice.email = "no address"
        alice.save()
    sweep_documents.enqueue()
    sweep_documents.enqueue()
    assert again(bad).sent_at is None
    assert again(good).sent_at is not None
    assert [message.to for message in mailoutbox] == [["carol@example.com"]]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_mail(alice, mailoutbox):
    with override_settings(TASKS=LATER):
        receipt = make_receipt(alice, paid_at=now())
    start = Barrier(4)

    def work():
        try:
            start.wait()
            deliver_document.call(alice.vendor_id, str(receipt.pk))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailoutbox) == 1
    assert again(receipt).sent_at is not None


class TestReadPdf:
    def test_it_is_made_at_once_if_the_worker_has_not_come_round(self, alice):
        receipt = make_receipt(alice)
        content = read_pdf(receipt)
        assert content.startswith(b"%PDF-")
        assert read_pdf(again(receipt)) == content

    def test_two_at_once_go_on_with_the_first_ones_bytes(self, alice):
        receipt = make_receipt(alice)
        late = again(receipt)
        first = read_pdf(receipt)
        folder = receipt.pdf.name.rpartition("/")[0]
        files = default_storage.listdir(folder)[1]
        assert read_pdf(late) == first
        assert default_storage.listdir(folder)[1] == files

    def test_bytes_that_are_no_longer_the_issued_ones_are_refused(self, alice):
        receipt = make_receipt(alice)
        read_pdf(receipt)
        with default_storage.open(receipt.pdf.name, "r+b") as stored:
            stored.write(b"%PDF-9.9")
        with pytest.raises(PdfDamaged, match=receipt.number):
            read_pdf(receipt)


# --- Where mail does not arrive ---


@pytest.fixture
def bounces(alice):
    with vendor_scope(alice.vendor):
        row = alice.addresses.get(address=alice.email)
        row.trouble, row.trouble_at = "bounced", now()
        row.save()
    return row


def sweep_after_the_lease(document):
    wait_for_the_lease(document)
    sweep_documents.enqueue()


def test_one_that_is_held_back_is_not_called_mailed_and_tried_no_further(
    alice, bounces, commit, mailoutbox
):
    with commit():
        receipt = make_receipt(alice, paid_at=now())
    for _minute in range(3):
        sweep_after_the_lease(receipt)

    assert mailoutbox == []
    assert again(receipt).sent_at is None
    assert again(receipt).pdf
    with vendor_scope(alice.vendor):
        assert [mail.held_back for mail in SentMail.objects.all()] == [True]


@pytest.mark.parametrize("mended", ["arrives", "moves"])
def test_it_is_mailed_once_when_mail_arrives_again(alice, bounces, mended, commit, mailoutbox):
    with commit():
        receipt = make_receipt(alice, paid_at=now())
    with vendor_scope(alice.vendor):
        if mended == "arrives":
            note_arrival("Alice@example.com", at=now() + timedelta(minutes=1))
        else:
            EmailAddress(customer=alice, address="new@example.com", verified_at=now()).save()
            alice.email = "new@example.com"
            alice.save()
    for _minute in range(2):
        sweep_after_the_lease(receipt)

    [message] = mailoutbox
    assert message.recipients() == [alice.email]
    assert again(receipt).sent_at is not None
