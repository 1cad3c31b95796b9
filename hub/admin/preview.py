"""The hub as a customer would see it with what stands in the settings' form, before saving."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import get_urlconf, resolve, reverse, set_urlconf
from django.utils import translation
from django.utils.csp import CSP
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override

from accounts.http import HubRequest
from accounts.logos import Logo, logo_from, logo_of
from accounts.message import render_message
from accounts.models import Customer, Vendor
from hub.admin.vendor_form import VendorForm
from hub.presentation.marks import Mark
from hub.presentation.overview import groups_of
from hub.presentation.purchases import Row
from invoices.money import format_money

SAMPLE_CUSTOMER = Customer(name="Alice Martin", email="alice@example.com")

# A logo that is not saved has no address: it stands in the page itself.
POLICY: dict[str, list[str]] = {**settings.SECURE_CSP, "img-src": [CSP.SELF, "data:"]}


class PreviewForm(VendorForm):
    """The settings that can be seen."""

    subdomain = None  # type: ignore[assignment]
    time_zone = None  # type: ignore[assignment]

    class Meta(VendorForm.Meta):
        fields = [
            *("name", "language", "logo", "header_colour", "accent_colour", "message"),
            *("support_email", "support_phone", "support_url", "support_hours"),
            *("legal_name", "legal_address", "tax_id"),
        ]


@csp_override(POLICY)
def preview(site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    saved = logo_of(vendor)
    form = PreviewForm(request.POST, request.FILES, instance=vendor)
    if not form.is_valid():
        context = {**site.each_context(request), "title": _("Preview"), "form": form}
        return render(request, "admin/preview_refused.html", context)
    shown = _as_the_customer(request, vendor)
    with translation.override(vendor.language or get_language() or settings.LANGUAGE_CODE):
        context = _context(vendor, _logo(form.cleaned_data["logo"], saved))
        with _addresses_of_the_hub():
            return render(shown, "admin/preview.html", context)


def _logo(chosen: Any, saved: Logo | None) -> Logo | None:
    """A new one, none (False: it was ticked away), or the one there is."""
    if isinstance(chosen, ContentFile):
        return logo_from(chosen.read())
    return None if chosen is False else saved


def _as_the_customer(request: HttpRequest, vendor: Vendor) -> HttpRequest:
    shown = cast("HubRequest", copy(request))
    shown.vendor, shown.customer = vendor, SAMPLE_CUSTOMER
    shown.resolver_match = resolve("/", urlconf=settings.ROOT_URLCONF)
    return shown


@contextmanager
def _addresses_of_the_hub() -> Iterator[None]:
    platform = get_urlconf()
    set_urlconf(settings.ROOT_URLCONF)
    try:
        yield
    finally:
        set_urlconf(platform)


def _context(vendor: Vendor, logo: Logo | None) -> dict[str, Any]:
    colours = {"header": vendor.header_colour, "accent": vendor.accent_colour}
    path = reverse("admin:accounts_vendor_colours", args=[vendor.pk])
    return {
        "message": render_message(vendor, SAMPLE_CUSTOMER),
        "messages": [],
        "colours_url": f"{path}?{urlencode(colours)}",
        "logo": logo,
        "logo_data": b64encode(logo.png).decode() if logo else "",
        "has_current": True,
        "groups": groups_of([_sample_purchase()], kind="", query="", numbered=set()),
    }


def _sample_purchase() -> Row:
    return Row(
        id=UUID(int=0),
        kind="subscriptions",
        name=_("One of your products"),
        url="/",
        price=_("%(amount)s a month") % {"amount": format_money(1900, "eur")},
        mark=Mark(text=_("Active"), icon="check", tone="ok"),
    )
