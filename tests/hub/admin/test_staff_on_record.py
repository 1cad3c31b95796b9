"""What is done to staff, by operators, owners or themselves, stands in the log; no secret does."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command

from accounts.models import AuditEntry, PlatformEntry, TeamMember, User, Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, staff
from tests.factories import make_user
from tests.hub.admin.conftest import admin_url
from tests.hub.admin.test_vendor_settings import errors, filled_form, save
from tests.hub.test_staff_passwords import GOOD, at, newcomer, through_join  # noqa: F401

pytestmark = pytest.mark.django_db

type Told = tuple[str, str, str, dict[str, Any]]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@hub.example", "correct horse")


@pytest.fixture
def as_root(root: User) -> HubClient:
    return staff(root)


def told(vendor: Vendor | None = None) -> list[Told]:
    """By the platform's log or the vendor's: what, about whom, by whom, and the details."""
    entries: Any = PlatformEntry.objects.all()
    with vendor_scope(vendor):
        if vendor:
            entries = AuditEntry.objects.all()
            assert audit.verify(vendor).broken_at is None
        rows = list(entries.order_by("number").select_related("by_user"))
    assert audit.verify_platform().broken_at is None
    assert all(row.client == "127.0.0.1" for row in rows)
    return [(row.action, row.subject, str(row.by_user), row.detail) for row in rows]


def change(browser: HubClient, person: User, *unticked: str, **typed: str) -> None:
    """A box that is not ticked is not sent."""
    url = admin_url("accounts_user_change", person.pk)
    form = {name: it for name, it in filled_form(browser, url).items() if name not in unticked}
    answer = browser.post(url, form | typed)
    assert answer.status_code == 302, answer.text


def test_a_person_added_by_an_operator(as_root: HubClient, globex: Vendor) -> None:
    url = admin_url("accounts_user_add")
    secret = "canary long in Lyon"
    typed = {"email": "new@team.example", "usable_password": "true"}
    place = {"memberships-0-vendor": str(globex.pk), "memberships-0-role": "support"}
    form = filled_form(as_root, url) | typed | place | {"memberships-TOTAL_FORMS": "1"}
    answer = as_root.post(url, form | {"password1": secret, "password2": secret})
    assert answer.status_code == 302, answer.text

    of_person = {"user.email": ["", "new@team.example"], "with_password": True}
    by = ("staff_added", "new@team.example", "root@hub.example")
    assert told() == [(*by, of_person | {"team[globex].role": ["", "support"]})]
    own = {"teammember[new@team.example].role": ["", "support"]}
    assert told(globex) == [(*by, of_person | own)]


def test_suspension_and_further_rights_before_and_after(
    as_root: HubClient, support: User, acme: Vendor
) -> None:
    change(as_root, support, "is_active", is_superuser="on", first_name="Sue")

    detail = {
        "user.first_name": ["", "Sue"],
        "user.is_active": ["True", "False"],
        "user.is_superuser": ["False", "True"],
    }
    expected = [("staff_changed", support.email, "root@hub.example", detail)]
    assert told() == expected
    assert told(acme) == expected


def test_a_role_moved_to_another_vendor_is_told_to_each_as_its_own(
    as_root: HubClient, support: User, acme: Vendor, globex: Vendor
) -> None:
    change(as_root, support, **{"memberships-0-vendor": str(globex.pk)})

    by = ("staff_changed", support.email, "root@hub.example")
    name = f"teammember[{support.email}].role"
    moves = {"team[acme].role": ["support", ""], "team[globex].role": ["", "support"]}
    assert told() == [(*by, moves)]
    assert told(acme) == [(*by, {name: ["support", ""]})]
    assert told(globex) == [(*by, {name: ["", "support"]})]


def test_what_changed_at_another_vendor_only_is_not_told_here(
    as_root: HubClient, support: User, acme: Vendor, globex: Vendor
) -> None:
    TeamMember.objects.create(vendor=globex, user=support, role="support")
    change(as_root, support, **{"memberships-1-role": "settings"})

    assert len(told()) == len(told(globex)) == 1
    assert told(acme) == []


def test_a_form_that_changes_nothing_leaves_nothing(as_root: HubClient, support: User) -> None:
    change(as_root, support)
    assert told() == []


def test_a_password_set_by_an_operator_leaves_no_trace_of_itself(
    as_root: HubClient, support: User, acme: Vendor
) -> None:
    url = admin_url("auth_user_password_change", support.pk)
    refused = {"usable_password": "true", "password1": "1", "password2": "1"}
    assert as_root.post(url, refused).status_code == 200
    assert told() == []
    given = {"usable_password": "true", "password1": GOOD, "password2": GOOD}
    assert as_root.post(url, given).status_code == 302

    expected = [("staff_password_set", support.email, "root@hub.example", {"usable": True})]
    assert told() == expected
    assert told(acme) == expected


def test_ones_own_password(support: User, newcomer: User) -> None:  # noqa: F811
    through_join(newcomer, GOOD)
    support.set_password("correct horse")
    support.save()
    given = {"old_password": "wrong", "new_password1": GOOD, "new_password2": GOOD}
    staff(support).post(at("admin:password_change"), given)
    staff(support).post(at("admin:password_change"), given | {"old_password": "correct horse"})

    assert told() == [
        ("password_chosen", newcomer.email, newcomer.email, {}),
        ("password_chosen", support.email, support.email, {}),
    ]


def test_a_second_factor_given_up_and_new_codes(support: User, acme: Vendor) -> None:
    TOTP.activate(support, generate_totp_secret())
    browser = staff(support)
    assert browser.post("/admin/second-factor/recovery-codes/new/").status_code == 302
    assert browser.post("/admin/second-factor/app/remove/").status_code == 302

    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
    expected = [
        ("proof_added", support.email, support.email, {"kind": "recovery codes"}),
        ("proof_removed", support.email, support.email, {"kind": "authenticator app"}),
    ]
    assert told() == expected
    assert told(acme) == expected


def test_a_second_factor_taken_away_from_who_is_in_no_team(root: User) -> None:
    TOTP.activate(root, generate_totp_secret())
    call_command("remove_second_factor", root.email, stdout=StringIO())

    with vendor_scope(None):
        entry = PlatformEntry.objects.get()
    assert (entry.action, entry.subject) == ("second_factor_removed", root.email)


def test_who_an_owner_makes_known_to_the_platform(as_owner: HubClient, acme: Vendor) -> None:
    new = {"team-1-email": "new@team.example", "team-1-role": "support", "team-TOTAL_FORMS": "2"}
    assert not errors(save(as_owner, admin_url("accounts_vendor_change", acme.pk), **new))

    detail = {"team[acme].role": ["", "support"]}
    assert told() == [("staff_added", "new@team.example", "owner@acme.example", detail)]


def test_a_vendor_added_by_an_operator(as_root: HubClient) -> None:
    url = admin_url("accounts_vendor_add")
    typed = {"name": "Initech", "subdomain": "initech", "support_email": "help@initech.example"}
    typed |= {"legal_name": "Initech LLC", "legal_address": "4120 Freidrich Lane, Austin"}
    answer = as_root.post(url, filled_form(as_root, url) | typed)
    assert answer.status_code == 302, answer.text

    initech = Vendor.objects.get(subdomain="initech")
    ((action, subject, by, detail),) = told(initech)
    assert (action, subject, by) == ("vendor_added", "Initech", "root@hub.example")
    assert detail["vendor.support_email"] == ["", "help@initech.example"]


def test_operators_alone_read_the_platforms_log(
    as_root: HubClient, as_owner: HubClient, support: User
) -> None:
    change(as_root, support, first_name="Sue")
    with vendor_scope(None):
        entry = PlatformEntry.objects.get()
    page = admin_url("accounts_platformentry_change", entry.pk)
    listed = admin_url("accounts_platformentry_changelist")

    assert support.email in as_root.get(listed, {"q": "support"}).text
    assert "Person or role changed by an operator" in as_root.get(page).text
    assert as_root.post(page, {"subject": "x"}).status_code == 403
    assert "Platform log" in as_root.get("/admin/").text
    assert "Platform log" not in as_owner.get("/admin/").text
    assert as_owner.get(listed).status_code == 403
    assert as_owner.get(page).status_code in {302, 403}
    other = staff(make_user("other@team.example"))
    assert other.get(listed).status_code == 403
