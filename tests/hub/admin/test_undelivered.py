"""Staff see why a customer gets no mail, and may have mail sent again."""

from typing import Any

import pytest
from django.utils.timezone import now

from accounts.models import AuditEntry, Customer, EmailAddress, TeamMember, User
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, staff
from tests.factories import make_document, make_user
from tests.hub.admin.conftest import admin_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(alice: Customer) -> EmailAddress:
    with vendor_scope(alice.vendor):
        alice.addresses.update(trouble="bounced", trouble_at=now(), trouble_detail="550 No <b>")
        return alice.addresses.get()


def again(browser: HubClient, address: EmailAddress, method: str = "post") -> Any:
    url = admin_url("accounts_customer_mail_again", address.customer_id, address.pk)
    return getattr(browser, method)(url, follow=True)


def test_support_sees_it_and_ends_it(
    as_support: HubClient, support: User, address: EmailAddress
) -> None:
    record = as_support.get(admin_url("accounts_customer_change", address.customer_id)).text
    assert "alice@example.com: sent back since" in record
    assert "550 No &lt;b&gt;" in record
    assert "Send mail to alice@example.com again" in record
    assert "Receipts and reminders are held back" in again(as_support, address, "get").text

    done = again(as_support, address)

    assert "Mail goes to alice@example.com again." in done.text
    assert "sent back since" not in done.text
    with vendor_scope(address.vendor):
        address.refresh_from_db()
        entry = AuditEntry.objects.get()
    assert (address.trouble, address.trouble_at, address.trouble_detail) == ("", None, "")
    assert (entry.action, entry.by_user) == ("mail_trouble_ended", support)


def test_who_may_only_read_is_refused(address: EmailAddress) -> None:
    reader = make_user("reader@acme.example", vendor=address.vendor, role=TeamMember.Role.READ_ONLY)
    browser = staff(reader)

    assert again(browser, address).status_code == 403
    record = browser.get(admin_url("accounts_customer_change", address.customer_id)).text
    assert "sent back since" in record
    assert "Send mail to" not in record


def test_another_vendors_staff_find_nothing(address: EmailAddress, carol: Customer) -> None:
    other = staff(make_user("owner@globex.example", vendor=carol.vendor))
    with vendor_scope(carol.vendor):
        hers = carol.addresses.get()

    assert again(other, address).status_code == 404
    mixed = admin_url("accounts_customer_mail_again", carol.pk, address.pk)
    assert other.post(mixed).status_code == 404
    assert again(other, hers).status_code == 200


def test_a_receipt_says_that_it_is_held_back_and_not_that_it_was_mailed(
    as_support: HubClient, address: EmailAddress
) -> None:
    held = make_document(address.customer, mail_wanted=True)
    listed, page = (
        as_support.get(url).text
        for url in (
            admin_url("invoices_document_changelist"),
            admin_url("invoices_document_change", held.pk),
        )
    )
    words = "Held back: mail to this customer is sent back"
    assert words in listed
    assert words in page

    again(as_support, address)

    page = as_support.get(admin_url("invoices_document_change", held.pk)).text
    assert words not in page
    assert "Not yet" in page
