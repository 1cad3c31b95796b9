"""Money that goes back: refunds, disputes and credits, each shown as what it is."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Vendor
from billing.gateway import charges
from billing.models import OneTimePurchase, StripeEvent, Transaction
from billing.services.sync import payments
from billing.tasks import handle_event
from hub.presentation.overview import past_due_notices
from hub.presentation.transactions import paid_so_far, transaction_rows
from invoices.models import Document, Line
from invoices.presentation import document_context
from tests.billing.plugin import Buyer, Deliver

pytestmark = pytest.mark.usefixtures("in_acme")

Status = Transaction.Status


def refund(buy: Buyer, payment: Transaction, amount: int | None = None) -> str:
    params: Any = {"charge": payment.stripe_id} | ({"amount": amount} if amount else {})
    made = buy.stripe.refunds.create(params)
    buy.deliver()
    return made.id


def payment_with(buy: Buyer, card: str, *, amount: int = 1900) -> Transaction:
    buy.use_card(buy.customer_id(), card)
    return buy.subscription(amount=amount).transactions.get(kind="charge")


def credited(receipt: Document | None) -> int:
    """What all documents together have taken back of a receipt."""
    assert receipt is not None
    notes = Document.objects.filter(corrects=receipt)
    again = Document.objects.filter(corrects__corrects=receipt)
    return -sum(document.total_minor for document in [*notes, *again])


# --- Refunds ---


def test_a_refund_that_is_on_its_way_gets_its_credit_note_when_it_arrives(buy: Buyer) -> None:
    payment = payment_with(buy, "pm_card_pendingRefund")
    refund(buy, payment, 500)
    [back] = payment.reversals.all()
    assert (back.status, back.document) == (Status.PENDING, None)
    assert transaction_rows([back])[0].what == "Refund on its way"
    buy.wait(days=2)
    back.refresh_from_db()
    assert back.status == Status.SUCCEEDED
    assert back.document is not None
    assert back.document.total_minor == -500


def test_a_refund_that_fails_takes_its_credit_note_back_by_a_new_document(buy: Buyer) -> None:
    payment = payment_with(buy, "pm_card_refundFail")
    refund(buy, payment, 500)
    note = payment.reversals.get().document
    assert note is not None
    mail.outbox.clear()
    buy.wait(days=2)
    [back] = payment.reversals.all()
    assert (back.status, back.failure_code) == (Status.FAILED, "unknown")
    assert back.document is not None
    assert (back.document.kind, back.document.corrects) == (Document.Kind.REVERSAL, note)
    assert back.document.total_minor == 500
    assert credited(payment.document) == 0
    [row] = transaction_rows([back])
    assert (row.what, row.how) == (
        "Refund did not go through",
        f"Credit note {note.number} is taken back",
    )
    [message] = mail.outbox
    assert message.subject == "Your refund from Acme did not arrive"
    assert f"Takes back credit note {note.number}" in message.body


def test_after_a_failed_refund_the_whole_can_be_refunded_again(buy: Buyer) -> None:
    payment = payment_with(buy, "pm_card_refundFail")
    refund(buy, payment)
    buy.wait(days=2)
    second = refund(buy, payment)
    note = payment.reversals.get(stripe_id=second).document
    assert note is not None
    assert note.total_minor == -1900
    assert credited(payment.document) == 1900


def test_a_refund_that_names_no_charge_is_found_by_its_payment(
    buy: Buyer, in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = buy.one_time().transactions.get()
    made = buy.stripe.refunds.create({"charge": payment.stripe_id, "amount": 900})
    account = buy.sandbox.owner(made.id)
    kept = account.get("refund", made.id)
    kept["charge"] = None
    account.save(kept)
    assert charges.charge_of_refund(in_acme, made.id) == payment.stripe_id
    buy.deliver()
    assert payment.reversals.get().amount_minor == -900


def test_partial_refunds_never_drift_from_the_tax_of_the_whole(buy: Buyer) -> None:
    rates = [
        buy.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": percentage, "inclusive": True}
        ).id
        for percentage in (20, 5.5)
    ]
    customer = buy.customer_id()
    invoice = buy.stripe.invoices.create({"customer": customer, "currency": "eur"})
    for rate, amount in zip(rates, (1999, 333), strict=True):
        buy.stripe.invoice_items.create(
            {
                "customer": customer,
                "invoice": invoice.id,
                "currency": "eur",
                "amount": amount,
                "tax_rates": [rate],
            }
        )
    buy.stripe.invoices.pay(invoice.id)
    buy.deliver()
    payment = Transaction.objects.get(kind="charge")
    for amount in (1, 7, 333, 1000, None):
        refund(buy, payment, amount)
    receipt = payment.document
    assert receipt is not None
    notes = Document.objects.filter(corrects=receipt)
    assert sum(note.net_minor for note in notes) == -receipt.net_minor
    assert sum(note.tax_minor for note in notes) == -receipt.tax_minor


# --- Disputes ---


@pytest.fixture
def disputed(buy: Buyer) -> Transaction:
    payment = payment_with(buy, "pm_card_createDispute")
    return payment.reversals.get(kind=Transaction.Kind.DISPUTE)


def test_a_dispute_is_told_neutrally_and_has_no_document(disputed: Transaction) -> None:
    assert (disputed.status, disputed.amount_minor) == (Status.PENDING, -1900)
    assert (disputed.stripe_status, disputed.reason) == ("needs_response", "fraudulent")
    assert disputed.respond_by is not None
    assert disputed.respond_by > timezone.now()
    [row] = transaction_rows([disputed])
    assert (row.what, row.document, row.amount) == (
        "Payment disputed with your bank",
        None,
        "\N{MINUS SIGN}€19.00",
    )


@pytest.mark.parametrize(
    ("won", "status", "told", "paid"),
    [
        (True, Status.FAILED, ("Dispute closed, the payment stands", ""), "1 payment, €19.00"),
        (
            False,
            Status.SUCCEEDED,
            ("Returned by your bank after a dispute", "\N{MINUS SIGN}€19.00"),
            "1 payment, €0.00",
        ),
    ],
)
def test_a_decided_dispute_is_a_refund_in_effect_or_nothing(
    buy: Buyer, disputed: Transaction, won: bool, status: str, told: tuple[str, str], paid: str
) -> None:
    buy.sandbox.decide_dispute(disputed.stripe_id, won=won)
    buy.deliver()
    disputed.refresh_from_db()
    assert disputed.status == status
    assert disputed.respond_by is None
    [row] = transaction_rows([disputed])
    assert (row.what, row.amount) == told
    assert disputed.subscription is not None
    assert paid_so_far(disputed.subscription) == paid
    assert Document.objects.count() == 1


def test_a_lost_dispute_of_a_one_time_purchase_counts_as_refunded(buy: Buyer) -> None:
    purchase = buy.one_time(amount=4900)
    key = buy.sandbox.dispute(purchase.transactions.get().stripe_id, reason="product_not_received")
    buy.deliver()
    assert OneTimePurchase.objects.get().refunded_minor == 0
    buy.sandbox.decide_dispute(key, won=False)
    buy.deliver()
    purchase.refresh_from_db()
    assert (purchase.refunded_minor, purchase.refunded_at is None) == (4900, False)


def test_what_was_refunded_and_then_lost_to_the_bank_counts_once(buy: Buyer) -> None:
    purchase = buy.one_time(amount=5000)
    payment = purchase.transactions.get()
    refund(buy, payment, 2000)
    buy.sandbox.decide_dispute(buy.sandbox.dispute(payment.stripe_id), won=False)
    buy.deliver()
    purchase.refresh_from_db()
    assert [row.amount_minor for row in payment.reversals.order_by("happened_at", "id")] == [
        -2000,
        -5000,
    ]
    assert purchase.refunded_minor == 5000


def test_an_inquiry_moves_no_money(buy: Buyer) -> None:
    payment = payment_with(buy, "pm_card_createDisputeInquiry")
    asked = payment.reversals.get()
    assert (asked.status, asked.stripe_status) == (Status.PENDING, "warning_needs_response")
    [row] = transaction_rows([asked])
    assert (row.what, row.amount) == ("Your bank asks about this payment", "")
    buy.sandbox.decide_dispute(asked.stripe_id, won=True)
    buy.deliver()
    asked.refresh_from_db()
    assert (asked.status, asked.stripe_status) == (Status.FAILED, "warning_closed")
    [row] = transaction_rows([asked])
    assert (row.what, row.amount) == ("Your bank's question is settled, the payment stands", "")


def test_evidence_that_convinces_wins(buy: Buyer, disputed: Transaction) -> None:
    evidence = {"uncategorized_text": "winning_evidence"}
    buy.stripe.disputes.update(disputed.stripe_id, {"evidence": evidence})  # type: ignore[typeddict-item]
    buy.deliver()
    disputed.refresh_from_db()
    assert disputed.stripe_status == "won"


def test_staff_see_what_stripe_says_of_a_dispute(as_owner: Any, disputed: Transaction) -> None:
    page = as_owner.get(f"/admin/billing/transaction/{disputed.pk}/change/").content.decode()
    assert "needs_response" in page
    assert "fraudulent" in page
    assert "Respond by" in page


# --- Stripe's credit notes ---


def invoice_of(buy: Buyer, payment: Transaction) -> Any:
    return buy.stripe.invoices.retrieve(payment.stripe_invoice_id)


@pytest.mark.parametrize(
    ("way", "kind", "what", "to", "paid"),
    [
        ("refund_amount", "refund", "Refunded", "Visa •••• 4242", "1 payment, €14.00"),
        ("out_of_band_amount", "refund", "Refunded", "", "1 payment, €14.00"),
        ("credit_amount", "credit", "Credited", "the balance of your account", "1 payment, €19.00"),
    ],
)
def test_a_credit_note_at_stripe_is_one_here(
    buy: Buyer, way: str, kind: str, what: str, to: str, paid: str
) -> None:
    row = buy.subscription()
    payment = row.transactions.get()
    line = invoice_of(buy, payment).lines.data[0].id
    note: Any = {
        "invoice": payment.stripe_invoice_id,
        "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 500}],
        way: 500,
    }
    buy.stripe.credit_notes.create(note)
    buy.deliver()
    [back] = payment.reversals.all()
    assert (back.kind, back.status, back.amount_minor) == (kind, Status.SUCCEEDED, -500)
    assert back.document is not None
    assert (back.document.total_minor, back.document.paid_with) == (-500, to)
    assert transaction_rows([back])[0].what == what
    assert paid_so_far(row) == paid
    went_to_the_card = way == "refund_amount"
    assert ("Your bank may need a few days" in mail.outbox[-1].body) == went_to_the_card


def test_of_a_credit_note_in_parts_each_is_told_with_its_own_amount(buy: Buyer) -> None:
    purchase = buy.one_time(amount=6000)
    payment = purchase.transactions.get()
    line = invoice_of(buy, payment).lines.data[0].id
    buy.stripe.credit_notes.create(
        {
            "invoice": payment.stripe_invoice_id,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1}],
            "refund_amount": 3000,
            "credit_amount": 1000,
            "out_of_band_amount": 2000,
        }
    )
    buy.deliver()
    told = {
        (row.kind, row.amount_minor): document_context(row.document)["paper"]["settled"]
        for row in payment.reversals.all()
        if row.document and row.document.total_minor == row.amount_minor
    }
    today = date_format(payment.happened_at)
    assert told == {
        ("refund", -3000): f"Refunded to Visa •••• 4242 on {today}.",
        ("refund", -2000): f"Refunded on {today}.",
        ("credit", -1000): f"Refunded to the balance of your account on {today}.",
    }
    purchase.refresh_from_db()
    assert purchase.refunded_minor == 5000
    assert credited(payment.document) == 6000


@pytest.mark.parametrize(
    "ways",
    [
        {"refund_amount": 1055},
        {"refund_amount": 351, "credit_amount": 352, "out_of_band_amount": 352},
    ],
    ids=["whole", "in parts"],
)
def test_the_lines_of_a_credit_note_are_those_that_stripe_credits(buy: Buyer, ways: Any) -> None:
    customer = buy.customer_id()
    invoice = buy.stripe.invoices.create({"customer": customer, "currency": "eur"})
    for words, amount, percentage in (("Course", 4000, 20), ("Workbook", 1000, 5.5)):
        rate = buy.stripe.tax_rates.create(
            {"display_name": "VAT", "percentage": percentage, "inclusive": False}
        )
        buy.stripe.invoice_items.create(
            {
                "customer": customer,
                "invoice": invoice.id,
                "currency": "eur",
                "amount": amount,
                "description": words,
                "tax_rates": [rate.id],
            }
        )
    paid = buy.stripe.invoices.pay(invoice.id)
    workbook = next(line for line in paid.lines.data if line.description == "Workbook")
    buy.stripe.credit_notes.create(
        {
            "invoice": paid.id,
            "lines": [
                {"type": "invoice_line_item", "invoice_line_item": workbook.id, "quantity": 1}
            ],
            **ways,
        }
    )
    buy.deliver()
    lines = Line.objects.filter(document__kind=Document.Kind.CREDIT_NOTE)
    assert {line.description for line in lines} == {"Workbook"}
    assert sorted(-line.gross_minor for line in lines) == list(ways.values())
    assert (sum(li.net_minor for li in lines), sum(li.tax_minor for li in lines)) == (-1000, -55)


def test_after_a_lost_dispute_a_credit_note_is_its_paper_and_moves_no_more_money(
    buy: Buyer,
) -> None:
    purchase = buy.one_time(amount=4900)
    payment = purchase.transactions.get()
    buy.sandbox.decide_dispute(buy.sandbox.dispute(payment.stripe_id), won=False)
    buy.deliver()
    line = invoice_of(buy, payment).lines.data[0].id
    buy.stripe.credit_notes.create(
        {
            "invoice": payment.stripe_invoice_id,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1}],
            "out_of_band_amount": 4900,
        }
    )
    buy.deliver()
    [lost] = payment.reversals.all()
    assert lost.document is not None
    assert (lost.kind, lost.document.total_minor) == ("dispute", -4900)
    purchase.refresh_from_db()
    assert purchase.refunded_minor == 4900


def test_more_refunded_than_is_left_to_credit_still_arrives(buy: Buyer) -> None:
    payment = buy.subscription().transactions.get()
    line = invoice_of(buy, payment).lines.data[0].id
    buy.stripe.credit_notes.create(
        {
            "invoice": payment.stripe_invoice_id,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 500}],
            "credit_amount": 500,
        }
    )
    buy.deliver()
    refund(buy, payment)
    assert credited(payment.document) == 1900
    assert payment.reversals.get(kind="refund").amount_minor == -1900


# --- Whatever the order ---


def told(vendor: Vendor, events: Any) -> None:
    for event in events:
        StripeEvent.objects.filter(pk=event.pk).update(handled_at=None)
        handle_event.func(vendor.pk, event.pk)


def state() -> list[Any]:
    rows = Transaction.objects.order_by("stripe_id")
    return [
        *rows.values_list("stripe_id", "kind", "status", "amount_minor", "document__kind"),
        *Document.objects.order_by("source").values_list("source", "kind", "total_minor"),
    ]


def test_every_order_of_a_charges_events_ends_the_same(buy: Buyer, in_acme: Vendor) -> None:
    payment = payment_with(buy, "pm_card_refundFail")
    refund(buy, payment, 500)
    buy.wait(days=2)
    buy.sandbox.dispute(payment.stripe_id)
    buy.deliver()
    before = state()
    wanted = ["charge.succeeded", "refund.created", "refund.failed", "charge.dispute.created"]
    events = [StripeEvent.objects.get(type=one) for one in wanted]
    for order in permutations(events):
        told(in_acme, order)
    assert state() == before
    assert not StripeEvent.objects.exclude(failure="").exists()


def test_an_older_reading_never_overwrites_a_newer_one(
    buy: Buyer, in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one worker holds what it read, the refund happens and another one saves it."""
    payment = buy.subscription().transactions.get()
    read: Callable[..., Any] = charges.read_charge
    meanwhile = iter([lambda: refund(buy, payment, 500)])

    def read_and_dawdle(*args: Any) -> Any:
        found = read(*args)
        next(meanwhile, lambda: None)()
        return found

    monkeypatch.setattr(charges, "read_charge", read_and_dawdle)
    saved = payments.sync_charge(in_acme, payment.stripe_id)
    assert saved.synced_at > payment.synced_at
    assert payment.reversals.get().status == Status.SUCCEEDED


# --- Deleted customers ---


def test_what_a_deleted_customer_paid_stays_and_goes_on_being_told(buy: Buyer) -> None:
    payment = buy.one_time().transactions.get()
    buy.stripe.customers.delete(buy.customer_id())
    buy.deliver()
    refund(buy, payment, 900)
    assert Document.objects.filter(customer=payment.customer).count() == 2
    assert payment.reversals.get().amount_minor == -900


def test_a_customer_deleted_before_we_heard_of_them_is_recorded_and_done_with(
    buy: Buyer, deliver: Deliver
) -> None:
    gone = buy.stripe.customers.create({"email": "gone@example.com"}).id
    buy.stripe.payment_intents.create(
        {
            "amount": 1000,
            "currency": "eur",
            "customer": gone,
            "payment_method": buy.use_card(gone, "pm_card_visa"),
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )
    buy.stripe.customers.delete(gone)
    deliver(may_fail=True)
    event = StripeEvent.objects.get(type="charge.succeeded")
    assert event.handled_at is not None
    assert event.failure == "Its Stripe customer was deleted."


# --- Invoices that nobody will pay ---


@pytest.mark.parametrize("way", ["void_invoice", "mark_uncollectible"])
def test_an_invoice_given_up_is_no_longer_due(buy: Buyer, way: str) -> None:
    row = buy.subscription()
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.past_due_minor == 1900
    assert len(past_due_notices([row])) == 1
    receipt = Document.objects.get()
    [unpaid] = buy.stripe.invoices.list({"status": "open"}).data
    getattr(buy.stripe.invoices, way)(unpaid.id)
    buy.deliver()
    row.refresh_from_db()
    assert (row.past_due_minor, row.past_due_since) == (0, None)
    assert past_due_notices([row]) == []
    assert Document.objects.get() == receipt
