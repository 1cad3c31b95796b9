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
    """One movement of money: a charge, or a refund (its amount is negative).

    `mail_wanted`: it failed, and the customer is to be told.
    """

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charge")
        REFUND = "refund", _("Refund")

    class Status(models.TextChoices):
        SUCCEEDED = "succeeded", _("Succeeded")
        PENDING = "pending", _("Pending")
        FAILED = "failed", _("Failed")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    stripe_id = models.CharField(_("Stripe id"), max_length=64)
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
    refund_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="refunds", verbose_name=_("refund of")
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
    failure_code = models.CharField(_("failure code"), max_length=80, blank=True)
    happened_at = models.DateTimeField(_("at"))
    mail_wanted = models.BooleanField(default=False)
    mail_started_at = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(null=True)

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
                fields=["happened_at"],
                name="transaction_untold",
                condition=models.Q(mail_wanted=True, mailed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id
