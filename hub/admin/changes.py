"""What a form changed, before and after, for the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.forms import BaseModelForm

LONGEST = 300


def changes_in(forms: Iterable[BaseModelForm[Any]]) -> dict[str, Any]:
    """`{"vendor.name": ["before", "after"]}`; a removed row is `{"teammember": ["it", ""]}`."""
    found: dict[str, Any] = {}
    for form in forms:
        model = form.instance._meta.model_name
        if form.cleaned_data.get("DELETE"):
            found[str(model)] = [_short(form.instance), ""]
            continue
        for name in form.changed_data:
            before = form.get_initial_for_field(form.fields[name], name)
            found[f"{model}.{name}"] = [_short(before), _short(form.cleaned_data.get(name))]
    return found


def _short(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST]
