"""Owners add their domains, see the record to set, and press a button when it is there."""

import pytest

from accounts.models import TeamMember, VendorDomain
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, staff
from tests.factories import make_user

NAME = "portal.acme.example"


@pytest.fixture
def page(acme):
    return f"/admin/accounts/vendor/{acme.pk}/domains/"


def test_an_owner_adds_proves_uses_and_removes_a_domain(as_owner, acme, page, name_server):
    def act(act, **fields):
        return as_owner.post(page, {"act": act, **fields}, follow=True).text

    settings = as_owner.get(f"/admin/accounts/vendor/{acme.pk}/change/").text
    assert page in settings
    assert "was added" in act("add", name=" Portal.Acme.EXAMPLE ")
    with vendor_scope(acme):
        domain = VendorDomain.objects.get()

    shown = as_owner.get(page).text
    assert f"<code>_customer-hub.{NAME}</code>" in shown
    assert f"<code>{domain.token}</code>" in shown
    assert "Not in use." in shown
    assert "no such record yet" in act("check", domain=domain.pk)
    assert "once the record was found" in act("use", domain=domain.pk)

    name_server.records[domain.record_name] = ["<b>another</b>", f"and {domain.token}"]
    instead = act("check", domain=domain.pk)
    assert f"“&lt;b&gt;another&lt;/b&gt;” and “and {domain.token}”" in instead

    name_server.records[domain.record_name] = [domain.token]
    assert "the hub answers at this domain" in act("check", domain=domain.pk)
    assert f"<bdi>{NAME}</bdi>, and who comes" in act("use", domain=domain.pk)
    assert HubClient(NAME).get("/").status_code == 200

    assert "Mails now lead to the subdomain." in act("use_subdomain")
    assert "no longer answers there" in act("remove", domain=domain.pk)
    assert HubClient(NAME).get("/").status_code == 404


def test_what_cannot_be_added_is_explained(as_owner, page, name_server):
    for typed, words in {
        "https://acme.example": "without https://",
        "shop.test": "belongs to the platform",
    }.items():
        answer = as_owner.post(page, {"act": "add", "name": typed}, follow=True).text
        assert words in answer
        assert f'value="{typed}"' in answer


def test_what_is_said_is_what_happened(as_owner, acme, page, name_server):
    def act(act, **fields):
        return as_owner.post(page, {"act": act, **fields}, follow=True).text

    assert f"The domain {NAME} was added." in act("add", name=NAME)
    again = act("add", name=NAME)
    assert f"The domain {NAME} is there already." in again
    assert "was added" not in again
    with vendor_scope(acme):
        domain = VendorDomain.objects.get()
    removed = act("remove", domain=domain.pk)
    assert "The domain was removed." in removed
    assert "no longer answers" not in removed


def test_silent_name_servers_are_told(as_owner, page, acme, name_server):
    name_server.fails = True
    as_owner.post(page, {"act": "add", "name": NAME})
    with vendor_scope(acme):
        domain = VendorDomain.objects.get()

    told = as_owner.post(page, {"act": "check", "domain": domain.pk}, follow=True).text

    assert "The name servers do not answer" in told


def test_only_owners_and_only_of_this_vendor(acme, globex, page):
    for role in set(TeamMember.Role) - {TeamMember.Role.OWNER}:
        user = make_user(f"{role}@acme.example", vendor=acme, role=role)
        assert staff(user).get(page).status_code == 403
    stranger = make_user("owner@globex.example", vendor=globex)
    assert staff(stranger).get(page).status_code == 404
    with vendor_scope(acme):
        foreign = VendorDomain.objects.create(vendor=acme, name=NAME)
    theirs = f"/admin/accounts/vendor/{globex.pk}/domains/"
    answer = staff(stranger).post(theirs, {"act": "remove", "domain": foreign.pk})
    assert answer.status_code == 404
