"""allauth's pages where ours go on differently."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from accounts.http import client_address
from accounts.models import User
from accounts.services import staff_log
from hub.staff_door import forms, lockout, proofs, tries


class Join(PasswordResetConfirmView):
    """Where somebody new to a team chooses a password. It signs nobody in: the door does that."""

    template_name = "admin/join.html"
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password is saved. Sign in with it."))
        with transaction.atomic():
            staff_log.record("password_chosen", form.user, by_user=form.user)
            return super().form_valid(form)


class CountsTries:
    """allauth counts in the cache, which each process may have for itself."""

    request: HttpRequest

    def prover(self) -> User:
        return self.request.user  # type: ignore[return-value]  # signed in, or it is not asked

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wait := tries.count(self.prover(), client=client_address(request)):
            return lockout.wait_page(request, wait, codes=True)
        answer: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        tries.forget(self.prover())
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return answer


class Prove(CountsTries, AuthenticateView):  # type: ignore[misc]
    form_class = forms.ProofForm

    def prover(self) -> User:
        user: User = self.stage.login.user
        return user


class ProveAgain(CountsTries, ReauthenticateView):  # type: ignore[misc]
    form_class = forms.ProofAgainForm


class ProveAgainByPasskey(CountsTries, ReauthenticateWebAuthnView):  # type: ignore[misc]
    pass


class OnRecord:
    """Their own proofs are changed by those who hold them: `act` says how."""

    request: HttpRequest
    act: str
    kind: str

    def form_valid(self, form: Any) -> HttpResponse:
        person: User = self.request.user  # type: ignore[assignment]  # signed in, or it is not asked
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            staff_log.record(self.act, person, by_user=person, detail={"kind": self.kind})
        return answer


class ActivateApp(OnRecord, ActivateTOTPView):  # type: ignore[misc]
    act, kind = "proof_added", "authenticator app"

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            app = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
            forms.spend(app, form.cleaned_data["code"])
        proofs.remember_enrolment(self.request)
        return response


class RemoveApp(OnRecord, DeactivateTOTPView):  # type: ignore[misc]
    act, kind = "proof_removed", "authenticator app"


class AddPasskey(OnRecord, AddWebAuthnView):  # type: ignore[misc]
    act, kind = "proof_added", "passkey"

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proofs.remember_enrolment(self.request)
        return response


class RemovePasskey(OnRecord, RemoveWebAuthnView):  # type: ignore[misc]
    act, kind = "proof_removed", "passkey"


class NewRecoveryCodes(OnRecord, GenerateRecoveryCodesView):  # type: ignore[misc]
    act, kind = "proof_added", "recovery codes"
