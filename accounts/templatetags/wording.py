"""Filters that turn what is stored into words for one line, or for a mail without HTML."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

from babel.dates import get_timezone_name
from django import template
from django.utils.html import strip_tags
from django.utils.translation import get_language, to_locale

register = template.Library()

_ends_a_line = re.compile(r"</(?:p|li|h2|h3)>|<br>")
_link = re.compile(r'<a href="(?:mailto:)?([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


@register.filter
def one_line(text: str) -> str:
    """An address in lines, as one line with commas."""
    return ", ".join(line.strip().rstrip(",") for line in text.splitlines() if line.strip())


@register.filter
def masked(address: str) -> str:
    """Enough for its owner to know it by, and for nobody else: a••••@example.com."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}••••@{domain}"


@register.filter(expects_localtime=True)
def zone(moment: datetime) -> str:
    """The time zone in short: `CET`, to Germans `MEZ`. Where a language has none: everybody's."""
    name = get_timezone_name(moment, width="short", locale=to_locale(get_language() or "en"))
    return name if name.isalpha() else moment.strftime("%Z")


@register.filter
def plain_text(html: str) -> str:
    """A rendered vendor's message (accounts.message) without its tags; links keep their address."""
    linked = _link.sub(lambda link: _with_address(link.group(2), link.group(1)), str(html))
    lines = strip_tags(_ends_a_line.sub("\n", linked.replace("<li>", "- "))).splitlines()
    return unescape("\n".join(line.strip() for line in lines)).strip()


def _with_address(words: str, address: str) -> str:
    return words if address in words else f"{words} ({address})"
