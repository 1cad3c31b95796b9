"""What staff look up: found by what they know, told in words, read in few queries."""

from datetime import UTC, datetime
from functools import partial

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Customer, EmailAddress, SentMail, Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope
from billing.models import Action, SyncRun, Transaction
from hub.admin import logs
from tests.clients import HubClient
from tests.factories import (
    make_customer,
    make_document,
    make_stripe_customer,
    make_subscription,
    make_transaction,
)
from tests.hub.admin.conftest import RECORD_MODELS, Records, admin_url, make_records

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("model", RECORD_MODELS)
def test_no_two_columns_of_a_list_are_called_the_same(
    language: str, model: str, as_support: HubClient, acmes: Records
) -> None:
    url = admin_url(f"{model}_changelist")
    page = BeautifulSoup(
        as_support.get(url, headers={"accept-language": language}).text, "html.parser"
    )
    labels = [column.get_text(strip=True) for column in page.select("thead th .text")]
    assert labels
    assert len(labels) == len(set(labels))


def found(browser: HubClient, model: str, **query: str) -> str:
    return str(browser.get(admin_url(f"{model}_changelist"), query).content.decode())


@pytest.mark.parametrize("words", ["alice@example.com", "Alice", "second@example.com", "cus_x1"])
def test_a_customer_is_found_by_any_address_by_name_and_by_stripes_id(
    words: str, as_support: HubClient, alice: Customer
) -> None:
    make_stripe_customer(alice, stripe_customer_id="cus_x1")
    make_customer(alice.vendor, "Dora")
    with vendor_scope(alice.vendor):
        EmailAddress.objects.create(customer=alice, address="second@example.com")
    page = found(as_support, "accounts_customer", q=words)
    assert page.count("alice@example.com</a>") == 1
    assert "dora@example.com" not in page


@pytest.mark.parametrize("words", ["pi_77", "alice@example.com", "AC-0815"])
def test_a_transaction_is_found_by_id_address_and_document_number(
    words: str, as_support: HubClient, alice: Customer
) -> None:
    make_transaction(
        alice,
        stripe_id="pi_77",
        description="The one",
        document=make_document(alice, number="AC-0815"),
    )
    make_transaction(make_customer(alice.vendor, "Dora"), description="Another")
    page = found(as_support, "billing_transaction", q=words)
    assert "The one" in page
    assert "Another" not in page


def test_transactions_show_money_and_cards_in_words(as_support: HubClient, alice: Customer) -> None:
    returned = make_transaction(alice, amount_minor=-950, kind=Transaction.Kind.REFUND)
    listed = found(as_support, "billing_transaction")
    assert "€9.50" in listed
    assert "Refunded" in listed
    page = as_support.get(admin_url("billing_transaction_change", returned.pk)).content.decode()
    assert "Visa •••• 4242" in page


def test_transactions_are_filtered_by_kind_and_status(
    as_support: HubClient, alice: Customer
) -> None:
    make_transaction(alice, description="Paid")
    make_transaction(alice, description="Failed", status=Transaction.Status.FAILED)
    make_transaction(alice, description="Returned", kind=Transaction.Kind.REFUND)
    page = found(as_support, "billing_transaction", kind="charge", status="failed")
    assert ("Failed</a>" in page, "Paid</a>" in page, "Returned</a>" in page) == (
        True,
        False,
        False,
    )


def test_failures_are_found_with_stripes_code_and_request_id(
    as_support: HubClient, acmes: Records
) -> None:
    page = found(as_support, "billing_action", outcome="failed")
    assert "code_Watercolour" in page
    assert "req_123" in page


def test_a_customers_page_holds_everything_of_theirs(as_support: HubClient, acmes: Records) -> None:
    page = as_support.get(acmes.url("accounts_customer")).content.decode()
    nobodys = {"billing_stripeevent", "billing_syncrun", "billing_difference"}
    for model in RECORD_MODELS:
        if model not in {"accounts_customer", *nobodys}:
            assert acmes.url(model) in page, model


def test_a_customers_language_is_called_by_its_name(as_support: HubClient, acmes: Records) -> None:
    with vendor_scope(acmes.customer.vendor):
        Customer.objects.update(language="de")
    url = acmes.url("accounts_customer")
    for reads, name in (("en", "German"), ("de", "Deutsch")):
        answer = as_support.get(url, headers={"accept-language": reads})
        page = BeautifulSoup(answer.content, "html.parser")
        assert page.select_one(".field-spoken_language .readonly").text.strip() == name


def test_a_long_history_is_cut_and_leads_to_the_rest(
    as_support: HubClient, alice: Customer
) -> None:
    for _ in range(12):
        make_transaction(alice)
    page = as_support.get(admin_url("accounts_customer_change", alice.pk)).content.decode()
    rest = f"{admin_url('billing_transaction_changelist')}?customer={alice.pk}"
    assert rest in page
    assert "12 transactions" in as_support.get(rest).content.decode()


def test_an_empty_list_says_so(as_support: HubClient) -> None:
    assert "Nothing here yet." in found(as_support, "invoices_document")


def test_staff_open_a_documents_pdf(as_support: HubClient, alice: Customer) -> None:
    document = make_document(alice)
    answer = as_support.get(admin_url("invoices_document_pdf", document.pk))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize("model", RECORD_MODELS)
def test_a_list_takes_the_same_number_of_queries_for_one_row_and_for_three(
    model: str, as_owner: HubClient, acmes: Records, acme: Vendor
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            as_owner.get(admin_url(f"{model}_changelist"))
        return len(taken)

    queries()
    for_one = queries()
    for name in ("Dora", "Emil"):
        customer = make_customer(acme, name)
        make_subscription(customer)
        make_records(customer, name)
    assert queries() == for_one


def test_every_message_has_a_name_that_staff_can_read() -> None:
    messages = {folder.name for folder in (settings.BASE_DIR / "templates/emails").glob("*/")}
    assert messages == set(logs.MESSAGES)


def test_a_card_form_that_was_only_opened_is_no_act(as_support: HubClient, alice: Customer) -> None:
    card = Action.Kind.CHANGE_CARD
    with vendor_scope(alice.vendor):
        make = partial(Action.objects.create, vendor=alice.vendor, customer=alice, kind=card)
        make(parameters={"setup_intent": "seti_1"})
        shown = {
            make(parameters={"setup_intent": "seti_2", "card": {"last4": "4242"}}),
            make(failure_code="card_declined"),
            make(state=Action.State.DONE),
        }
    page = as_support.get(admin_url("billing_action_changelist"))
    assert set(page.context["cl"].result_list) == shown


def test_what_was_done_and_sent_reads_in_words(as_support: HubClient, alice: Customer) -> None:
    with vendor_scope(alice.vendor):
        audit.record("signed_in", customer=alice, subject=alice.email)
        SentMail.objects.create(message="card_changed", subject="Your card", to=alice.email)
    assert "Signed in</a>" in found(as_support, "accounts_auditentry")
    assert "Card changed</td>" in found(as_support, "accounts_sentmail")


def test_an_entry_of_the_audit_log_is_headed_in_words(
    as_support: HubClient, alice: Customer
) -> None:
    with vendor_scope(alice.vendor):
        audit.record("update_details", customer=alice)
        entry = AuditEntry.objects.get()
    page = as_support.get(admin_url("accounts_auditentry_change", entry.pk)).content.decode()
    assert "<h2>Details changed</h2>" in page
    assert "update_details" not in page


def test_a_subscription_says_which_rule_decides_who_may_cancel(
    as_support: HubClient, alice: Customer
) -> None:
    with vendor_scope(alice.vendor):
        row = alice.subscriptions.get()
    page = as_support.get(admin_url("billing_subscription_change", row.pk)).content.decode()
    assert "Your setting for ongoing subscriptions and trials" in page


def test_a_comparison_is_called_by_the_vendors_own_time(
    as_support: HubClient, acmes: Records
) -> None:
    run = acmes.rows["billing_syncrun"]
    started = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    with vendor_scope(acmes.customer.vendor):
        SyncRun.objects.filter(pk=run.pk).update(started_at=started)
    Vendor.objects.update(time_zone="Europe/Dublin")
    page = BeautifulSoup(as_support.get(acmes.url("billing_syncrun")).text, "html.parser")
    assert "1 Jul 2026, 23:30" in page.title.text
    assert "1 July 2026, 23:30" in page.select_one(".field-started_at").text
