"""From a customer's page into the vendor's hub as that customer, read only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override

from accounts.http import client_address, hub_url
from accounts.models import Customer
from accounts.services import support_views
from accounts.tenancy import vendor_scope
from hub.admin import roles


def page(site: AdminSite, request: HttpRequest, customer: Customer) -> HttpResponse:
    """Ask first, then hand over to the vendor's host by a form that works once."""
    staff = roles.staff_of(request)
    if not support_views.may_view(staff, customer.vendor):
        raise PermissionDenied
    context = {
        **site.each_context(request),
        "title": _("View as customer"),
        "opts": Customer._meta,
        "original": customer,
    }
    if request.method != "POST":
        return TemplateResponse(request, "admin/view_as.html", context)
    with vendor_scope(customer.vendor):
        context["token"] = support_views.ask(customer, by=staff, client=client_address(request))
    context["url"] = hub_url(customer.vendor, "accounts:begin_support_view")
    policy = {**settings.SECURE_CSP, "form-action": [customer.vendor.origin]}
    return never_cache(csp_override(policy)(_hand_over))(request, context)


def _hand_over(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "admin/hand_over.html", context)
