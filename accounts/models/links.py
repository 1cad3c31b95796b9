"""The links that let customers in, and those that confirm their addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.customers import Customer
from accounts.models.staff import User
from accounts.tenancy import VendorOwned

LINK_LIFETIME = timedelta(minutes=10)
REVERT_LIFETIME = timedelta(days=7)


class MagicLink(VendorOwned):
    """A wish to be let in and, once its mail is made, a one-time way in.

    The row comes first, the same for known and unknown addresses; token and code are made inside
    the task that mails them, and only their hashes stay.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("sign-in link")
        PROFILE = "profile", _("profile link")
        CONFIRM_EMAIL = "confirm_email", _("e-mail confirmation")
        ADD_EMAIL = "add_email", _("further address confirmed")
        REVERT_EMAIL = "revert_email", _("e-mail change undone")

    purpose = models.CharField(max_length=15, choices=Purpose, default=Purpose.SIGN_IN)
    email = models.EmailField()
    mailbox_hash = models.CharField(max_length=64)
    client_hash = models.CharField(max_length=64, blank=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="magic_links")
    language = models.CharField(max_length=10, blank=True)
    next_path = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_attempts = models.PositiveSmallIntegerField(default=0)
    change = models.JSONField(default=dict, blank=True)
    """What a REVERT_EMAIL undoes: the act, the address it was about, when, and the addresses
    before."""
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    requested_from = models.CharField(max_length=80, blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vendor", "mailbox_hash", "requested_at"], name="link_by_mailbox"),
            models.Index(fields=["vendor", "client_hash", "requested_at"], name="link_by_client"),
            models.Index(fields=["vendor", "browser_hash"], name="link_by_browser"),
            models.Index(
                fields=["requested_at"],
                name="link_unhandled",
                condition=models.Q(handled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} for {self.email}"

    @property
    def lifetime(self) -> timedelta:
        return REVERT_LIFETIME if self.purpose == self.Purpose.REVERT_EMAIL else LINK_LIFETIME
