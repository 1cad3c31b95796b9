"""What a vendor sets about money: its Stripe keys, and what customers may cancel."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.secrets import EncryptedTextField
from accounts.tenancy import VendorOwned


class StripeAccount(VendorOwned):
    """A vendor's own keys, or its account connected to the platform's.

    Keys are written in the admin and shown there as their last four characters. `account_id` is
    whose keys these are, as far as Stripe tells; `webhook_endpoint_id` whose secret we hold.
    """

    secret_key = EncryptedTextField(_("secret or restricted key"), blank=True)
    publishable_key = models.CharField(_("publishable key"), max_length=255, blank=True)
    webhook_secret = EncryptedTextField(_("webhook signing secret"), blank=True)
    webhook_endpoint_id = models.CharField(max_length=64, blank=True, editable=False)
    account_id = models.CharField(_("account"), max_length=64, blank=True, editable=False)
    connected_account_id = models.CharField(_("connected account"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("Stripe account")
        verbose_name_plural = _("Stripe accounts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor"], name="one_stripe_account_per_vendor"),
            models.UniqueConstraint(
                fields=["connected_account_id"],
                condition=~models.Q(connected_account_id=""),
                name="each_connected_account_one_vendor",
            ),
        ]

    def __str__(self) -> str:
        return str(self.vendor)

    @property
    def is_connected(self) -> bool:
        return bool(self.connected_account_id)

    @property
    def key(self) -> str:
        """What Stripe is asked with; empty where there is none."""
        return str(settings.STRIPE_PLATFORM_SECRET_KEY) if self.is_connected else self.secret_key

    @property
    def browser_key(self) -> str:
        """The publishable key for Stripe.js."""
        if self.is_connected:
            return str(settings.STRIPE_PLATFORM_PUBLISHABLE_KEY)
        return self.publishable_key

    @property
    def livemode(self) -> bool:
        return "_live_" in self.key

    def forget(self) -> None:
        """Neither keys nor a connected account: the hub shows what it knows and asks nothing."""
        for name in ("secret_key", "publishable_key", "webhook_secret", "webhook_endpoint_id"):
            setattr(self, name, "")
        self.account_id = self.connected_account_id = ""


class Onboarding(VendorOwned):
    """An account at Stripe that a vendor made, or makes, through the platform, and what Stripe says
    of it. It is only asked for payments once it is the StripeAccount's connected account.

    `id` is the idempotency key of the account's making. `requirements`: what Stripe still asks for,
    by its names. `begun_by`: who fills in Stripe's pages, and nobody else until they hand it on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account_id = models.CharField(_("account"), max_length=64, blank=True)
    begun_by = models.ForeignKey(User, models.SET_NULL, null=True, verbose_name=_("begun by"))
    begun_at = models.DateTimeField(_("begun at"), auto_now_add=True)
    details_submitted = models.BooleanField(default=False)
    charges_enabled = models.BooleanField(default=False)
    requirements = models.JSONField(default=list)
    disabled_reason = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("account at Stripe")
        verbose_name_plural = _("accounts at Stripe")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor"], name="one_onboarding_per_vendor"),
            models.UniqueConstraint(
                fields=["account_id"],
                condition=~models.Q(account_id=""),
                name="each_onboarded_account_one_vendor",
            ),
        ]

    def __str__(self) -> str:
        return self.account_id


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
