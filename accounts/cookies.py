"""What a browser keeps for us besides its session: its key, what it asked, its language."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import LINK_LIFETIME

KEY_AGE = timedelta(hours=1)
LANGUAGE_AGE = timedelta(days=365)


def browser_key(request: HttpRequest) -> str:
    """Nothing for a browser that has not asked for a link."""
    return request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")


def new_browser_key() -> str:
    return secrets.token_urlsafe(24)


def remember_request(response: HttpResponse, *, key: str, address: str) -> None:
    """That this browser asked for a link, so that one press of a button will do in it."""
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        key,
        max_age=KEY_AGE,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    response.set_signed_cookie(
        settings.ASKED_COOKIE_NAME,
        address,
        max_age=LINK_LIFETIME,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def asked_address(request: HttpRequest) -> str:
    """The address this browser last asked a link for; nothing once that link is too old."""
    return request.get_signed_cookie(settings.ASKED_COOKIE_NAME, "", max_age=LINK_LIFETIME) or ""


def remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_AGE,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
