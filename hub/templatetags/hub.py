"""What pages show by a tag: icons, form fields, the vendor's colours and logo."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django import template
from django.templatetags.static import static
from django.utils.html import format_html

from accounts.brand import Brand, brand_of
from accounts.logos import Logo, logo_of

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.utils.safestring import SafeString

    from accounts.models import Vendor

register = template.Library()

TURNING = frozenset({"back", "forward", "undo"})  # arrows point the other way from right to left


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One of static/icons.svg, as tall as its text. It says nothing: words stand beside it."""
    turns = " turns" if name in TURNING else ""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        turns,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def field(bound: BoundField, width: str = "") -> SafeString:
    """A form field with label, hint and errors; `width` is half, third or rest of a row."""
    return bound.render(context={**bound.get_context(), "width": width})


@register.simple_tag
def brand(vendor: Vendor) -> Brand:
    return brand_of(vendor)


@register.simple_tag
def logo(vendor: Vendor) -> Logo | None:
    return logo_of(vendor)
