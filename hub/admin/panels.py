"""On a record's page: what belongs to it, as the newest rows of that list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    label_for_field,
    lookup_field,
)
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Panel:
    """The columns are those of the model's own list, without the one that is the same for all."""

    model: type[Model]
    by: str
    title: StrOrPromise = ""
    even_if_empty: bool = True
    limit: int = 10

    def rows(self, site: AdminSite, request: HttpRequest, obj: Model) -> dict[str, Any]:
        admin = site.get_model_admin(self.model)
        same = {self.by, "who"} if self.by == "customer" else {self.by}
        names = [name for name in admin.list_display if name not in same]
        found = admin.get_queryset(request).filter(**{self.by: obj})
        newest = list(found.order_by(*(self.model._meta.ordering or ()))[: self.limit + 1])
        base = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}"
        return {
            "id": self.model._meta.model_name,
            "title": self.title or capfirst(self.model._meta.verbose_name_plural),
            "is_shown": self.even_if_empty or bool(newest),
            "labels": [capfirst(str(label_for_field(name, self.model, admin))) for name in names],
            "rows": [
                {
                    "url": reverse(f"{base}_change", args=[row.pk]),
                    "cells": [_cell(name, row, admin) for name in names],
                }
                for row in newest[: self.limit]
            ],
            "more": len(newest) > self.limit
            and f"{reverse(f'{base}_changelist')}?{self.by}={obj.pk}",
        }


def _cell(name: Any, row: Model, admin: ModelAdmin[Any]) -> str:
    """As Django's own list shows it."""
    field, attribute, value = lookup_field(name, row, admin)
    empty = getattr(attribute, "empty_value_display", admin.get_empty_value_display())
    if field is None:
        return str(display_for_value(value, empty, getattr(attribute, "boolean", False)))
    return str(display_for_field(value, field, empty))
