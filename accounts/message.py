"""A vendor's own words to its customers: a little HTML with a few names to fill in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from accounts.models import Customer, Vendor

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h2", "h3"}
PLACEHOLDERS = ("first_name", "name", "email", "vendor_name", "support_email", "hub_url")


def _only_full_addresses(_tag: str, attribute: str, value: str) -> str | None:
    """Nothing relative: an address of ours in a mail leads nowhere, on a page it could sign out."""
    if attribute == "href" and not value.lower().startswith(("https://", "mailto:")):
        return None
    return value


_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={"*": set(), "a": {"href"}},
    attribute_filter=_only_full_addresses,
    url_schemes={"https", "mailto"},
    link_rel="noopener noreferrer",
)
_tag = r"""</?[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>"""
_tag_or_placeholder = re.compile(_tag + r"|\{(" + "|".join(PLACEHOLDERS) + r")\}")
_any_tag = re.compile(_tag)
_in_braces = re.compile(r"\{(\w+)\}")
_blank_line = re.compile(r"\n\s*\n")
_block = re.compile(r"<(p|ul|ol|h2|h3)\b", re.IGNORECASE)


def render_message(vendor: Vendor, customer: Customer) -> SafeString:
    """Names filled in first, in text only and each once; cleaned last.

    Never a template and never str.format: what a vendor wrote cannot reach our objects.
    """
    values = {
        "first_name": customer.first_name or customer.email,
        "name": customer.name or customer.email,
        "email": customer.email,
        "vendor_name": vendor.name,
        "support_email": vendor.support_email,
        "hub_url": vendor.origin,
    }

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        return escape(values[name]) if name else match.group(0)

    filled = _tag_or_placeholder.sub(fill, _paragraphs(vendor.message))
    return mark_safe(_cleaner.clean(filled))  # noqa: S308  nh3 has just cleaned it


def unfilled_names(message: str) -> list[str]:
    """What stands in braces and is not filled in: unknown names, and any inside of a tag."""
    in_text = _in_braces.findall(_any_tag.sub("", message))
    in_tags = _in_braces.findall("".join(_any_tag.findall(message)))
    return [name for name in in_text if name not in PLACEHOLDERS] + in_tags


def _paragraphs(message: str) -> str:
    """Who writes plain text gets paragraphs at blank lines; who writes HTML has said where."""
    text = message.replace("\r\n", "\n").strip()
    if not text or _block.search(text):
        return text
    return "".join(f"<p>{part.strip()}</p>" for part in _blank_line.split(text)).replace(
        "\n", "<br>"
    )
