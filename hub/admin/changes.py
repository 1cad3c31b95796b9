"""What forms changed, before and after, for the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.forms import BaseModelForm

LONGEST = 300
UNTOLD = {"usable_password", "password1", "password2"}
"""A password leaves no trace, not even its end."""

type Change = tuple[object, object]


def changes_in(forms: Iterable[BaseModelForm[Any]]) -> dict[str, Any]:
    """`{"vendor.name": ["before", "after"]}`.

    Where there are several rows of a kind, each says whose it is by its form's `row_name`:
    `{"teammember[it@acme.example].role": ["support", "owner"]}`. Of a row that comes or goes
    every field is told, the other side being empty.
    """
    return {
        f"{_row(form)}.{name}": [_short(before), _short(after)]
        for form in forms
        for name, (before, after) in _changes(form).items()
        if name not in UNTOLD
    }


def _changes(form: BaseModelForm[Any]) -> dict[str, Change]:
    given = form.cleaned_data
    is_new = form.empty_permitted
    if given.get("DELETE"):
        return {} if is_new else {name: (_before(form, name), "") for name in _shown(form)}
    if is_new and form.changed_data and hasattr(form, "row_name"):
        return {name: ("", given.get(name)) for name in _shown(form)}
    return {name: (_before(form, name), given.get(name)) for name in form.changed_data}


def _row(form: BaseModelForm[Any]) -> str:
    model = str(form.instance._meta.model_name)
    return f"{model}[{form.row_name}]" if hasattr(form, "row_name") else model


def _shown(form: BaseModelForm[Any]) -> list[str]:
    return [field.name for field in form.visible_fields() if field.name != "DELETE"]


def _before(form: BaseModelForm[Any], name: str) -> object:
    return form.get_initial_for_field(form.fields[name], name)


def _short(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST]
