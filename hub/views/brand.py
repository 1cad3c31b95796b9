"""A vendor's colours, logo and icon, as files that a browser may keep for good."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.html import escape
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.access import public
from accounts.brand import brand_of
from accounts.http import VendorRequest
from accounts.logos import logo_of

_for_good = cache_control(public=True, max_age=31_536_000, immutable=True)


@public
@require_safe
@_for_good
def colours(request: VendorRequest, version: str) -> HttpResponse:
    brand = brand_of(request.vendor)
    if version != brand.version:
        raise Http404
    return HttpResponse(brand.stylesheet, content_type="text/css")


@public
@require_safe
@_for_good
def logo(request: VendorRequest, version: str) -> HttpResponse:
    found = logo_of(request.vendor)
    if found is None or version != found.version:
        raise Http404
    return HttpResponse(found.png, content_type="image/png")


@public
@require_safe
@cache_control(public=True, max_age=86_400)
def icon(request: VendorRequest, version: str) -> HttpResponse:
    """The browser tab's icon: the vendor's initial on its accent colour."""
    brand = brand_of(request.vendor)
    if version != brand.version:
        raise Http404
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="7" fill="{brand.accent}"/>'
        f'<text x="16" y="23" text-anchor="middle" font-family="system-ui,sans-serif" '
        f'font-size="20" font-weight="650" fill="{brand.on_accent}">'
        f"{escape(request.vendor.name[:1].upper())}</text></svg>"
    )
    return HttpResponse(svg, content_type="image/svg+xml")
