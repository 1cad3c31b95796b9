"""A vendor's team: who joins and who leaves; owners alone decide, after a fresh sign-in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.utils.http import urlencode

from accounts.models import AuditEntry, SentMail, TeamMember, User, Vendor
from accounts.tenancy import vendor_scope
from hub.admin import invitations
from tests.clients import HubClient, staff
from tests.factories import make_user
from tests.hub.admin.conftest import admin_url
from tests.hub.admin.test_vendor_settings import errors, filled_form, save

pytestmark = pytest.mark.django_db

STALE = timedelta(minutes=16)
LATE = timedelta(minutes=31)


@pytest.fixture
def settings_url(acme: Vendor) -> str:
    return admin_url("accounts_vendor_change", acme.pk)


@pytest.fixture
def remove(as_owner: HubClient, settings_url: str, django_capture_on_commit_callbacks: Any) -> Any:
    """An owner deletes the second member."""

    def act() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            assert not errors(save(as_owner, settings_url, **{"team-1-DELETE": "on"}))

    return act


def test_an_owner_adds_a_member_who_is_invited_and_chooses_a_password(
    as_owner: HubClient,
    acme: Vendor,
    settings_url: str,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    new = {"team-1-email": "New@Team.example", "team-1-role": "support", "team-TOTAL_FORMS": "2"}
    with django_capture_on_commit_callbacks(execute=True):
        page = save(as_owner, settings_url, **new)
    assert not errors(page)
    (mail,) = mailoutbox
    assert mail.to == ["new@team.example"]
    link = next(word for word in mail.body.split() if "/admin/join/" in word)
    assert link not in page.decode()
    assert not User.objects.get(email="new@team.example").has_usable_password()

    browser = HubClient("hub.test")
    form = browser.get(link.partition("hub.test")[2], follow=True)
    chosen = {"new_password1": "a long day in Lyon", "new_password2": "a long day in Lyon"}
    door = browser.post(form.redirect_chain[-1][0], chosen, follow=True).content.decode()
    assert "Your password is saved. Sign in with it." in door
    given = {"login": "new@team.example", "password": "a long day in Lyon"}
    assert browser.post("/admin/login/", given).status_code == 302
    again = HubClient("hub.test").get(link.partition("hub.test")[2], follow=True)
    assert b"no longer works" in again.content


def test_an_invitation_is_sent_again_with_a_new_link(
    as_owner: HubClient, acme: Vendor, settings_url: str, mailoutbox: list[Any]
) -> None:
    new = User.objects.create_user("new@team.example", is_staff=True)
    member = TeamMember.objects.create(vendor=acme, user=new)
    assert "Send the invitation again" in as_owner.get(settings_url).content.decode()

    url = admin_url("accounts_vendor_invite-again", acme.pk)
    as_owner.post(url, {"member": member.pk})

    (mail,) = mailoutbox
    assert mail.to == ["new@team.example"]
    assert "/admin/join/" in mail.body
    here_already = TeamMember.objects.exclude(pk=member.pk).get()
    assert as_owner.post(url, {"member": here_already.pk}).status_code == 404


def test_who_is_removed_is_told_and_out_at_the_next_request(
    remove: Callable[[], None], support: User, mailoutbox: list[Any]
) -> None:
    browser = staff(support)
    customers = admin_url("accounts_customer_changelist")
    assert browser.get(customers).status_code == 200

    remove()

    assert browser.get(customers).status_code == 403
    (mail,) = mailoutbox
    assert mail.to == [support.email]
    assert mail.subject == "You are no longer in the team of Acme"


def test_an_invitation_that_was_cancelled_opens_nothing(
    remove: Callable[[], None], as_owner: HubClient, acme: Vendor, mailoutbox: list[Any]
) -> None:
    new = User.objects.create_user("new@team.example", is_staff=True)
    member = TeamMember.objects.create(vendor=acme, user=new)
    as_owner.post(admin_url("accounts_vendor_invite-again", acme.pk), {"member": member.pk})
    link = next(word for word in mailoutbox[0].body.split() if "/admin/join/" in word)

    remove()

    page = HubClient("hub.test").get(link.partition("hub.test")[2], follow=True)
    assert "no longer works" in page.content.decode()


def test_an_invitation_of_another_vendor_stays_good(
    remove: Callable[[], None], acme: Vendor, globex: Vendor, mailoutbox: list[Any]
) -> None:
    new = User.objects.create_user("new@team.example", is_staff=True)
    TeamMember.objects.create(vendor=acme, user=new)
    elsewhere = TeamMember.objects.create(vendor=globex, user=new)
    invitations.invite(elsewhere, by=new)
    link = next(word for word in mailoutbox[0].body.split() if "/admin/join/" in word)

    remove()

    page = HubClient("hub.test").get(link.partition("hub.test")[2], follow=True)
    assert "Choose a password" in page.content.decode()
    assert new.memberships.get() == elsewhere


def test_a_team_keeps_an_owner(as_owner: HubClient, acme: Vendor, settings_url: str) -> None:
    for change in ({"team-0-role": "support"}, {"team-0-DELETE": "on"}):
        assert "at least one owner" in errors(save(as_owner, settings_url, **change))
    assert acme.team.get().role == TeamMember.Role.OWNER


def test_an_operator_leaves_it_one_too(
    as_superuser: HubClient, owner: User, acme: Vendor, globex: Vendor
) -> None:
    url = admin_url("accounts_user_change", owner.pk)
    form = {"email": owner.email, "is_active": "on", "date_joined_0": "", "date_joined_1": ""}
    row = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(owner.memberships.get().pk),
        "memberships-0-user": str(owner.pk),
        "memberships-0-vendor": str(acme.pk),
        "memberships-0-role": "owner",
    }
    for change in (
        {"memberships-0-role": "support"},
        {"memberships-0-DELETE": "on"},
        {"memberships-0-vendor": str(globex.pk)},
    ):
        answer = as_superuser.post(url, form | row | change)
        assert "at least one owner" in answer.content.decode()
    make_user("second@acme.example", vendor=acme)
    answer = as_superuser.post(url, form | row | {"memberships-0-role": "support"})
    assert answer.status_code == 302, answer.content.decode()


@pytest.mark.parametrize("page", ["stripe", "connect", "disconnect", "domains", "invite-again"])
def test_what_could_hand_the_money_over_needs_a_fresh_sign_in(
    page: str, owner: User, acme: Vendor
) -> None:
    url = admin_url(f"accounts_vendor_{page}", acme.pk)
    assert "/admin/again/" not in staff(owner).get(url).headers.get("Location", "")
    assert staff(owner, ago=STALE).get(url).url == f"/admin/again/?{urlencode({'next': url})}"
    assert "/admin/again/" in staff(owner, ago=LATE).post(url, {"clear": "on"}).url
    assert "/admin/again/" not in staff(owner, ago=STALE).post(url).headers.get("Location", "")


def test_the_team_and_what_support_may_see_are_locked_without_one(
    owner: User, as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    fresh = filled_form(as_owner, settings_url)
    assert "team-0-role" in fresh
    stale = staff(owner, ago=LATE)
    page = stale.get(settings_url).content.decode()
    assert "Show that it is still you" in page
    assert 'name="team-0-role"' not in page
    assert 'name="support_may_view"' not in page

    added = {"team-1-email": "thief@example.com", "team-1-role": "owner", "team-TOTAL_FORMS": "2"}
    stale.post(settings_url, fresh | added)
    locked = {"support_may_view": "on", "team-0-role": "support"}
    stale.post(settings_url, fresh | locked | {"support_phone": "+353 1 555 0112"})

    acme.refresh_from_db()
    assert acme.support_phone == "+353 1 555 0112"
    assert not acme.support_may_view
    member = acme.team.get()
    assert (member.user, member.role) == (owner, "owner")
    with vendor_scope(acme):
        assert not SentMail.objects.exists()


@pytest.mark.parametrize("minutes", [16, 29])
def test_a_page_that_was_drawn_locked_leaves_the_team_alone(
    minutes: int, owner: User, acme: Vendor, settings_url: str
) -> None:
    """A form once begun may be sent for half an hour: what was not in it says nothing."""
    make_user("it@acme.example", vendor=acme, role=TeamMember.Role.SUPPORT)
    Vendor.objects.filter(pk=acme.pk).update(support_may_view=True)
    stale = staff(owner, ago=timedelta(minutes=minutes))

    assert not errors(save(stale, settings_url, support_phone="+353 1 555 0112"))

    acme.refresh_from_db()
    assert (acme.support_phone, acme.support_may_view) == ("+353 1 555 0112", True)
    assert sorted(acme.team.values_list("role", flat=True)) == ["owner", "support"]


def test_a_page_that_was_drawn_open_can_be_sent_a_little_later(
    as_owner: HubClient, owner: User, acme: Vendor, settings_url: str
) -> None:
    make_user("it@acme.example", vendor=acme, role=TeamMember.Role.SUPPORT)
    rows = acme.team.order_by("pk").values_list("role", flat=True)
    place = list(rows).index("support")
    form = filled_form(as_owner, settings_url) | {"support_may_view": "on"}

    too_late = staff(owner, ago=LATE)
    too_late.post(settings_url, form | {f"team-{place}-role": "owner"})
    assert "support" in rows.all()

    in_time = staff(owner, ago=timedelta(minutes=20))
    in_time.post(settings_url, form | {f"team-{place}-role": "read_only"})
    acme.refresh_from_db()
    assert acme.support_may_view
    assert rows.all()[place] == "read_only"


def test_a_role_that_was_not_sent_is_asked_for_and_never_falls_to_the_first(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    form = filled_form(as_owner, settings_url)
    new = {"team-1-email": "new@acme.example", "team-TOTAL_FORMS": "2"}
    form = {name: value for name, value in form.items() if name != "team-0-role"} | new
    page = BeautifulSoup(as_owner.post(settings_url, form).content, "html.parser")

    assert "This field is required" in errors(page)
    for place in ("0", "1", "__prefix__"):
        (select,) = page.select(f"[name=team-{place}-role]")
        assert select.select_one("option[selected]") in (None, select.option)
        assert select.option["value"] == ""
    assert acme.team.get().role == TeamMember.Role.OWNER


def test_a_locked_team_says_who_is_in_it(owner: User, settings_url: str) -> None:
    page = BeautifulSoup(staff(owner, ago=STALE).get(settings_url).content, "html.parser")

    (label,) = page.select("#team-group .fieldBox.field-email label")
    (shown,) = page.select("#team-group .fieldBox.field-email .readonly")
    assert (label.text.rstrip(":"), shown.text.strip()) == ("E-mail", owner.email)


def test_only_owners_decide_what_support_may_see(acme: Vendor, settings_url: str) -> None:
    editor = make_user("settings@acme.example", vendor=acme, role=TeamMember.Role.SETTINGS)
    browser = staff(editor)
    browser.post(settings_url, filled_form(browser, settings_url) | {"support_may_view": "on"})
    acme.refresh_from_db()
    assert not acme.support_may_view


def test_each_change_of_the_team_is_recorded_with_whose_it_is(
    as_owner: HubClient, owner: User, acme: Vendor, settings_url: str
) -> None:
    """In one save: one rises, one steps back, one goes, one comes."""
    for name in ("a", "b", "c"):
        make_user(f"{name}@acme.example", vendor=acme, role=TeamMember.Role.SUPPORT)
    place = {member.user.email[0]: n for n, member in enumerate(acme.team.order_by("pk"))}
    changes = {
        f"team-{place['a']}-role": "owner",
        f"team-{place['b']}-role": "read_only",
        f"team-{place['c']}-DELETE": "on",
        "team-4-email": "New@Acme.example",
        "team-4-role": "support",
        "team-TOTAL_FORMS": "5",
    }

    assert not errors(save(as_owner, settings_url, **changes))

    with vendor_scope(acme):
        entry = AuditEntry.objects.get(action="vendor_changed")
    assert entry.detail == {
        "teammember[a@acme.example].role": ["support", "owner"],
        "teammember[b@acme.example].role": ["support", "read_only"],
        "teammember[c@acme.example].email": ["c@acme.example", ""],
        "teammember[c@acme.example].role": ["support", ""],
        "teammember[new@acme.example].email": ["", "new@acme.example"],
        "teammember[new@acme.example].role": ["", "support"],
    }
