"""A vendor's settings: one page with its looks, words, rules and team."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.message import render_message
from accounts.models import TeamMember, Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope
from billing.models import StripeAccount
from hub.admin import connect, domains, invitations, look, preview, roles, stripe_keys, team
from hub.admin.base import VendorScopedAdmin
from hub.admin.changes import changes_in
from hub.admin.inlines import CancellationRulesInline, DocumentSettingsInline
from hub.admin.team import TeamInline
from hub.admin.vendor_form import VendorForm
from hub.staff_door import proofs

OWNERS_LINKS = {"stripe_account": "stripe_summary", "hub_address": "hub_origin"}

type VendorPage = Callable[[admin.AdminSite, HttpRequest, Vendor], HttpResponse]


@admin.register(Vendor)
class VendorAdmin(VendorScopedAdmin):
    viewers = roles.SETTINGS_VIEWERS
    editors = roles.SETTINGS_EDITORS
    vendor_path = "pk"
    form = VendorForm
    change_form_template = "admin/vendor.html"
    list_display = ["name", "subdomain", "language", "support_email"]
    search_fields = ["name", "subdomain", "support_email"]
    fieldsets = [
        (
            _("Name and address"),
            {"fields": ["name", "subdomain", "hub_address", "language", "time_zone"]},
        ),
        (_("Look"), {"fields": ["logo", "header_colour", "accent_colour", "look_sample"]}),
        (_("Words"), {"fields": ["message", "message_preview"]}),
        (
            _("Support"),
            {
                "fields": [
                    "support_email",
                    "support_phone",
                    "support_url",
                    "support_hours",
                    "reply_to",
                ]
            },
        ),
        (_("Sign-in"), {"fields": ["session_hours", "idle_hours", "support_may_view"]}),
        (_("Legal details on documents"), {"fields": ["legal_name", "legal_address", "tax_id"]}),
        (_("Stripe"), {"fields": ["stripe_account"]}),
    ]
    inlines = [DocumentSettingsInline, CancellationRulesInline, TeamInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A new vendor is the operator's business."""
        return roles.staff_of(request).is_superuser

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A subdomain is part of every link ever mailed: only the operator moves it."""
        fixed = [] if roles.staff_of(request).is_superuser else ["subdomain"]
        fixed += [] if team.may_change(request, obj) else ["support_may_view"]
        return [*fixed, *OWNERS_LINKS, *OWNERS_LINKS.values(), "look_sample", "message_preview"]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Links that only owners may follow are shown to nobody else. Who may not change the logo
        sees it in the sample: its own field would be the path of a file."""
        is_owner = obj is None or roles.may(request, roles.OWNERS, obj.pk)
        instead: dict[Any, str] = {} if is_owner else dict(OWNERS_LINKS)
        if not self.has_change_permission(request, obj):
            instead["logo"] = ""
        return [
            (
                title,
                {**rest, "fields": [*filter(None, (instead.get(n, n) for n in rest["fields"]))]},
            )
            for title, rest in super().get_fieldsets(request, obj)
        ]

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Vendor | None:
        """Saving holds the row: two owners who take each other's place do so one by one."""
        found: Vendor | None = super().get_object(request, *args, **kwargs)
        is_saving = request.method == "POST" and transaction.get_connection().in_atomic_block
        if found is None or not is_saving:
            return found
        held = self.get_queryset(request).select_for_update()
        return held.filter(pk=found.pk).first()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who works for one vendor has no list to choose from."""
        vendors = roles.vendors_where(request, self.viewers)
        if vendors is not None and len(vendors) == 1:
            return redirect("admin:accounts_vendor_change", vendors[0])
        return super().changelist_view(request, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        vendor = context["original"]
        is_open = team.may_change(request, vendor)
        context["drawn_open"] = proofs.DRAWN_OPEN if is_open else None
        if vendor:
            context |= {"title": vendor.name, "subtitle": None}
            if roles.may(request, roles.OWNERS, vendor.pk):
                context["invited"] = team.invited(vendor)
                context["again_url"] = None if is_open else proofs.again_url(request.path)
        return super().render_change_form(request, context, *args, **kwargs)

    # Further pages of one vendor

    def get_urls(self) -> list[URLPattern]:
        return [
            self._owners_path("stripe", stripe_keys.keys),
            self._owners_path("connect", connect.begin),
            self._path("connected", connect.connected, roles.OWNERS),
            self._owners_path("disconnect", connect.disconnect),
            self._owners_path("domains", domains.page),
            self._owners_path("invite-again", team.invite_again),
            self._path("look", look.sample, self.viewers),
            self._path("colours", look.colours, self.viewers),
            self._path("preview", preview.preview, self.editors),
            *super().get_urls(),
        ]

    def _path(self, name: str, page: VendorPage, allowed: frozenset[roles.Role]) -> URLPattern:
        def view(request: HttpRequest, vendor_id: int) -> HttpResponse:
            vendor = self.get_queryset(request).filter(pk=vendor_id).first()
            if vendor is None:
                raise Http404
            if not roles.may(request, allowed, vendor.pk):
                raise PermissionDenied
            return page(self.admin_site, request, vendor)

        wrapped = self.admin_site.admin_view(view)
        return path(f"<int:vendor_id>/{name}/", wrapped, name=f"accounts_vendor_{name}")

    def _owners_path(self, name: str, page: VendorPage) -> URLPattern:
        """What could hand the vendor's money over: only after a fresh sign-in."""

        def fresh(site: admin.AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
            if proofs.is_fresh(request):
                return page(site, request, vendor)
            is_page = request.method in ("GET", "HEAD")
            change = reverse("admin:accounts_vendor_change", args=[vendor.pk])
            return redirect(proofs.again_url(request.get_full_path() if is_page else change))

        return self._path(name, fresh, roles.OWNERS)

    # What the page shows beside its fields

    @admin.display(description=_("address of the hub"))
    def hub_address(self, vendor: Vendor) -> SafeString | str:
        if not vendor.pk:
            return ""
        return format_html(
            '<a href="{0}/">{0}</a> <a href="{1}">{2}</a>',
            vendor.origin,
            reverse("admin:accounts_vendor_domains", args=[vendor.pk]),
            gettext("Use your own domain"),
        )

    @admin.display(description=_("address of the hub"))
    def hub_origin(self, vendor: Vendor) -> SafeString:
        return format_html('<a href="{0}/">{0}</a>', vendor.origin)

    @admin.display(description=_("so it looks"))
    def look_sample(self, vendor: Vendor) -> SafeString | str:
        return look.sample_image(vendor) if vendor.pk else ""

    @admin.display(description=_("so it reads"))
    def message_preview(self, vendor: Vendor) -> SafeString | str:
        """As saved, and as Alice would read it."""
        return (
            render_message(vendor, preview.SAMPLE_CUSTOMER) if vendor.pk and vendor.message else ""
        )

    @admin.display(description=_("keys"))
    def stripe_account(self, vendor: Vendor) -> SafeString | str:
        if not vendor.pk:
            return ""
        account = StripeAccount.objects.filter(vendor=vendor).first()
        return format_html(
            '{} <a href="{}">{}</a>',
            stripe_keys.summary(account),
            reverse("admin:accounts_vendor_stripe", args=[vendor.pk]),
            gettext("Set the keys"),
        )

    @admin.display(description=_("keys"))
    def stripe_summary(self, vendor: Vendor) -> str:
        return stripe_keys.summary(StripeAccount.objects.filter(vendor=vendor).first())

    # Saving

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Only what was changed: a document number drawn meanwhile must not be put back."""
        formset.save(commit=False)
        by = roles.staff_of(request)
        for row in formset.deleted_objects:
            row.delete()
            if isinstance(row, TeamMember):
                transaction.on_commit(partial(invitations.part, row, by=by), robust=True)
        for row in formset.new_objects:
            row.save()
            if isinstance(row, TeamMember):
                transaction.on_commit(partial(invitations.invite, row, by=by), robust=True)
        for row, fields in formset.changed_objects:
            row.save(update_fields=fields)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        forms = [form, *(each for formset in formsets for each in formset.forms)]
        by = roles.staff_of(request)
        if changes := changes_in(forms):
            action = "vendor_changed" if change else "vendor_added"
            with vendor_scope(form.instance):
                audit.record(action, by_user=by, subject=form.instance.name, detail=changes)
        for member in team.newcomers(forms):
            role = {f"team[{member.vendor.subdomain}].role": ["", member.role]}
            audit.record_for_platform(
                "staff_added", by_user=by, subject=member.user.email, detail=role
            )
