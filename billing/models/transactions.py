"""Every movement of money."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.tenancy import VendorOwned
from billing.models.purchases import OneTimePurchase, Subscription
from invoices.models import Document


class Transaction(VendorOwned):
    """One movement of money, or what takes one back: then the amount is negative, and `charge` is
    what it takes back.

    A dispute is the bank taking the money back for the customer: pending while it is open,
    succeeded once it is lost for the vendor, failed once the payment stands; an inquiry is one
    that has taken nothing. A credit is given
    without moving money back to the card. `mail_wanted`: it failed, and the customer is to be told;
    `mail_wanted_at`: since when, for a bank may say no days after `happened_at`.
    """

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charge")
        REFUND = "refund", _("Refund")
        DISPUTE = "dispute", _("Dispute")
        CREDIT = "credit", _("Credit")

    class Status(models.TextChoices):
        SUCCEEDED = "succeeded", _("Succeeded")
        PENDING = "pending", _("Pending")
        FAILED = "failed", _("Failed")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    stripe_id = models.CharField(_("Stripe id"), max_length=64)
    stripe_status = models.CharField(_("status at Stripe"), max_length=40, blank=True)
    stripe_invoice_id = models.CharField(_("invoice at Stripe"), max_length=64, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="transactions", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        Subscription,
        models.PROTECT,
        null=True,
        related_name="transactions",
        verbose_name=_("subscription"),
    )
    one_time_purchase = models.ForeignKey(
        OneTimePurchase,
        models.PROTECT,
        null=True,
        related_name="transactions",
        verbose_name=_("one-time purchase"),
    )
    charge = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals", verbose_name=_("charge")
    )
    document = models.OneToOneField(
        Document,
        models.PROTECT,
        null=True,
        related_name="transaction",
        verbose_name=_("document"),
    )
    description = models.CharField(_("for"), max_length=250)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    respond_by = models.DateTimeField(_("respond by"), null=True)
    failure_code = models.CharField(_("failure code"), max_length=80, blank=True)
    happened_at = models.DateTimeField(_("at"))
    mail_wanted = models.BooleanField(default=False)
    mail_wanted_at = models.DateTimeField(null=True, editable=False)
    mail_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_mail_at = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(_("read from Stripe at"), auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-happened_at", "-id"]
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "stripe_id"], name="each_movement_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["vendor", "customer", "-happened_at", "-id"],
                name="transaction_by_customer",
            ),
            models.Index(
                fields=["subscription", "-happened_at", "-id"], name="transaction_by_subscription"
            ),
            models.Index(
                fields=["mail_wanted_at"],
                name="transaction_untold",
                condition=models.Q(mail_wanted=True, mailed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def is_inquiry(self) -> bool:
        """The bank only asks. https://docs.stripe.com/disputes/how-disputes-work"""
        return self.kind == self.Kind.DISPUTE and self.stripe_status.startswith("warning_")
