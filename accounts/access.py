"""Every page is private unless it says otherwise."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.views.decorators.http import require_POST

type View = Callable[..., HttpResponseBase]


def public[V: Callable[..., Any]](view: V) -> V:
    """Mark a view that anyone on the vendor's host may open."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_public", False)


def post_only[V: Callable[..., Any]](view: V) -> V:
    """Mark a private view that forms are sent to: there is nothing to come back to."""
    view.is_post_only = True  # type: ignore[attr-defined]
    return require_POST(view)


def is_post_only(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_post_only", False)
