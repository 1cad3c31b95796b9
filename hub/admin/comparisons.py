"""What comparing with Stripe found."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from billing.models import Difference, SyncRun
from hub.admin.base import RecordAdmin
from hub.admin.filters import WhenFilter
from hub.admin.panels import Panel


@admin.register(SyncRun)
class SyncRunAdmin(RecordAdmin):
    list_display = [
        "kind",
        "started_at",
        "state",
        "customers",
        "differences_found",
        "failures_met",
    ]
    list_filter = ["kind", ("started_at", WhenFilter)]
    search_fields = ["differences__object_id"]
    search_help_text = gettext_lazy("Stripe's id of what differed (cus_…, sub_…, ch_…)")
    fields = [
        "kind",
        "since",
        "started_at",
        "finished_at",
        "state",
        "customers",
        "objects_read",
        "differences_found",
        "failures_met",
    ]
    panels = [Panel(Difference, by="run", limit=50)]

    @admin.display(description=gettext_lazy("state"))
    def state(self, run: SyncRun) -> str:
        if run.finished_at:
            return gettext("Finished")
        if run.stopped_by:
            return gettext("Waiting to go on: %(reason)s") % {"reason": run.stopped_by}
        return gettext("Under way")


@admin.register(Difference)
class DifferenceAdmin(RecordAdmin):
    """Reached from its comparison; found by Stripe's id."""

    list_display = ["object_id", "what", "run"]
    list_select_related = ["run"]
    search_fields = ["object_id"]
    search_help_text = gettext_lazy("Stripe's id (cus_…, sub_…, ch_…)")
    fields = ["object_id", "what", "run"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Where a comparison has more of them than its own page shows."""
        return lookup == "run" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("what differed"))
    def what(self, difference: Difference) -> SafeString | str:
        if difference.was_missing:
            return gettext("Was missing here")
        changes = (
            (name, here or "–", there or "–") for name, (here, there) in difference.changes.items()
        )
        return format_html_join(SafeString("<br>"), "{}: {} → {}", changes)
