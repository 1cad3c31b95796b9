"""What this session has proved: a password, a second factor, and how long ago.

allauth keeps a record of each proof in the session, with the person it was given for.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User

FRESH_FOR = timedelta(minutes=15)
DRAWN_OPEN = "drawn_open"
STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved who they are just now; what was begun then may be finished."""
    limit = FRESH_FOR if request.method in ("GET", "HEAD") else 2 * FRESH_FOR
    since = time.time() - limit.total_seconds()
    return any(proof["at"] > since for proof in _proofs(request))


def opens_form(request: HttpRequest) -> bool:
    """Whether the locked part of a form is open. Of a page that was drawn locked nothing of that
    part was sent: read as open, every empty place would be a change."""
    was_drawn_open = request.method in ("GET", "HEAD") or DRAWN_OPEN in request.POST
    return was_drawn_open and is_fresh(request)


def again_url(back: str) -> str:
    """Where the person proves it once more, and from there back to this page."""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"


def gave_second_factor(request: HttpRequest) -> bool:
    """In the demo a password is enough; a setting that HTTPS refuses."""
    if not settings.SECOND_FACTOR_REQUIRED:
        return True
    return any(proof["method"] == "mfa" for proof in _proofs(request))


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=STRONG).exists())


def remember_enrolment(request: HttpRequest) -> None:
    """Who has just set a second factor up has shown that they hold it."""
    record_authentication(request, request.user, "mfa", enrolled=True)


def _proofs(request: HttpRequest) -> list[dict[str, Any]]:
    proofs: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return proofs
