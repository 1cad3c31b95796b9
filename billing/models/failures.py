"""What went wrong with Stripe, for the vendor to see and to help with."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.tenancy import VendorOwned
from billing.models.purchases import Subscription
from billing.models.traffic import Action, StripeEvent

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DASHBOARD = "https://dashboard.stripe.com"


class Failure(VendorOwned):
    """Stripe refused what a customer did, or told us something that could not be taken in.

    `source` is what made it known, so that it is recorded once. `livemode` and `account_id` say
    where in Stripe it happened, as the keys were then. Settled: it came right in the end.
    """

    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, related_name="failures", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        Subscription,
        models.CASCADE,
        null=True,
        related_name="failures",
        verbose_name=_("subscription"),
    )
    action = models.ForeignKey(
        Action, models.CASCADE, null=True, related_name="failures", verbose_name=_("action")
    )
    event = models.ForeignKey(
        StripeEvent, models.CASCADE, null=True, related_name="+", verbose_name=_("Stripe event")
    )
    source = models.CharField(max_length=120, editable=False)
    object_id = models.CharField(_("object at Stripe"), max_length=64, blank=True)
    code = models.CharField(_("Stripe's code"), max_length=80, blank=True)
    decline_code = models.CharField(_("decline code"), max_length=80, blank=True)
    request_id = models.CharField(_("Stripe's request id"), max_length=80, blank=True)
    detail = models.CharField(_("in Stripe's words"), max_length=500, blank=True)
    livemode = models.BooleanField(_("live mode"), default=False)
    account_id = models.CharField(_("account"), max_length=64, blank=True)
    happened_at = models.DateTimeField(_("happened at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-happened_at", "-id"]
        verbose_name = _("failure")
        verbose_name_plural = _("failures")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "source"], name="each_failure_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vendor", "-happened_at", "-id"], name="failure_by_vendor"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.code}" if self.code else str(self.what)

    @property
    def what(self) -> StrOrPromise:
        """What was being done."""
        if self.action is not None:
            return self.action.get_kind_display()
        return self.event.type if self.event is not None else _("Comparison with Stripe")

    @property
    def dashboard_url(self) -> str:
        """The request, or else the object, in Stripe's dashboard: right account, right mode."""
        place = f"logs/{self.request_id}" if self.request_id else f"search?query={self.object_id}"
        if not self.request_id and not self.object_id:
            place = "logs"
        parts = [DASHBOARD, self.account_id, "" if self.livemode else "test", place]
        return "/".join(part for part in parts if part)
