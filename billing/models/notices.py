"""Mails that are owed to a customer though nothing happened: a card is about to expire."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.tenancy import VendorOwned


class ExpiryNotice(VendorOwned):
    """One mail, so many days before the card's last. `mail_wanted` goes once it is not needed any
    more: the bank sent a new date, or the card pays for nothing."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="expiry_notices", verbose_name=_("customer")
    )
    stripe_payment_method_id = models.CharField(max_length=64)
    card_exp_month = models.PositiveSmallIntegerField()
    card_exp_year = models.PositiveSmallIntegerField()
    days_before = models.PositiveSmallIntegerField(_("days before"))
    created_at = models.DateTimeField(_("noted at"), auto_now_add=True)
    mail_wanted = models.BooleanField(default=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_mail_at = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(_("mailed at"), null=True)

    class Meta:
        verbose_name = _("notice of an expiring card")
        verbose_name_plural = _("notices of expiring cards")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=[
                    "vendor",
                    "stripe_payment_method_id",
                    "card_exp_year",
                    "card_exp_month",
                    "days_before",
                ],
                name="each_expiry_notice_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"],
                name="expiry_notice_untold",
                condition=models.Q(mail_wanted=True, mailed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stripe_payment_method_id}, {self.days_before} days before"
