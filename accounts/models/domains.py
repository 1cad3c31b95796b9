"""The domains of their own at which vendors' hubs answer."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import VendorOwned

GRACE = timedelta(days=7)
"""So long a domain goes on being served after its DNS record was first missed."""


def new_domain_token() -> str:
    return secrets.token_hex(16)


class VendorDomain(VendorOwned):
    """A vendor's claim to a domain, which counts once DNS confirms it.

    Claims exclude nobody, or else whoever comes first could keep out the owner; what is verified
    belongs to one vendor.
    """

    name = models.CharField(_("domain"), max_length=253)
    """In small letters, in ASCII (IDNA), without port and trailing dot."""
    token = models.CharField(max_length=32, default=new_domain_token, editable=False)
    verified_at = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    missing_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "name"], name="a_domain_once_per_vendor"),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(verified_at__isnull=False),
                name="each_verified_domain_one_vendor",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def record_name(self) -> str:
        """Where the TXT record with the token stands."""
        return f"_customer-hub.{self.name}"

    @property
    def is_served(self) -> bool:
        return self.verified_at is not None

    @property
    def served_until(self) -> datetime | None:
        """When it stops, unless the record comes back; None: no end in sight."""
        return self.missing_since + GRACE if self.missing_since else None
