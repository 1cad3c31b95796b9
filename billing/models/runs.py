"""Comparisons with Stripe: how far each came, and what it found different."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.tenancy import VendorOwned


class SyncRun(VendorOwned):
    """One reading of a vendor's customers at Stripe. It can stop anywhere and go on from `cursor`:
    the last Stripe customer that was done, or the event that told of them."""

    class Kind(models.TextChoices):
        IMPORT = "import", _("Import")
        MISSED = "missed", _("Missed events")
        TOUCHED = "touched", _("Touched customers")
        EVERYTHING = "everything", _("Everything")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    since = models.DateTimeField(_("since"), null=True)
    cursor = models.CharField(_("came as far as"), max_length=64, blank=True)
    customers = models.PositiveIntegerField(_("customers compared"), default=0)
    objects_read = models.PositiveIntegerField(_("objects read"), default=0)
    differences_found = models.PositiveIntegerField(_("differences"), default=0)
    failures_met = models.PositiveIntegerField(_("failures"), default=0)
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    moved_at = models.DateTimeField(_("last moved at"), auto_now=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    stopped_by = models.CharField(_("stopped by"), max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-id"]
        verbose_name = _("comparison with Stripe")
        verbose_name_plural = _("comparisons with Stripe")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vendor", "-started_at"], name="sync_run_by_vendor"),
        ]

    def __str__(self) -> str:
        started = date_format(localtime(self.started_at), "SHORT_DATETIME_FORMAT")
        return f"{self.get_kind_display()} {started}"


class Difference(VendorOwned):
    """Something that was not here as it is at Stripe, and is now."""

    run = models.ForeignKey(
        SyncRun, models.CASCADE, related_name="differences", verbose_name=_("comparison")
    )
    object_id = models.CharField(_("object at Stripe"), max_length=64)
    was_missing = models.BooleanField(_("was missing"), default=False)
    changes = models.JSONField(_("changes"), default=dict)
    """`{field: [here, at Stripe]}`"""

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "object_id"], name="each_difference_once_a_run"),
        ]

    def __str__(self) -> str:
        return self.object_id
