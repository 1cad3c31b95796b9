"""What browsers refused on our pages: for operators, who can mend it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import PolicyReport
from hub.admin import roles
from hub.admin.filters import SaysWhatIsNotKnown
from hub.admin.generics import ModelAdmin


@admin.register(PolicyReport)
class PolicyReportAdmin(SaysWhatIsNotKnown, ModelAdmin):
    """A list to be read: it says all there is, and forgets what has not come for a month."""

    list_display = ["where", "directive", "what", "host", "count", "last_seen_at"]
    list_display_links = None
    list_filter = ["host", "directive"]
    search_fields = ["page", "blocked"]
    search_help_text = _("Page or what was blocked")
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": _("Policy reports")}
        return super().changelist_view(request, title | (extra_context or {}))

    @admin.display(description=_("page"), ordering="page")
    def where(self, report: PolicyReport) -> str:
        return report.page or gettext("An address that leads nowhere")

    @admin.display(description=_("blocked"), ordering="blocked")
    def what(self, report: PolicyReport) -> str:
        return report.blocked or gettext("Not known")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        staff = roles.staff_of(request)
        return staff.is_active and staff.is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
