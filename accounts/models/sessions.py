"""Where customers are signed in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.customers import Customer
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
