"""The mails about documents."""

from django.utils import timezone, translation

from accounts import mail
from invoices import presentation
from invoices.models import Document


def send_document(document: Document, content: bytes) -> bool:
    """A receipt or a credit note: what was paid or given back, with the PDF attached. Whether it
    left: it is held back where mail does not arrive."""
    vendor, customer = document.vendor, document.customer
    with translation.override(document.language), timezone.override(vendor.time_zone):
        context = presentation.mail_context(document)
    return mail.send(
        document.kind,
        vendor=vendor,
        to=customer.email,
        customer=customer,
        context=context,
        attachments=[(document.file_name, content, "application/pdf")],
        language=document.language,
        automatic=True,
    )
