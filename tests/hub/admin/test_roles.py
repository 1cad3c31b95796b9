"""Each role against each page; what a role may not do, it is not offered either."""

import pytest

from accounts.models import TeamMember, Vendor
from tests.clients import HubClient
from tests.hub.admin.conftest import RECORD_MODELS, Records, admin_url

pytestmark = pytest.mark.django_db

ROLES = TeamMember.Role.values
CUSTOMER_ROLES = {"owner", "support", "read_only"}
SETTINGS_ROLES = {"owner", "settings"}
LINK_ROLES = {"owner", "support"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", RECORD_MODELS)
def test_records_are_read_by_those_who_look_after_customers(
    role: str, model: str, team: dict[str, HubClient], acmes: Records
) -> None:
    listed = team[role].get(admin_url(f"{model}_changelist"))
    assert listed.status_code == (200 if role in CUSTOMER_ROLES else 403)
    page = team[role].get(acmes.url(model), follow=True)
    assert ("readonly" in page.content.decode()) == (role in CUSTOMER_ROLES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", RECORD_MODELS)
def test_nobody_changes_adds_or_deletes_a_record(
    role: str, model: str, team: dict[str, HubClient], acmes: Records
) -> None:
    for url in (acmes.url(model), admin_url(f"{model}_delete", acmes.rows[model].pk)):
        assert team[role].post(url, {"post": "yes"}).status_code in {302, 403}
    assert team[role].post(admin_url(f"{model}_add"), {}).status_code == 403
    acmes.rows[model].refresh_from_db()


@pytest.mark.parametrize("role", ROLES)
def test_everyone_reads_the_settings_and_some_change_them(
    role: str, team: dict[str, HubClient], acme: Vendor
) -> None:
    page = team[role].get(admin_url("accounts_vendor_change", acme.pk)).content.decode()
    assert "help@acme.example" in page
    assert ('name="_save"' in page) == (role in SETTINGS_ROLES)
    answer = team[role].post(admin_url("accounts_vendor_change", acme.pk), {"name": "New"})
    assert answer.status_code == (200 if role in SETTINGS_ROLES else 403)


@pytest.mark.parametrize("role", ROLES)
def test_only_owners_see_the_team(role: str, team: dict[str, HubClient], acme: Vendor) -> None:
    page = team[role].get(admin_url("accounts_vendor_change", acme.pk)).content.decode()
    assert ("team-0-role" in page) == (role == "owner")


@pytest.mark.parametrize("role", ROLES)
def test_only_owners_reach_the_keys_and_are_shown_the_way(
    role: str, team: dict[str, HubClient], acme: Vendor
) -> None:
    keys = admin_url("accounts_vendor_stripe", acme.pk)
    assert team[role].get(keys).status_code == (200 if role == "owner" else 403)
    page = team[role].get(admin_url("accounts_vendor_change", acme.pk)).content.decode()
    assert (keys in page) == (role == "owner")
    assert "None yet." in page


@pytest.mark.parametrize("role", ROLES)
def test_only_owners_and_support_send_profile_links(
    role: str, team: dict[str, HubClient], acmes: Records
) -> None:
    transaction = acmes.rows["billing_transaction"]
    page = team[role].get(acmes.url("billing_transaction"), follow=True).content.decode()
    assert ("Send profile link" in page) == (role in LINK_ROLES)
    url = admin_url("billing_transaction_send_profile_link", transaction.pk)
    expected = {"owner": 200, "support": 200, "read_only": 403, "settings": 404}
    assert team[role].get(url).status_code == expected[role]
    assert team[role].post(url).status_code == (302 if role in LINK_ROLES else expected[role])


@pytest.mark.parametrize("role", ROLES)
def test_nobody_in_a_team_adds_vendors_or_sees_all_staff(
    role: str, team: dict[str, HubClient], acme: Vendor
) -> None:
    assert team[role].get(admin_url("accounts_vendor_add")).status_code == 403
    assert team[role].get(admin_url("accounts_user_changelist")).status_code == 403
    assert "Staff" not in team[role].get(admin_url("index")).content.decode()


def test_a_suspended_member_is_asked_to_sign_in(team: dict[str, HubClient], acmes: Records) -> None:
    TeamMember.objects.get(role="owner").user.__class__.objects.update(is_active=False)
    answer = team["owner"].get(acmes.url("billing_transaction"))
    assert answer.status_code == 302
    assert "/login/" in answer.url


def test_the_overview_has_the_vendors_words_and_none_of_djangos(
    as_owner: HubClient, acmes: Records
) -> None:
    page = as_owner.get(admin_url("index")).content.decode()
    for word in ("Settings", "Customers", "Money", "Documents", "Log", "Transactions"):
        assert word in page
    assert "Billing" not in page
    assert "Django" not in page
