"""Paper: what a customer was charged or got back, as it was when it happened."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.tenancy import VendorOwned, VendorOwnedManager
from invoices.errors import IssuedDocument


def pdf_path(document: Document, _filename: str) -> str:
    return f"vendors/{document.vendor_id}/documents/{document.issued_at:%Y}/{document.pk}.pdf"


class DocumentSettings(VendorOwned):
    """How a vendor numbers, words and mails its documents."""

    class MailReceipts(models.TextChoices):
        EVERY = "every", _("For every payment")
        FIRST = "first", _("For the first payment of a purchase")
        NEVER = "never", _("Never")

    prefix = models.CharField(_("document prefix"), max_length=20, blank=True)
    next_number = models.PositiveIntegerField(_("next number"), default=1)
    mail_receipts = models.CharField(
        _("mail receipts"), max_length=10, choices=MailReceipts, default=MailReceipts.EVERY
    )
    footer = models.TextField(_("footer of documents"), blank=True)

    class Meta:
        verbose_name = _("document settings")
        verbose_name_plural = _("document settings")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor"], name="one_document_settings_per_vendor"),
        ]

    def __str__(self) -> str:
        return str(self.vendor)


# What happens to a document after it is issued.
SET_ONCE = {"pdf", "pdf_sha256", "mail_wanted", "sent_at"}
MAY_CHANGE = {"delivery_attempts", "next_delivery_at"}


class IssuedQuerySet(models.QuerySet[Any]):
    """Rows that stand on paper: many at once are no more changed or deleted than one."""

    def delete(self) -> tuple[int, dict[str, int]]:
        raise IssuedDocument("Issued documents cannot be deleted.")

    def update(self, **fields: Any) -> int:
        if not (self.model is Document and fields.keys() <= SET_ONCE | MAY_CHANGE):
            raise IssuedDocument(f"Issued documents stay as they are: {', '.join(fields)}.")
        return super().update(**fields)


class IssuedManager(VendorOwnedManager):
    _queryset_class = IssuedQuerySet


class Document(VendorOwned):
    """A receipt, a credit note, or what takes a credit note back. Once issued it never changes; a
    correction is a new one.

    `source` is whatever the caller knows the payment or refund by: one document each. Amounts of
    a credit note are negative, so that a list adds up. `seller` and `buyer` are as on the day of
    issue: {"name", "lines": [address lines], "tax_id", "email"}, the seller's also with "phone"
    and "footer". `next_delivery_at` is a lease: whoever delivers it holds it until then, so
    that no two do, and after a failure it waits that long.
    """

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        CREDIT_NOTE = "credit_note", _("Credit note")
        REVERSAL = "reversal", _("Reversal")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    number = models.CharField(_("number"), max_length=40)
    source = models.CharField(max_length=80)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="documents", verbose_name=_("customer")
    )
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections", verbose_name=_("corrects")
    )
    language = models.CharField(max_length=10)
    title = models.CharField(_("for"), max_length=250)
    reference = models.CharField(_("order"), max_length=80, blank=True)
    seller = models.JSONField()
    buyer = models.JSONField()
    currency = models.CharField(_("currency"), max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField(_("total"))
    paid_at = models.DateTimeField(_("paid at"))
    paid_with = models.CharField(_("paid with"), max_length=60, blank=True)
    issued_at = models.DateTimeField(_("issued at"))
    pdf = models.FileField(upload_to=pdf_path, blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    mail_wanted = models.BooleanField(default=False)
    sent_at = models.DateTimeField(_("mailed at"), null=True)
    delivery_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_delivery_at = models.DateTimeField(null=True, editable=False)

    if not TYPE_CHECKING:
        objects = IssuedManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-issued_at", "-id"]
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "source"], name="one_document_per_source"),
            models.UniqueConstraint(fields=["vendor", "number"], name="one_document_per_number"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["vendor", "customer", "-issued_at", "-id"], name="document_by_customer"
            ),
            models.Index(
                fields=["issued_at"],
                name="document_undelivered",
                condition=models.Q(pdf="") | models.Q(mail_wanted=True, sent_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def file_name(self) -> str:
        """What the PDF is called when it leaves us; a prefix may hold anything."""
        return f"{get_valid_filename(self.number)}.pdf"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            self._refuse_changes()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise IssuedDocument(f"{self.number} is issued and cannot be deleted.")

    def _refuse_changes(self) -> None:
        issued = type(self).objects.get(pk=self.pk)
        for field in self._meta.concrete_fields:
            then, now = field.value_from_object(issued), field.value_from_object(self)
            is_free = field.attname in MAY_CHANGE or (field.attname in SET_ONCE and not then)
            if then != now and not is_free:
                raise IssuedDocument(f"{issued.number} is issued: {field.attname} stays as it is.")


class Line(VendorOwned):
    """One thing on a document. `tax_rate` is in hundredths of a percent: 2000 is 20 %."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=250)
    detail = models.CharField(max_length=250, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    tax_rate = models.PositiveIntegerField(null=True)
    tax_label = models.CharField(max_length=60, blank=True)

    if not TYPE_CHECKING:
        objects = IssuedManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["document", "position"], name="one_line_per_position"),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise IssuedDocument(f"{self.document} is issued: its lines stay as they are.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise IssuedDocument(f"{self.document} is issued: its lines stay as they are.")
