"""What a vendor sets about money: its Stripe keys, and what customers may cancel."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.secrets import EncryptedTextField
from accounts.tenancy import VendorOwned


class StripeAccount(VendorOwned):
    """A vendor's own keys. Written in the admin, shown there as their last four characters."""

    secret_key = EncryptedTextField(_("secret or restricted key"), blank=True)
    publishable_key = models.CharField(_("publishable key"), max_length=255, blank=True)
    webhook_secret = EncryptedTextField(_("webhook signing secret"), blank=True)

    class Meta:
        verbose_name = _("Stripe account")
        verbose_name_plural = _("Stripe accounts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor"], name="one_stripe_account_per_vendor"),
        ]

    def __str__(self) -> str:
        return str(self.vendor)

    @property
    def livemode(self) -> bool:
        return "_live_" in self.secret_key


class CancellationRules(VendorOwned):
    """Which of its subscriptions a vendor lets customers cancel by themselves."""

    ongoing = models.BooleanField(_("ongoing subscriptions and trials"), default=True)
    split_pay = models.BooleanField(_("split-pay plans"), default=False)

    class Meta:
        verbose_name = _("self-cancellation")
        verbose_name_plural = _("self-cancellation")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor"], name="one_set_of_rules_per_vendor"),
        ]

    def __str__(self) -> str:
        return str(self.vendor)
