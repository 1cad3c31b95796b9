"""Forms that stand open while the same changes elsewhere: what a field held when it was drawn."""

from __future__ import annotations

from typing import Any

from django import forms


class AsDrawn(forms.HiddenInput):
    """What a field held when its form was drawn; it describes nothing and nothing describes it."""

    def build_attrs(self, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        return {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        return with_line_feeds(super().value_from_datadict(data, files, name))


def with_line_feeds(sent: str | None) -> str | None:
    """Browsers end each line with CR LF, we with LF: what nobody touched stays as it is."""
    return sent and sent.replace("\r\n", "\n").replace("\r", "\n")


def hold_against_drawn(form: forms.BaseForm) -> None:
    """Its `changed_data` are then the person's own changes, whatever changed elsewhere meanwhile.

    A field that came without what was drawn is held against what is there now. A file is sent only
    where it was chosen, and its path is nobody's business.
    """
    for name, field in form.fields.items():
        if not field.widget.needs_multipart_form:
            came = not form.is_bound or form.add_initial_prefix(name) in form.data
            field.hidden_widget = AsDrawn
            field.show_hidden_initial = came
