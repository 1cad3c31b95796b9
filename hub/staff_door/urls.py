"""Where staff sign in, prove a second factor, and set one up: of allauth's pages exactly these."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from django.urls import path
from django.views.decorators.http import require_POST
from django.views.generic import RedirectView

from hub.staff_door import views

urlpatterns = [
    # They stand where Django's admin has its own.
    path("login/", account.login, name="account_login"),
    path("logout/", require_POST(account.logout), name="account_logout"),
    path("join/<uidb64>/<token>/", views.Join.as_view(), name="join"),
    path("again/", account.reauthenticate, name="account_reauthenticate"),
    path("again/code/", views.ProveAgain.as_view(), name="mfa_reauthenticate"),
    path(
        "again/passkey/",
        views.ProveAgainByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("second-factor/", mfa.index, name="mfa_index"),
    path("second-factor/proof/", views.Prove.as_view(), name="mfa_authenticate"),
    path("second-factor/app/", views.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("second-factor/app/remove/", views.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path(
        "second-factor/passkeys/",
        RedirectView.as_view(pattern_name="mfa_index"),
        name="mfa_list_webauthn",
    ),
    path("second-factor/passkeys/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "second-factor/passkeys/<int:pk>/remove/",
        views.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "second-factor/recovery-codes/",
        recovery_codes.view_recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-factor/recovery-codes/new/",
        views.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
