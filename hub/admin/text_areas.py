"""Where staff type several lines."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models

from hub.drawn import with_line_feeds


class TextArea(AdminTextareaWidget):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        return with_line_feeds(super().value_from_datadict(data, files, name))


FOR_TEXTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.TextField: {"widget": TextArea}
}
"""`formfield_overrides` of every page with a form."""
