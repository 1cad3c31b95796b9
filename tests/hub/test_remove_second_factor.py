"""The operator's way out for who lost everything."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry, User
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, staff

pytestmark = pytest.mark.django_db


def test_it_removes_all_and_ends_every_session_and_is_recorded(
    owner: User, as_support: HubClient
) -> None:
    TOTP.activate(owner, generate_totp_secret())
    browser, said = staff(owner), StringIO()

    call_command("remove_second_factor", "Owner@acme.example", stdout=said)

    assert "1 removed, 1 sessions ended" in said.getvalue()
    assert not Authenticator.objects.exists()
    assert "/admin/login/" in browser.get("/admin/").url
    assert as_support.get("/admin/").status_code == 200
    with vendor_scope(owner.memberships.get().vendor):
        entry = AuditEntry.objects.get(action="second_factor_removed")
    assert (entry.subject, entry.by_user) == (owner.email, None)


def test_it_knows_nobody_else(db: None) -> None:
    with pytest.raises(CommandError, match="Nobody signs in with"):
        call_command("remove_second_factor", "nobody@example.com")
