"""Too many wrong passwords from one client: it waits, and nobody else does (django-axes)."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.http import client_address


def name_in(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Whom they tried to be: our sign-in form calls it `login`, Django's backends `email`."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or request.POST.get("login", "")
    return str(name)[:255]


def answer(
    request: HttpRequest, _original: HttpResponse | None, _credentials: dict[str, Any] | None
) -> HttpResponse:
    return wait_page(request, _seconds_left(request))


def wait_page(request: HttpRequest, seconds: int, **context: Any) -> HttpResponse:
    context["minutes"] = -(-seconds // 60)
    response = render(request, "admin/locked_out.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _seconds_left(request: HttpRequest) -> int:
    """Until the newest failure of this client is forgotten."""
    latest = AccessAttempt.objects.filter(ip_address=client_address(request)).order_by(
        "-attempt_time"
    )
    since = latest.values_list("attempt_time", flat=True).first() or timezone.now()
    left = since + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(1, int(left.total_seconds()))
