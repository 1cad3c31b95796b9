"""What pages show in the demo only."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def demo_mailbox(recipient: str = "") -> str:
    """Where the mails to this address can be read; empty outside the demo."""
    if not settings.DEMO:
        return ""
    query = f"?{urlencode({'q': f'to:{recipient}'})}" if recipient else ""
    return f"{settings.PLATFORM_ORIGIN}/mailbox/{query}"


@register.simple_tag
def is_password_enough() -> bool:
    return not settings.SECOND_FACTOR_REQUIRED
