"""On the platform's host: staff without a second factor get no further than to setting one up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.http import HubRequest
from accounts.models import User
from hub.staff_door import proofs

# By the names of their addresses (hub/staff_door/urls.py).
OPEN_TO_ALL = {"account_login", "account_logout", "mfa_authenticate", "join"}
AGAIN = {"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
ENROLMENT = {"mfa_index", "mfa_activate_totp", "mfa_add_webauthn"}


class SecondFactorMiddleware:
    """One wall before every page, so that no page can forget it."""

    def __init__(self, get_response: Callable[[HubRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HubRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        user = request.user
        if request.vendor or not isinstance(user, User) or proofs.gave_second_factor(request):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        has_one = proofs.has_second_factor(user)
        # Whoever has one proves it; a password alone must not set a further one up.
        if name in OPEN_TO_ALL | AGAIN | (set() if has_one else ENROLMENT):
            return None
        if not has_one:
            return redirect("mfa_index")
        query = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse('mfa_reauthenticate')}?{query}")
