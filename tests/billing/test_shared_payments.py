"""One payment for several invoices, one invoice in several payments: documents show all of it."""

from typing import Any

import pytest

from billing.models import Subscription, Transaction
from billing.sandbox.machine import Sandbox
from invoices.models import Document
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")


def owed(buy: Buyer, *amounts: int) -> list[str]:
    """Open invoices of Alice's, in an order of their own."""
    keys = []
    for number, amount in enumerate(amounts, start=1):
        invoice = buy.stripe.invoices.create(
            {
                "customer": buy.customer_id(),
                "collection_method": "send_invoice",
                "days_until_due": 30,
                "pending_invoice_items_behavior": "exclude",
            }
        )
        item: Any = {"customer": buy.customer_id(), "currency": "eur", "invoice": invoice.id}
        words = {"amount": amount, "description": f"Lesson {number}"}
        buy.stripe.invoice_items.create(item | words)
        keys.append(buy.stripe.invoices.finalize_invoice(invoice.id).id)
        buy.sandbox.advance(buy.sandbox.clock.now() + 60)
    return keys


def pay(buy: Buyer, amount: int, *invoices: str) -> None:
    """By a payment of its own that is then put towards these."""
    paid: Any = buy.stripe.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "customer": buy.customer_id(),
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )
    for invoice in invoices:
        buy.stripe.invoices.attach_payment(invoice, {"payment_intent": paid.id})
    buy.deliver()


def receipts() -> list[tuple[str, list[tuple[str, int]], int]]:
    return [
        (
            document.title,
            [(line.description, line.net_minor) for line in document.lines.order_by("position")],
            document.total_minor,
        )
        for document in Document.objects.order_by("number")
    ]


def test_a_payment_for_two_invoices_has_the_lines_of_both(buy: Buyer) -> None:
    first, second = owed(buy, 3000, 2000)
    pay(buy, 5000, second, first)
    assert receipts() == [
        ("Lesson 1, Lesson 2", [("Lesson 1", 3000), ("Lesson 2", 2000)], 5000),
    ]
    assert Transaction.objects.get().description == "Lesson 1, Lesson 2"


def test_an_invoice_in_two_payments_has_a_receipt_for_each(buy: Buyer) -> None:
    [invoice] = owed(buy, 3000)
    pay(buy, 1000, invoice)
    assert buy.stripe.invoices.retrieve(invoice).amount_remaining == 2000
    pay(buy, 2000, invoice)
    assert buy.stripe.invoices.retrieve(invoice).status == "paid"
    assert [(lines, total) for _title, lines, total in receipts()] == [
        ([("Lesson 1", 1000)], 1000),
        ([("Lesson 1", 2000)], 2000),
    ]


def test_what_is_left_of_one_and_all_of_the_next_go_in_one_payment(buy: Buyer) -> None:
    first, second = owed(buy, 3000, 2000)
    pay(buy, 1000, first)
    pay(buy, 4000, first, second)
    assert receipts()[1][1:] == ([("Lesson 1", 2000), ("Lesson 2", 2000)], 4000)


@pytest.mark.parametrize("forgive", ["void_invoice", "mark_uncollectible"])
def test_a_forgiven_invoice_leaves_nothing_past_due(
    buy: Buyer, sandbox: Sandbox, forgive: str
) -> None:
    row = buy.subscription()
    sandbox.fail_next_payment(buy.customer_id())
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.status == Subscription.Status.PAST_DUE
    latest = str(buy.stripe.subscriptions.retrieve(row.stripe_subscription_id).latest_invoice)
    getattr(buy.stripe.invoices, forgive)(latest)
    buy.deliver()
    row.refresh_from_db()
    assert (row.status, row.past_due_minor) == (Subscription.Status.ACTIVE, 0)
