"""The admin's front: our own groups instead of Django's apps, in the order staff need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin import AdminSite
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    AuditEntry,
    Customer,
    PlatformEntry,
    PolicyReport,
    SentMail,
    User,
    Vendor,
)
from accounts.services import staff_log
from billing.models import (
    Action,
    Failure,
    OneTimePurchase,
    StripeEvent,
    Subscription,
    SyncRun,
    Transaction,
)
from invoices.models import Document

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GROUPS: list[tuple[str, StrOrPromise, list[type[Model]]]] = [
    ("settings", _("Settings"), [Vendor, User]),
    ("customers", _("Customers"), [Customer, SentMail]),
    ("money", _("Money"), [Transaction, Subscription, OneTimePurchase]),
    ("documents", _("Documents"), [Document]),
    ("stripe", _("Stripe"), [Failure, SyncRun, StripeEvent]),
    ("log", _("Log"), [Action, AuditEntry, PlatformEntry, PolicyReport]),
]
NAMES: dict[type[Model], StrOrPromise] = {
    Vendor: _("Vendor settings"),
    AuditEntry: _("Audit log"),
    PlatformEntry: _("Platform log"),
}


class StaffSite(AdminSite):
    site_header = _("Customer Hub")
    site_title = _("Customer Hub")
    index_title = _("Overview")
    site_url = None
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Our own pages only: what libraries would add knows nothing of vendors and roles."""
        if admin_class and admin_class.__module__.startswith("hub."):
            super().register(model_or_iterable, admin_class, **options)

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        found = {
            entry["model"]: entry
            for app in self._build_app_dict(request).values()
            for entry in app["models"]
        }
        return [
            {
                "name": name,
                "app_label": label,
                "app_url": f"{reverse('admin:index', current_app=self.name)}#{label}",
                "has_module_perms": True,
                "models": [
                    found[model] | ({"name": NAMES[model]} if model in NAMES else {})
                    for model in models
                    if model in found
                ],
            }
            for label, name, models in GROUPS
            if any(model in found for model in models)
        ]

    def app_index(  # type: ignore[override]  # a redirect is no TemplateResponse
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Apps are ours, not the staff's: there is one overview."""
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        person = cast("User", request.user)
        before = person.password
        with transaction.atomic():
            answer = super().password_change(request, extra_context)
            if answer.status_code == 302 and person.password != before:
                staff_log.record("password_chosen", person, by_user=person)
        return answer
