"""allauth's pages where ours go on differently."""

from __future__ import annotations

from typing import Any

from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy

from hub.staff_door import proofs


class Join(PasswordResetConfirmView):
    """Where somebody new to a team chooses a password. It signs nobody in: the door does that."""

    template_name = "admin/join.html"
    success_url = reverse_lazy("account_login")


class ActivateApp(ActivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proofs.remember_enrolment(self.request)
        return response


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proofs.remember_enrolment(self.request)
        return response
