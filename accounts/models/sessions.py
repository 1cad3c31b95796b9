"""Where customers are signed in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.customers import Customer
from accounts.models.staff import User
from accounts.tenancy import VendorOwned

LONGEST_USER_AGENT = 300


class CustomerSession(VendorOwned):
    """One browser that a customer signed in with, until it signs out, is signed out, or its time is
    over (accounts/sessions.py). What the browser says of itself is only for the customer to read.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=LONGEST_USER_AGENT, blank=True)
    client = models.CharField(max_length=45, blank=True)
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vendor", "customer", "-seen_at"], name="session_by_customer"),
            models.Index(fields=["seen_at"], name="session_by_use"),
        ]

    def __str__(self) -> str:
        return self.user_agent


class SupportView(VendorOwned):
    """Somebody of the team looking at a customer's hub, read only.

    Asked for in the admin, begun on the vendor's host with the one-time token whose hash this is.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="support_views")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64)
    client = models.CharField(max_length=45)
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("support view")
        verbose_name_plural = _("support views")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["token_hash"], name="one_support_view_per_token"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.customer}"
