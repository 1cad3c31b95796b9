"""A fresh sign-in before what would hand the hub over: a session may have been picked up."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts import sessions
from accounts.http import CustomerRequest, own_path


def fresh_sign_in_url(back: str) -> str:
    """The page that asks for a fresh sign-in, and leads back afterwards."""
    return f"{reverse('accounts:again')}?{urlencode({'next': back})}"


def after_fresh_sign_in[V: Callable[..., HttpResponse]](view: V) -> V:
    """Answer only who proved the mailbox just now. A page is come back to, a form to the page that
    its field `next` names."""

    @wraps(view)
    def guarded(request: CustomerRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if sessions.is_fresh(request):
            return view(request, *args, **kwargs)
        is_page = request.method in ("GET", "HEAD")
        back = request.get_full_path() if is_page else own_path(request.POST.get("next", ""))
        return redirect(fresh_sign_in_url(back))

    return cast("V", guarded)
