"""What browsers refused on our pages, as they report it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyReport(models.Model):
    """One kind of breach of the content policy on one page of one host, and how often it was told.

    The operator's, and no vendor's. `page` is the pattern of an address and never an address
    itself: those hold tokens and ids.
    """

    host = models.CharField(_("host"), max_length=253)
    page = models.CharField(_("page"), max_length=200)
    directive = models.CharField(_("rule"), max_length=40)
    blocked = models.CharField(_("blocked"), max_length=200)
    count = models.PositiveBigIntegerField(_("how often"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        ordering: ClassVar[list[str]] = ["-last_seen_at"]
        verbose_name = _("policy report")
        verbose_name_plural = _("policy reports")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["host", "page", "directive", "blocked"], name="one_policy_report_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.directive}: {self.blocked}"
