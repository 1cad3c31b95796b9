"""Issuing documents, and bringing them to the customer."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime, now

from accounts.languages import first_supported
from accounts.models import Customer, Vendor
from accounts.services.delivery import trouble_of_customer
from accounts.tenancy import vendor_scope
from accounts.turns import in_turn, wait_after
from invoices import emails, pdf, presentation
from invoices.errors import LinesDoNotAddUp, PdfDamaged
from invoices.items import Amounts, LineItem, credited, taken_back, total_of
from invoices.models import Document, DocumentSettings, Line, pdf_path
from invoices.parties import buyer_of, seller_of

logger = logging.getLogger(__name__)

# Nobody wants a mail about a payment of last week: an import brings years of them.
MAIL_NO_LATER_THAN = timedelta(days=3)
# How long one who delivers a document has it to itself; after a failure, the wait for the next try,
# which doubles. When the mail server is back after hours, nothing waits longer than this.
LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=10)
GIVES_UP_AFTER = 5
LONGEST_TEXT = 250


def issue_receipt(
    customer: Customer,
    *,
    buyer: Customer | None = None,
    source: str,
    title: str,
    lines: Sequence[LineItem],
    currency: str,
    paid_at: datetime,
    paid_with: str,
    reference: str = "",
    is_first_payment: bool,
    total_minor: int | None = None,
) -> Document:
    """The receipt of a payment, whose date it bears: one per source, however often this is called.
    Call it in the transaction that records the payment: the number is taken there. `buyer`: to
    whom, if not to the customer as they are now. `total_minor`: what the lines must add up to.
    """
    if not lines or total_minor not in (None, total_of(lines)):
        raise LinesDoNotAddUp(f"{source}: {total_of(lines)} for a payment of {total_minor}")
    with transaction.atomic():
        settings = _settings_locked(customer.vendor)
        if issued := Document.objects.filter(source=source).first():
            return issued
        language = first_supported(customer.language, customer.vendor.language)
        document = Document(
            kind=Document.Kind.RECEIPT,
            source=source,
            customer=customer,
            language=language,
            title=title[:LONGEST_TEXT],
            reference=reference,
            seller=seller_of(customer.vendor, footer=settings.footer),
            buyer=buyer_of(buyer or customer, language=language),
            currency=currency.lower(),
            paid_at=paid_at,
            paid_with=paid_with,
            mail_wanted=_is_mail_wanted(settings, customer, paid_at, is_first=is_first_payment),
        )
        return _issue(document, dict(enumerate(lines, start=1)), settings)


def issue_credit_note(
    receipt: Document,
    *,
    source: str,
    amount_minor: int,
    refunded_at: datetime,
    refunded_to: str | None = None,
    wanted: Mapping[int, Amounts] | None = None,
) -> Document:
    """The credit note of a refund of `amount_minor` (positive): one per source.

    What it takes back of which line is said in `invoices.items`. The money goes to what paid it,
    unless told otherwise.
    """
    document = _correction(
        receipt, Document.Kind.CREDIT_NOTE, source=source, happened_at=refunded_at
    )
    if refunded_to is not None:
        document.paid_with = refunded_to
    return _issue_correction(document, lambda: credited(receipt, amount_minor, wanted=wanted))


def take_back_credit_note(note: Document, *, source: str, failed_at: datetime) -> Document:
    """The money did not arrive: a further document restores what the credit note took back."""
    document = _correction(note, Document.Kind.REVERSAL, source=source, happened_at=failed_at)
    return _issue_correction(document, lambda: taken_back(note))


def _correction(
    corrected: Document, kind: Document.Kind, *, source: str, happened_at: datetime
) -> Document:
    return Document(
        kind=kind,
        source=source,
        customer=corrected.customer,
        corrects=corrected,
        language=corrected.language,
        title=corrected.title,
        reference=corrected.reference,
        seller=corrected.seller,
        buyer=corrected.buyer,
        currency=corrected.currency,
        paid_at=happened_at,
        paid_with=corrected.paid_with,
    )


def _issue_correction(document: Document, lines: Callable[[], Mapping[int, LineItem]]) -> Document:
    with transaction.atomic():
        customer = document.customer
        settings = _settings_locked(customer.vendor)
        if issued := Document.objects.filter(source=document.source).first():
            return issued
        document.mail_wanted = _is_mail_wanted(settings, customer, document.paid_at, is_first=True)
        return _issue(document, lines(), settings)


def read_pdf(document: Document) -> bytes:
    """The bytes as they were issued; made now if the worker has not come round yet."""
    if not document.pdf:
        _keep_pdf(document)
    with document.pdf.open("rb") as stored:
        content: bytes = stored.read()
    if hashlib.sha256(content).hexdigest() != document.pdf_sha256:
        raise PdfDamaged(document.number)
    return content


def record_pdf(template: str, context: dict[str, Any]) -> bytes:
    """A PDF of something else that happened: "invoices/record.html" lists what it is made from."""
    return pdf.render(template, context)


def deliver(document: Document) -> None:
    """Make its PDF and mail it, each once. Does nothing while another is at it, or if it is done.

    If anything fails it stays undelivered, and the sweep comes back to it; where mail does not
    arrive, once it does again.
    """
    attempts = document.delivery_attempts
    lease = wait_after(attempts, first=LEASE, longest=LONGEST_WAIT)
    ours = _undelivered().filter(pk=document.pk, delivery_attempts=attempts)
    if not ours.update(delivery_attempts=attempts + 1, next_delivery_at=now() + lease):
        return
    document.refresh_from_db()
    content = read_pdf(document)
    is_due = document.mail_wanted and document.sent_at is None
    if is_due and emails.send_document(document, content):
        document.sent_at = now()
        document.save(update_fields=["sent_at"])


def deliver_what_was_left(*, at_most: int, each: int, seconds: float) -> bool:
    """Whether there is more to do at once. Every vendor gets its share of the round. One that fails
    is put off, longer each time; after a few in a row the mail server is down, and the rest need
    not wait for it one by one."""
    # Not part of _undelivered: a claim that joins other tables could be made twice at once.
    waiting = (
        _undelivered()
        .alias(trouble=trouble_of_customer())
        .filter(Q(pdf="") | Q(trouble=None))
        .order_by("delivery_attempts", "issued_at")
    )
    until, in_a_row = monotonic() + seconds, 0
    found = in_turn(waiting.select_related("vendor", "customer"), at_most=at_most, each=each)
    for document in found:
        with vendor_scope(document.vendor):
            try:
                deliver(document)
                in_a_row = 0
            except Exception:
                logger.exception("Document %s could not be delivered.", document.number)
                in_a_row += 1
        if in_a_row >= GIVES_UP_AFTER:
            return False
        if monotonic() > until:
            return in_a_row == 0
    return len(found) == at_most


def _undelivered() -> QuerySet[Document]:
    return Document.objects.filter(
        Q(pdf="") | Q(mail_wanted=True, sent_at=None),
        Q(next_delivery_at=None) | Q(next_delivery_at__lte=now()),
    )


def _keep_pdf(document: Document) -> None:
    """Render it and keep the bytes. If two do so at once, both go on with the first one's."""
    content = pdf.render("invoices/document.html", presentation.document_context(document))
    stored = document.pdf.storage.save(pdf_path(document, ""), ContentFile(content))
    first = Document.objects.filter(pk=document.pk, pdf="").update(
        pdf=stored, pdf_sha256=hashlib.sha256(content).hexdigest()
    )
    if not first:
        document.pdf.storage.delete(stored)
    document.refresh_from_db(fields=["pdf", "pdf_sha256"])


def _nudge(document: Document) -> None:
    """Have it delivered in the background, now."""
    from invoices.tasks import deliver_document

    deliver_document.enqueue(vendor_id=document.vendor_id, document_id=str(document.pk))


def _settings_locked(vendor: Vendor) -> DocumentSettings:
    """The vendor's settings, held until the transaction ends: one document is issued at a time."""
    settings, _ = DocumentSettings.objects.select_for_update().get_or_create(vendor=vendor)
    return settings


def _is_mail_wanted(
    settings: DocumentSettings, customer: Customer, moment: datetime, *, is_first: bool
) -> bool:
    if not customer.email or now() - moment > MAIL_NO_LATER_THAN:
        return False
    if settings.mail_receipts == DocumentSettings.MailReceipts.FIRST:
        return is_first
    return settings.mail_receipts == DocumentSettings.MailReceipts.EVERY


def _issue(
    document: Document, lines: Mapping[int, LineItem], settings: DocumentSettings
) -> Document:
    """Number it, write it down with its lines, and have it delivered after the commit."""
    document.vendor = document.customer.vendor
    document.issued_at = document.paid_at
    document.number = _take_number(settings, document)
    document.net_minor = sum(line.net_minor for line in lines.values())
    document.tax_minor = sum(line.tax_minor for line in lines.values())
    document.total_minor = document.net_minor + document.tax_minor
    document.save()
    for position, line in lines.items():
        fields = asdict(line) | {
            "description": line.description[:LONGEST_TEXT],
            "detail": line.detail[:LONGEST_TEXT],
        }
        Line(vendor=document.vendor, document=document, position=position, **fields).save()
    transaction.on_commit(partial(_nudge, document))
    return document


def lowest_next_number(vendor: Vendor) -> int:
    """One above the highest that was issued; nothing is issued until the transaction ends. All
    years and prefixes count as one: a prefix can come back."""
    _settings_locked(vendor)
    numbers = Document.objects.filter(vendor=vendor).values_list("number", flat=True)
    counts = (number.rpartition("-")[2] for number in numbers.iterator())
    return 1 + max((int(count) for count in counts), default=0)


def _take_number(settings: DocumentSettings, document: Document) -> str:
    """AC-2026-00131: the prefix, the year, and a count that leaves nothing out."""
    year = localtime(document.issued_at, ZoneInfo(document.vendor.time_zone)).year
    number = f"{year}-{settings.next_number:05}"
    settings.next_number += 1
    settings.save(update_fields=["next_number"])
    return f"{settings.prefix.rstrip('-')}-{number}" if settings.prefix else number
