"""Where there is nothing to show, staff read what is so and are led on."""

import pytest
from bs4 import BeautifulSoup

from accounts.models import Customer
from accounts.services import audit
from accounts.tenancy import vendor_scope
from tests.clients import HubClient
from tests.hub.admin.conftest import admin_url

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
    page = as_owner.get(f"{url}?customer=-1&e=1").text

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
