"""Where staff type several lines."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models


class TextArea(AdminTextareaWidget):
    """Browsers end each line with CR LF, we with LF: what nobody touched stays as it is."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        typed: str | None = super().value_from_datadict(data, files, name)
        return typed and typed.replace("\r\n", "\n").replace("\r", "\n")


FOR_TEXTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.TextField: {"widget": TextArea}
}
"""`formfield_overrides` of every page with a form."""
