"""A code of an authenticator app opens once. allauth remembers that in the cache, which each
process may have for itself; here the app's row does, for all of them."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    normalize_user_code,
    yield_hotp_counters_from_time,
)
from django.db import transaction

NEWEST = "newest_counter"
"""In the row's data: the half minute of the newest code that was taken (RFC 6238, 5.2)."""


class SpendsCode:
    authenticator: Authenticator
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        # Recovery codes are struck out in their row already.
        if self.authenticator.type == Authenticator.Type.TOTP and not spend(
            self.authenticator, code
        ):
            raise get_adapter().validation_error("incorrect_code")
        return code


class ProofForm(SpendsCode, AuthenticateForm):  # type: ignore[misc]
    pass


class ProofAgainForm(SpendsCode, ReauthenticateForm):  # type: ignore[misc]
    pass


@transaction.atomic
def spend(app: Authenticator, code: str) -> bool:
    """Whether neither this code nor a newer one was taken before."""
    row = Authenticator.objects.select_for_update().get(pk=app.pk)
    secret = get_adapter().decrypt(row.data["secret"])
    unspent = [
        counter
        for counter in yield_hotp_counters_from_time()
        if counter > row.data.get(NEWEST, 0)
        and format_hotp_value(hotp_value(secret, counter)) == normalize_user_code(code)
    ]
    if unspent:
        row.data[NEWEST] = min(unspent)
        row.save(update_fields=["data"])
    return bool(unspent)
