"""What Stripe told us, and what we asked of it: rows first, so that neither can get lost."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.tenancy import VendorOwned
from billing.models.purchases import Subscription


class StripeEvent(VendorOwned):
    """A hint from Stripe that an object changed; the object itself is read again."""

    event_id = models.CharField(_("event"), max_length=64)
    type = models.CharField(_("type"), max_length=80)
    object_id = models.CharField(_("object"), max_length=64, blank=True)
    livemode = models.BooleanField(_("live mode"), default=False)
    created_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    handled_at = models.DateTimeField(_("handled at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    failure = models.CharField(_("failure"), max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-received_at", "-id"]
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor", "livemode", "event_id"], name="each_event_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["received_at"],
                name="event_unhandled",
                condition=models.Q(handled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Action(VendorOwned):
    """What a customer asked for that changes Stripe: a row first, then the calls.

    `parameters` holds what it takes to say later whether Stripe did it, or to put it back; the hash
    is of what was asked for: what, for whom, why, and the parameters as they were then.
    """

    class Kind(models.TextChoices):
        UPDATE_DETAILS = "update_details", _("Update details")
        CHANGE_CARD = "change_card", _("Change card")
        CANCEL = "cancel", _("Cancel")
        UNDO_CANCEL = "undo_cancel", _("Undo cancellation")
        PAY = "pay", _("Pay open invoice")
        SEND_UPDATE_LINK = "send_update_link", _("Send card update link")
        OPEN_STRIPE_PAGE = "open_stripe_page", _("Open Stripe's page")

    class State(models.TextChoices):
        STARTED = "started", _("Started")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused by Stripe")
        UNKNOWN = "unknown", _("Outcome unknown")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("action"), max_length=20, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STARTED)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="actions", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        Subscription,
        models.PROTECT,
        null=True,
        related_name="actions",
        verbose_name=_("subscription"),
    )
    parameters = models.JSONField(_("parameters"), default=dict)
    parameters_hash = models.CharField(_("parameters' hash"), max_length=64, blank=True)
    failure_code = models.CharField(_("Stripe's code"), max_length=80, blank=True)
    decline_code = models.CharField(_("decline code"), max_length=80, blank=True)
    request_id = models.CharField(_("Stripe's request id"), max_length=80, blank=True)
    reason = models.CharField(_("reason given"), max_length=40, blank=True)
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("times settled"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    mail_wanted = models.BooleanField(default=False)
    mail_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_mail_at = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(_("confirmed by mail at"), null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at"]
        verbose_name = _("self-service act")
        verbose_name_plural = _("self-service acts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(
                    kind__in=["cancel", "undo_cancel"], state__in=["started", "unknown"]
                ),
                name="one_change_of_an_end_at_a_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["started_at"],
                name="action_unfinished",
                condition=models.Q(state__in=["started", "unknown"]),
            ),
            models.Index(
                fields=["finished_at"],
                name="action_unconfirmed",
                condition=models.Q(mail_wanted=True, mailed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def key(self, step: str) -> str:
        """The idempotency key of one of its calls: the same whenever that call is made again."""
        return f"{self.pk}:{step}"
