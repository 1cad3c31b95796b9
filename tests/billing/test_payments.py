"""Every movement of money becomes one transaction and one document, to the last cent."""

from datetime import timedelta
from typing import Any

import pytest
import stripe as sdk
from django.core import mail
from django.utils import timezone

from accounts.models import Vendor
from billing.models import OneTimePurchase, StripeEvent, Subscription, Transaction
from billing.sandbox.machine import Sandbox
from billing.services import notices
from billing.services.sync import payments
from billing.tasks import handle_event
from invoices.models import Document
from tests.billing.plugin import Buyer, Deliver

pytestmark = pytest.mark.usefixtures("in_acme", "printed")


def handle_all_again(vendor: Vendor) -> None:
    """Every event once more, the last first."""
    for event in StripeEvent.objects.order_by("-pk"):
        StripeEvent.objects.filter(pk=event.pk).update(handled_at=None)
        handle_event.func(vendor.pk, event.pk)


def refund(buy: Buyer, payment: Transaction, amount: int | None = None) -> None:
    params: Any = {"charge": payment.stripe_id}
    buy.stripe.refunds.create(params | ({"amount": amount} if amount else {}))
    buy.deliver()


# --- Receipts ---


def test_each_payment_of_a_subscription_gets_a_receipt(buy: Buyer) -> None:
    row = buy.subscription()
    buy.wait(days=31)
    payments = list(row.transactions.order_by("happened_at"))
    assert [payment.amount_minor for payment in payments] == [1900, 1900]
    for payment in payments:
        assert payment.document is not None
        assert payment.document.total_minor == 1900
        assert payment.document.title == "Language Lab: Italian"
        assert payment.document.paid_with == "Visa •••• 4242"


def test_a_receipt_names_the_product_and_the_days_it_is_for(buy: Buyer) -> None:
    row = buy.subscription()
    document = Document.objects.get()
    [line] = document.lines.all()
    assert line.description == "Language Lab: Italian"
    started = f"{row.started_at:%-d %B %Y}"
    assert line.detail.startswith(f"{started} to ")


def test_a_receipt_in_german_has_german_dates(buy: Buyer) -> None:
    buy.customer_id(preferred_locales=["de"])
    row = buy.subscription()
    assert row.customer.language == "de"
    [line] = Document.objects.get().lines.all()
    assert line.detail.startswith(f"{row.started_at:%-d}. ")


def test_events_twice_and_backwards_issue_no_second_receipt(buy: Buyer, in_acme: Vendor) -> None:
    row = buy.subscription()
    buy.one_time()
    refund(buy, row.transactions.get(), 500)
    before = list(Document.objects.order_by("number").values("number", "source", "total_minor"))
    sums = list(Transaction.objects.order_by("pk").values("stripe_id", "amount_minor", "status"))
    mail.outbox.clear()
    handle_all_again(in_acme)
    after = list(Document.objects.order_by("number").values("number", "source", "total_minor"))
    assert (before, len(before)) == (after, 3)
    assert sums == list(
        Transaction.objects.order_by("pk").values("stripe_id", "amount_minor", "status")
    )
    assert mail.outbox == []


def test_tax_is_taken_from_the_invoice(buy: Buyer) -> None:
    rate = buy.stripe.tax_rates.create(
        {"display_name": "VAT", "percentage": 20, "inclusive": True, "country": "FR"}
    )
    buy.subscription(default_tax_rates=[rate.id])
    document = Document.objects.get()
    assert (document.net_minor, document.tax_minor, document.total_minor) == (1583, 317, 1900)
    [line] = document.lines.all()
    assert (line.tax_rate, line.tax_label) == (2000, "VAT")


def test_tax_on_top_is_part_of_what_was_paid(buy: Buyer) -> None:
    rate = buy.stripe.tax_rates.create(
        {"display_name": "Sales tax", "percentage": 8.875, "inclusive": False}
    )
    buy.subscription(default_tax_rates=[rate.id])
    document = Document.objects.get()
    assert (document.net_minor, document.tax_minor, document.total_minor) == (1900, 169, 2069)
    assert document.lines.get().tax_rate == 888


def test_a_trial_costs_nothing_and_gets_no_receipt(buy: Buyer) -> None:
    row = buy.trial()
    assert not row.transactions.exists()
    assert not Document.objects.exists()


def test_the_shops_order_number_is_on_the_receipt(buy: Buyer) -> None:
    buy.subscription(metadata={"order": "LL-204817"})
    assert Document.objects.get().reference == "LL-204817"


@pytest.mark.parametrize(("balance", "words"), [(-500, "Balance"), (300, "Balance")])
def test_an_account_balance_is_a_line_so_that_the_sum_is_what_was_paid(
    buy: Buyer, balance: int, words: str
) -> None:
    buy.customer_id(balance=balance)
    row = buy.subscription()
    payment = row.transactions.get()
    assert payment.amount_minor == 1900 + balance
    assert payment.document is not None
    assert payment.document.total_minor == payment.amount_minor
    assert payment.document.lines.last().description.startswith(words)  # type: ignore[union-attr]


# --- One-time purchases ---


def test_a_purchase_through_checkout_arrives_with_its_receipt(buy: Buyer) -> None:
    purchase = buy.one_time("Travel Phrases", amount=4900)
    assert (purchase.product_name, purchase.amount_minor) == ("Travel Phrases", 4900)
    [payment] = purchase.transactions.all()
    assert (payment.subscription, payment.status) == (None, Transaction.Status.SUCCEEDED)
    assert payment.document is not None
    assert payment.document.total_minor == 4900


def test_a_purchase_without_an_invoice_gets_a_receipt_of_one_line(buy: Buyer) -> None:
    intent = buy.stripe.payment_intents.create(
        {
            "amount": 1234,
            "currency": "eur",
            "customer": buy.customer_id(),
            "payment_method": buy.use_card(buy.customer_id(), "pm_card_visa"),
            "allowed_payment_method_types": ["card"],
            "description": "Workbook, printed",
            "metadata": {"order_id": "W-7"},
            "confirm": True,
        }
    )
    buy.deliver()
    purchase = OneTimePurchase.objects.get(stripe_payment_intent_id=intent.id)
    assert (purchase.product_name, purchase.reference) == ("Workbook, printed", "W-7")
    document = purchase.transactions.get().document
    assert document is not None
    assert [(line.description, line.net_minor) for line in document.lines.all()] == [
        ("Workbook, printed", 1234)
    ]


def test_a_declined_first_try_leaves_one_purchase(buy: Buyer) -> None:
    intent = buy.stripe.payment_intents.create(
        {
            "amount": 1234,
            "currency": "eur",
            "customer": buy.customer_id(),
            "allowed_payment_method_types": ["card"],
        }
    )
    with pytest.raises(Exception, match="declined"):
        buy.stripe.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_visa_chargeDeclined"}
        )
    buy.stripe.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    buy.deliver()
    failed, paid = Transaction.objects.order_by("happened_at", "pk")
    assert (failed.status, failed.document, failed.one_time_purchase) == ("failed", None, None)
    assert (paid.status, paid.one_time_purchase) == ("succeeded", OneTimePurchase.objects.get())


def test_yen_and_dinar_stay_exact(buy: Buyer) -> None:
    for currency, amount in (("jpy", 500), ("kwd", 12340)):
        buy.stripe.payment_intents.create(
            {
                "amount": amount,
                "currency": currency,
                "customer": buy.customer_id(),
                "payment_method": buy.use_card(buy.customer_id(), "pm_card_visa"),
                "allowed_payment_method_types": ["card"],
                "confirm": True,
            }
        )
    buy.deliver()
    paid = Document.objects.order_by("total_minor").values_list("currency", "total_minor")
    assert list(paid) == [("jpy", 500), ("kwd", 12340)]


# --- Refunds ---


def test_a_refund_is_a_transaction_with_a_credit_note(buy: Buyer) -> None:
    payment = buy.subscription().transactions.get()
    refund(buy, payment, 500)
    [back] = payment.reversals.all()
    assert (back.kind, back.amount_minor) == (Transaction.Kind.REFUND, -500)
    assert back.subscription == payment.subscription
    assert back.document is not None
    assert (back.document.kind, back.document.total_minor) == ("credit_note", -500)
    assert back.document.corrects == payment.document


def test_two_refunds_add_up_on_the_purchase(buy: Buyer) -> None:
    purchase = buy.one_time(amount=4900)
    payment = purchase.transactions.get()
    refund(buy, payment, 900)
    refund(buy, payment)
    purchase.refresh_from_db()
    assert (purchase.refunded_minor, purchase.amount_minor) == (4900, 4900)
    assert purchase.refunded_at is not None
    assert sum(row.amount_minor for row in purchase.transactions.all()) == 0


# --- Failed payments ---


@pytest.fixture
def failed(buy: Buyer) -> Transaction:
    row = buy.subscription("Photography Monthly", amount=2900)
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    mail.outbox.clear()
    buy.wait(days=32)
    return row.transactions.get(status=Transaction.Status.FAILED)


def test_a_failed_renewal_is_recorded_and_the_customer_is_told(
    buy: Buyer, failed: Transaction
) -> None:
    assert (failed.document, failed.failure_code) == (None, "generic_decline")
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert message.subject == "Your payment for Photography Monthly did not go through"
    assert "€29.00" in message.body
    assert "Your bank declined this card." in message.body
    assert f"https://acme.test/card/?subscription={failed.subscription_id}" in message.body
    assert "We try again on" in message.body


def test_the_customer_is_told_once_however_often_the_event_comes(
    failed: Transaction, in_acme: Vendor
) -> None:
    mail.outbox.clear()
    handle_all_again(in_acme)
    assert mail.outbox == []


def test_the_page_that_the_mail_leads_to_knows_as_much(
    failed: Transaction, in_acme: Vendor
) -> None:
    """The charge may be heard of before the subscription."""
    Subscription.objects.update(status=Subscription.Status.ACTIVE)
    Transaction.objects.update(mailed_at=None)
    payments.sync_charge(in_acme, failed.stripe_id)
    assert Subscription.objects.get().status == Subscription.Status.PAST_DUE


def test_nobody_is_told_of_last_months_failures(
    sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    """An import brings them all at once."""
    sandbox.clock.set(int((timezone.now() - timedelta(days=60)).timestamp()))
    buy: Buyer = request.getfixturevalue("buy")
    buy.subscription()
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    mail.outbox.clear()
    buy.wait(days=32)
    assert Transaction.objects.filter(status=Transaction.Status.FAILED).exists()
    assert mail.outbox == []


def test_a_bank_that_says_no_after_days_is_told_too(
    buy: Buyer, failed: Transaction, in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "WORTH_TELLING", timedelta(0))
    Transaction.objects.filter(pk=failed.pk).update(
        status=Transaction.Status.PENDING, mail_wanted=False, mailed_at=None
    )
    told = payments.sync_charge(in_acme, failed.stripe_id)
    assert told.mail_wanted
    assert told.mail_wanted_at is not None


@pytest.mark.parametrize(("hours", "mails"), [(1, 1), (100, 0)])
def test_a_mail_about_it_that_could_not_leave_is_sent_as_long_as_that_is_news(
    hours: int, mails: int, failed: Transaction
) -> None:
    """The charge is a week old, and the bank's no came when the mail server was down."""
    now = timezone.now()
    Transaction.objects.filter(pk=failed.pk).update(
        happened_at=now - timedelta(days=7),
        mail_wanted_at=now - timedelta(hours=hours),
        next_mail_at=None,
        mailed_at=None,
    )
    mail.outbox.clear()
    notices.enqueue_what_was_left()
    assert len(mail.outbox) == mails


# --- What cannot be taken in ---


def test_a_payment_without_a_customer_is_recorded_for_the_vendor(
    buy: Buyer, deliver: Deliver
) -> None:
    buy.stripe.payment_intents.create(
        {
            "amount": 1000,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )
    deliver(may_fail=True)
    event = StripeEvent.objects.get(type="charge.succeeded")
    assert event.handled_at is not None
    assert event.failure == "It belongs to no Stripe customer."
    assert not Transaction.objects.exists()


def test_a_charge_that_is_only_held_has_moved_no_money(buy: Buyer) -> None:
    from billing.gateway import charges

    payment = buy.subscription().transactions.get()
    held = buy.stripe.charges.retrieve(payment.stripe_id).to_dict() | {"captured": False}
    record = charges._record(sdk.Charge.construct_from(held, "sk_test_acme_1"))
    assert (record.status, record.amount_minor) == ("pending", 1900)


def test_who_has_no_address_at_stripe_has_a_receipt_that_waits_for_no_mail(buy: Buyer) -> None:
    nobody = buy.stripe.customers.create({"name": "Nobody"}).id
    buy.use_card(nobody, "pm_card_visa")
    buy.subscription(customer_id=nobody)
    document = Document.objects.get()
    assert (bool(document.pdf), document.mail_wanted) == (True, False)
