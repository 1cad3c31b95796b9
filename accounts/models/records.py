"""What was done and what was sent: kept, never changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.customers import Customer
from accounts.models.staff import User
from accounts.tenancy import VendorOwned


class SentMail(VendorOwned):
    """That a mail left, to whom and about what; never its content. One that was held back did not
    leave, because mail to this address does not arrive."""

    message = models.CharField(_("message"), max_length=40)
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, related_name="mails", verbose_name=_("customer")
    )
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=250)
    sent_at = models.DateTimeField(_("sent at"), auto_now_add=True)
    held_back = models.BooleanField(_("held back"), default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-sent_at"]
        verbose_name = _("mail sent")
        verbose_name_plural = _("mails sent")

    def __str__(self) -> str:
        return self.subject


class Entry(models.Model):
    """A link of an audit log's chain: who did what, when and from where.

    `hash` covers the entry and the hash before it, so that nothing can be changed, left out or put
    in between unseen. The database refuses to change or delete a row (accounts/guards.py).
    """

    number = models.PositiveBigIntegerField(_("number"))
    action = models.CharField(_("action"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    by_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    client = models.CharField(_("from"), max_length=45, blank=True)
    """The internet address; empty where the hub acted by itself."""
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    at = models.DateTimeField(_("at"))
    previous_hash = models.CharField(_("hash before it"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.subject or self.action


class Chain(models.Model):
    """How long an audit log is and how it ends: whoever adds to it holds this row."""

    length = models.PositiveBigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.length} entries"


class AuditEntry(VendorOwned, Entry):
    """In a vendor's log: of their customers, their team and their settings."""

    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="audit", verbose_name=_("customer")
    )
    by_customer = models.BooleanField(_("by the customer"), default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log entries")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "number"], name="audit_numbers_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vendor", "customer", "-at", "-id"], name="audit_by_customer"),
        ]


class AuditChain(VendorOwned, Chain):
    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor"], name="one_audit_chain_per_vendor"),
        ]


class PlatformEntry(Entry):
    """In the platform's own log: of staff, who may belong to several teams or to none. No vendor's;
    operators read it."""

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        verbose_name = _("platform log entry")
        verbose_name_plural = _("platform log entries")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["number"], name="platform_numbers_once"),
        ]


class PlatformChain(Chain):
    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_platform_chain"),
        ]
