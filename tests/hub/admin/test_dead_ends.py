"""Where there is nothing to show, staff read what is so and are led on."""

import re

import pytest
from bs4 import BeautifulSoup

from accounts.models import Customer, TeamMember, User
from accounts.services import audit
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, bare, staff
from tests.hub.admin.conftest import CANARY, Records, admin_url

pytestmark = pytest.mark.django_db


def test_the_history_of_a_customer_leads_to_the_audit_log(
    as_owner: HubClient, alice: Customer, bob: Customer
) -> None:
    with vendor_scope(alice.vendor):
        audit.record("signed_in", customer=alice, subject="by a link of alice")
        audit.record("signed_in", customer=bob, subject="by a link of bob")
    page = as_owner.get(admin_url("accounts_customer_history", alice.pk)).text

    assert "via this admin site" not in page
    link = BeautifulSoup(page, "html.parser").find("a", string=lambda s: s and "audit log" in s)
    log = as_owner.get(link["href"]).text
    assert "by a link of alice" in log
    assert "by a link of bob" not in log


def test_a_filter_that_is_not_known_is_called_that(as_owner: HubClient, alice: Customer) -> None:
    url = admin_url("accounts_customer_changelist")
    answer = as_owner.get(f"{url}?customer=-1")
    page = answer.text

    assert answer.status_code == 400
    assert "database" not in page
    assert "Filter not known" in page
    assert BeautifulSoup(page, "html.parser").find("a", string="Show the whole list")["href"] == "?"


def test_staff_at_a_wrong_address_are_led_to_the_overview(
    as_owner: HubClient, as_alice: HubClient
) -> None:
    page = as_owner.get("/nowhere/")

    assert page.status_code == 404
    assert "purchases" not in page.text
    link = BeautifulSoup(page.text, "html.parser").find("a", string="To the overview")
    assert as_owner.get(link["href"], follow=True).status_code == 200
    assert "Nothing is wrong with your purchases" in as_alice.get("/nowhere/").text


@pytest.mark.parametrize("asked", ["-1", "x", "", "9" * 40, "987654321"])
def test_the_list_of_a_customer_who_is_not_there_is_empty_and_says_why(
    asked: str, as_owner: HubClient, acmes: Records
) -> None:
    for model in ("billing_transaction", "accounts_auditentry", "invoices_document"):
        url = admin_url(f"{model}_changelist")
        assert "Watercolour" in as_owner.get(url).text
        page = as_owner.get(url, {"customer": asked}).text
        assert "There is no such customer, or none that you may see." in page
        assert "Watercolour" not in page


def test_another_vendors_customer_is_as_one_who_never_was(
    as_owner: HubClient, owner: User, acmes: Records, globexes: Records
) -> None:
    """Also where the person works for that vendor, but not with its customers."""
    TeamMember.objects.create(vendor=globexes.customer.vendor, user=owner, role="settings")
    url = admin_url("billing_transaction_changelist")
    ids = (globexes.customer.pk, 987654321)
    pages = [
        re.sub(rf"\b({ids[0]}|{ids[1]})\b", "", bare(as_owner.get(url, {"customer": asked})))
        for asked in ids
    ]
    assert pages[0] == pages[1]
    assert CANARY not in pages[0]
    ours = as_owner.get(url, {"customer": acmes.customer.pk}).text
    assert "Watercolour" in ours


@pytest.mark.parametrize(
    ("model", "query", "words"),
    [
        ("billing_transaction", {"vendor": "x"}, "no such vendor"),
        ("billing_failure", {"state": "x"}, "no such choice"),
        ("billing_action", {"outcome": "x"}, "no such choice"),
        ("billing_stripeevent", {"handled": "x"}, "no such choice"),
        ("billing_transaction", {"kind__exact": "x"}, "Nothing matches."),
        ("billing_transaction", {"kind": "x"}, "Nothing matches."),
        ("accounts_auditentry", {"at__gte": "x"}, "Filter not known"),
        ("billing_transaction", {"id__exact": "x"}, "Filter not known"),
    ],
)
def test_what_names_nothing_never_leads_to_the_whole_list(
    model: str, query: dict[str, str], words: str, as_owner: HubClient, acmes: Records
) -> None:
    url = admin_url(f"{model}_changelist")
    page = as_owner.get(url, query, follow=True).text
    assert words in page
    assert "Watercolour" not in page


def test_operators_lists_say_so_as_well(db: None) -> None:
    root = staff(User.objects.create_superuser("root@hub.example"))
    for model in ("accounts_user", "accounts_policyreport", "accounts_platformentry"):
        page = root.get(admin_url(f"{model}_changelist"), {"id__exact": "x"})
        assert "Filter not known" in page.text
        assert page.status_code == 400
