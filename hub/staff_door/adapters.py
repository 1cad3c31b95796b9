"""What allauth asks of us: staff are invited, known by their address, and never sign up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode

from accounts import secrets
from accounts.http import client_address
from accounts.models import User
from hub.staff_door import proofs

# allauth speaks of security keys where our pages say passkey.
WAYS_TO_PROVE = {
    "reauthenticate": gettext_lazy("Use your password"),
    "mfa_reauthenticate": gettext_lazy("Use a code"),
    "mfa_reauthenticate:webauthn": gettext_lazy("Use your passkey"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Wrong passwords are counted by django-axes, for each client and not for each account: nobody
    can be locked out of their account by somebody else."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        return authenticate(request, **credentials)

    def reauthenticate(self, user: User, password: str) -> bool:
        known = self.authenticate(context.request, email=user.email, password=password)
        return known is not None and known.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of a moment ago is as good as a second one."""
        return not proofs.is_fresh(context.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": WAYS_TO_PROVE[way["id"]]} for way in ways]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed like all others; a passkey belongs to the platform's host."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("Incorrect code, or one that was used already."),
    }

    def encrypt(self, text: str) -> str:
        return secrets.seal(text, place=secrets.STAFF_PROOFS)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(encrypted_text, place=secrets.STAFF_PROOFS)

    def build_totp_svg(self, url: str) -> str:
        """To stand in the page itself, so that the content policy needs no data: images."""
        code = QRCode(border=2, image_factory=SvgPathImage)
        code.add_data(url)
        return str(code.make_image().to_string(encoding="unicode"))

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user=user, type=type).count()
        return str(gettext("Passkey %s") % (count + 1))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": settings.PLATFORM_HOST, "name": "Customer Hub"}
