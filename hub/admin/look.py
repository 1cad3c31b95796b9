"""A sample of a vendor's logo and colours, drawn by the server so that one place knows how."""

from __future__ import annotations

from base64 import b64encode

from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts.brand import Brand, brand_from
from accounts.logos import logo_of
from accounts.models import Vendor, colour_validator


def sample_image(vendor: Vendor) -> SafeString:
    """static/js/admin_look.js asks for it anew while colours are being chosen."""
    return format_html(
        '<img id="look-sample" src="{}" width="480" height="150" alt="{}">',
        reverse("admin:accounts_vendor_look", args=[vendor.pk]),
        gettext("The logo on the header colour, a button and a link in the accent colour"),
    )


def sample(_site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """In the saved colours, or in those of ?header= and ?accent=."""
    logo = logo_of(vendor)
    context = {
        "vendor": vendor,
        "brand": _brand(request, vendor),
        "logo": logo,
        "logo_data": b64encode(logo.png).decode() if logo else "",
    }
    return render(request, "admin/look.svg", context, content_type="image/svg+xml")


def colours(_site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """The preview's stylesheet, in the same colours."""
    return HttpResponse(_brand(request, vendor).stylesheet, content_type="text/css")


def _brand(request: HttpRequest, vendor: Vendor) -> Brand:
    chosen = [
        request.GET.get("header", vendor.header_colour),
        request.GET.get("accent", vendor.accent_colour),
    ]
    try:
        for colour in chosen:
            colour_validator(colour)
    except ValidationError as error:
        raise Http404 from error
    return brand_from(*chosen)
