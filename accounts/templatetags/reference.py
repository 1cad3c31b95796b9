"""What a customer can quote, so that the line in the log is found."""

from __future__ import annotations

import structlog
from django import template

register = template.Library()


@register.simple_tag
def request_reference() -> str:
    """Empty outside a request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
