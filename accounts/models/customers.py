"""Who bought from a vendor, and the addresses they sign in with."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.tenancy import VendorOwned

LONGEST_DETAIL = 300


class Customer(VendorOwned):
    """A person who bought from a vendor. Mails go to `email`, one of the EmailAddresses."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    line1 = models.CharField(_("street and number"), max_length=200, blank=True)
    line2 = models.CharField(_("address line 2"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("state or region"), max_length=100, blank=True)
    country = CountryField(_("country"), blank=True)
    company = models.CharField(_("company"), max_length=150, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("known since"), auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]


class EmailAddress(VendorOwned):
    """An address a customer signs in with; unique within the vendor, whatever the case.

    `trouble` is what the mail provider says of the last mail there: while there is some, only mail
    that a person has just asked for goes to this address.
    """

    class Trouble(models.TextChoices):
        BOUNCED = "bounced", _("sent back")
        COMPLAINED = "complained", _("marked as spam")
        REJECTED = "rejected", _("refused by the mail provider")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    address = models.EmailField(_("address"))
    folded = models.GeneratedField(
        expression=Lower("address"), output_field=models.EmailField(), db_persist=True
    )
    """In small letters. A column, because beneath a policy PostgreSQL uses no index on a function
    (docs/decisions/0008)."""
    verified_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=10, choices=Trouble, blank=True)
    trouble_at = models.DateTimeField(null=True, blank=True)
    trouble_detail = models.CharField(max_length=LONGEST_DETAIL, blank=True)

    class Meta:
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "folded"], name="one_customer_per_address"),
            models.CheckConstraint(
                condition=models.Q(trouble="", trouble_at=None)
                | (~models.Q(trouble="") & models.Q(trouble_at__isnull=False)),
                name="trouble_began_some_time",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @classmethod
    def matching(cls, address: str) -> models.QuerySet[EmailAddress]:
        """Its one row, whatever the case: compared as the constraint compares."""
        return cls.objects.filter(folded=Lower(models.Value(address)))
