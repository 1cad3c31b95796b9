"""What was done and what was sent: kept, never changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.customers import Customer
from accounts.models.staff import User
from accounts.tenancy import VendorOwned


class SentMail(VendorOwned):
    """That a mail left, to whom and about what; never its content."""

    message = models.CharField(_("message"), max_length=40)
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, related_name="mails", verbose_name=_("customer")
    )
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=250)
    sent_at = models.DateTimeField(_("sent at"), auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-sent_at"]
        verbose_name = _("mail sent")
        verbose_name_plural = _("mails sent")

    def __str__(self) -> str:
        return self.subject


class AuditEntry(VendorOwned):
    """Who did what, and when. Written once, never changed."""

    action = models.CharField(_("action"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    customer = models.ForeignKey(
        Customer, models.SET_NULL, null=True, related_name="audit", verbose_name=_("customer")
    )
    by_customer = models.BooleanField(_("by the customer"), default=False)
    by_user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return self.subject or self.action
