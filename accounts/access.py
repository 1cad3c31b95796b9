"""Every page is private unless it says otherwise."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase

type View = Callable[..., HttpResponseBase]


def public[V: Callable[..., Any]](view: V) -> V:
    """Mark a view that anyone on the vendor's host may open."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_public", False)
