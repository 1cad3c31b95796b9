"""Acme's staff meet nothing of Globex, wherever they look."""

import pytest
from django.urls import reverse

from accounts.models import TeamMember, Vendor
from tests.clients import HubClient, staff
from tests.factories import make_user
from tests.hub.admin.conftest import (
    CANARY,
    PLATFORM_URLS,
    RECORD_MODELS,
    Records,
    admin_url,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", RECORD_MODELS)
def test_a_list_shows_the_own_vendors_rows_only(
    model: str, as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    page = as_owner.get(admin_url(f"{model}_changelist")).content.decode()
    assert f"/{acmes.rows[model].pk}/change/" in page
    assert f"/{globexes.rows[model].pk}/change/" not in page.replace(
        f"/{acmes.rows[model].pk}/change/", ""
    )
    assert CANARY not in page
    assert "Globex" not in page


@pytest.mark.parametrize("model", RECORD_MODELS)
def test_a_search_for_the_other_vendors_words_finds_nothing(
    model: str, as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    page = as_owner.get(admin_url(f"{model}_changelist"), {"q": CANARY})
    assert "Nothing matches" in page.content.decode()


@pytest.mark.parametrize("model", RECORD_MODELS)
@pytest.mark.parametrize("page", ["change", "history"])
def test_a_foreign_record_answers_like_one_that_never_was(
    model: str, page: str, as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    foreign = as_owner.get(admin_url(f"{model}_{page}", globexes.rows[model].pk), follow=True)
    assert CANARY not in foreign.content.decode()
    assert foreign.redirect_chain[0][0].endswith("/admin/")


@pytest.mark.parametrize("model", RECORD_MODELS)
def test_an_own_record_can_be_read(
    model: str, as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    page = as_owner.get(acmes.url(model))
    assert page.status_code == 200
    assert CANARY not in page.content.decode()
    assert 'name="_save"' not in page.content.decode()


def test_a_filter_for_the_other_vendor_or_its_customer_shows_nothing_of_it(
    as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    url = admin_url("billing_transaction_changelist")
    for query in ({"vendor": globexes.customer.vendor_id}, {"customer": globexes.customer.pk}):
        page = as_owner.get(url, query).content.decode()
        assert CANARY not in page
        assert "Globex" not in page


def test_a_lookup_across_relations_is_refused_or_empty(
    as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    url = admin_url("billing_transaction_changelist")
    page = as_owner.get(url, {"customer__name__startswith": CANARY[:3]}, follow=True)
    assert CANARY not in page.content.decode()


def test_autocomplete_offers_the_own_vendors_customers_only(
    as_owner: HubClient, acmes: Records, globexes: Records
) -> None:
    query = {"app_label": "billing", "model_name": "transaction", "field_name": "customer"}
    found = as_owner.get(reverse("admin:autocomplete", urlconf=PLATFORM_URLS), query).json()
    assert [row["id"] for row in found["results"]] == [str(acmes.customer.pk)]


def test_the_other_vendors_settings_are_out_of_reach(
    as_owner: HubClient, acme: Vendor, globex: Vendor
) -> None:
    page = as_owner.get(admin_url("accounts_vendor_change", globex.pk), follow=True)
    assert "globex.example" not in page.content.decode()
    assert as_owner.get(admin_url("accounts_vendor_look", globex.pk)).status_code == 404
    assert as_owner.get(admin_url("accounts_vendor_stripe", globex.pk)).status_code == 404
    as_owner.post(admin_url("accounts_vendor_change", globex.pk), {"name": "Taken over"})
    globex.refresh_from_db()
    assert globex.name == "Globex"


def test_a_foreign_pdf_is_not_found(as_owner: HubClient, acme: Vendor, globexes: Records) -> None:
    url = admin_url("invoices_document_pdf", globexes.rows["invoices_document"].pk)
    assert as_owner.get(url).status_code == 404


def test_who_works_for_two_vendors_sees_both_and_can_tell_them_apart(
    acmes: Records, globexes: Records
) -> None:
    user = make_user("both@team.example", vendor=acmes.customer.vendor)
    TeamMember.objects.create(user=user, vendor=globexes.customer.vendor, role="read_only")
    page = staff(user).get(admin_url("billing_transaction_changelist")).content.decode()
    assert "Watercolour" in page
    assert CANARY in page
    assert 'aria-label="Vendor"' in page


def test_a_role_counts_only_at_the_vendor_that_gave_it(acmes: Records, globexes: Records) -> None:
    """Owner at Acme, but only the settings' editor at Globex: no customers of Globex."""
    user = make_user("both@team.example", vendor=acmes.customer.vendor)
    TeamMember.objects.create(user=user, vendor=globexes.customer.vendor, role="settings")
    browser = staff(user)
    assert CANARY not in browser.get(admin_url("accounts_customer_changelist")).content.decode()
    foreign = browser.get(globexes.url("accounts_customer"), follow=True).content.decode()
    assert CANARY not in foreign


def test_a_superuser_sees_every_vendor(
    as_superuser: HubClient, acmes: Records, globexes: Records
) -> None:
    page = as_superuser.get(admin_url("billing_transaction_changelist")).content.decode()
    assert "Watercolour" in page
    assert CANARY in page
    narrowed = as_superuser.get(
        admin_url("billing_transaction_changelist"), {"vendor": globexes.customer.vendor_id}
    )
    assert "Watercolour" not in narrowed.content.decode()


def test_staff_without_a_team_find_a_clear_empty_admin(acmes: Records) -> None:
    browser = staff(make_user("nobody@team.example"))
    page = browser.get(admin_url("index")).content.decode()
    assert "You are not a member of any vendor’s team yet." in page
    assert browser.get(admin_url("accounts_customer_changelist")).status_code == 403


def test_the_admin_is_not_on_a_vendors_host(at_acme: HubClient) -> None:
    assert at_acme.get("/admin/").status_code in {302, 404}
    assert b"Django" not in at_acme.get("/admin/", follow=True).content
