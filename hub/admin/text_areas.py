"""Where staff type several lines."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from hub.drawn import with_line_feeds


class TextArea(AdminTextareaWidget):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        return with_line_feeds(super().value_from_datadict(data, files, name))


def keep_to_a_page(text: str, *, characters: int, lines: int) -> str:
    """What a document says as often as it has pages, and for ever."""
    if len(text) > characters or len(text.splitlines()) > lines:
        raise ValidationError(
            _(
                "Write at most %(characters)s characters on %(lines)s lines: this stands on every"
                " document."
            ),
            code="too_long",
            params={"characters": characters, "lines": lines},
        )
    return text


FOR_TEXTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.TextField: {"widget": TextArea}
}
"""`formfield_overrides` of every page with a form."""
