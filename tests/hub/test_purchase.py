"""The page of a one-time purchase, when money went back."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer
from accounts.tenancy import vendor_scope
from billing.models import Transaction
from invoices import services
from tests.clients import HubClient
from tests.factories import LONG_AGO, make_one_time_purchase, make_transaction
from tests.invoices.factories import make_credit_note, make_receipt

Kind, Status = Transaction.Kind, Transaction.Status


@pytest.fixture
def paid(alice: Customer) -> Transaction:
    purchase = make_one_time_purchase(alice, amount_minor=8900)
    receipt = make_receipt(alice)
    return make_transaction(alice, one_time_purchase=purchase, amount_minor=8900, document=receipt)


def reversal_of(paid: Transaction, kind: str, **fields: Any) -> Transaction:
    given = {"amount_minor": -8900, "happened_at": LONG_AGO + timedelta(days=3)}
    return make_transaction(
        paid.customer,
        kind=kind,
        charge=paid,
        one_time_purchase=paid.one_time_purchase,
        **given | fields,
    )


def page_of(browser: HubClient, paid: Transaction) -> str:
    return browser.get(f"/purchases/{paid.one_time_purchase_id}/").content.decode()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.PENDING, "Payment disputed with your bank"),
        (Status.SUCCEEDED, "Returned by your bank after a dispute"),
        (Status.FAILED, "Dispute closed, the payment stands"),
    ],
)
def test_a_dispute_is_told_without_blame(
    as_alice: HubClient, paid: Transaction, status: str, words: str
) -> None:
    reversal_of(paid, Kind.DISPUTE, status=status, reason="fraudulent")
    page = page_of(as_alice, paid)
    assert words in page
    assert "fraudulent" not in page


def test_a_refund_that_failed_leads_to_the_document_that_says_so(
    as_alice: HubClient, paid: Transaction
) -> None:
    assert paid.document is not None
    note = make_credit_note(paid.document, 8900)
    with vendor_scope(paid.vendor):
        restored = services.take_back_credit_note(note, source="x failed", failed_at=LONG_AGO)
    reversal_of(paid, Kind.REFUND, status=Status.FAILED, document=restored)
    page = page_of(as_alice, paid)
    assert "Refund did not go through" in page
    assert f"Credit note {note.number} is taken back" in page
    assert f"/documents/{restored.pk}/" in page
    shown = as_alice.get(f"/documents/{restored.pk}/").content.decode()
    assert f"Takes back credit note {note.number}" in shown
    assert "Your bank did not accept the refund." in shown
    assert f"Reversal for {note.number}" in as_alice.get("/documents/").content.decode()
