"""What every staff page shares: it keeps to the staff's vendors and to their roles there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import lookup_field
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from hub.admin import roles
from hub.admin.columns import Columns
from hub.admin.filters import CustomerFilter, SaysWhatIsNotKnown, VendorFilter
from hub.admin.generics import ModelAdmin
from hub.admin.panels import Panel
from hub.admin.text_areas import FOR_TEXTS


class VendorScopedAdmin(SaysWhatIsNotKnown, ModelAdmin):
    """Rows, choices and acts of the vendors at which this person's role allows them; no others.

    The vendor's scope (accounts.middleware) has narrowed every query to the person's vendors
    before; this narrows it further to those where the role is one of `viewers`.
    """

    viewers: ClassVar[frozenset[roles.Role]] = roles.CUSTOMER_VIEWERS
    editors: ClassVar[frozenset[roles.Role]] = frozenset()
    vendor_path: ClassVar[str] = "vendor_id"
    formfield_overrides = FOR_TEXTS
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        vendors = roles.vendors_where(request, self.viewers)
        return rows if vendors is None else rows.filter(**{f"{self.vendor_path}__in": vendors})

    def vendor_id_of(self, obj: Model | None) -> int | None:
        return None if obj is None else getattr(obj, self.vendor_path)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.may(request, self.viewers)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return roles.may(request, self.viewers, self.vendor_id_of(obj))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.editors) and roles.may(request, self.editors, self.vendor_id_of(obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RecordAdmin(Columns, VendorScopedAdmin):
    """Something that happened: to be found and read, never to be changed here."""

    list_select_related: ClassVar[Any] = ()
    change_form_template = "admin/record.html"
    panels: ClassVar[list[Panel]] = []
    is_a_vendors: ClassVar[bool] = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        vendor = ["vendor"] if self.is_a_vendors else []
        return super().get_queryset(request).select_related(*vendor, *self.list_select_related)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Without what is not known: an empty row tells nobody anything."""
        return [
            (title, {**options, "fields": known})
            for title, options in super().get_fieldsets(request, obj)
            if (known := [name for name in options["fields"] if self._is_known(name, obj)])
        ]

    def _is_known(self, name: Any, obj: Model | None) -> bool:
        return obj is None or lookup_field(name, obj, self)[2] not in (None, "")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        several = self.is_a_vendors and roles.sees_several_vendors(request)
        return [*self.list_display, *(["vendor"] if several else [])]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        of_customer = [CustomerFilter] if hasattr(self.model, "customer") else []
        of_vendor = [VendorFilter] if self.is_a_vendors else []
        return [*of_customer, *of_vendor, *self.list_filter]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = context["original"]
        context["title"] = capfirst(self.opts.verbose_name)
        context["panels"] = [panel.rows(self.admin_site, request, obj) for panel in self.panels]
        return super().render_change_form(request, context, *args, **kwargs)
