from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.tenancy import vendor_scope
from billing.models import Subscription, Transaction
from tests.clients import bare, signed_in
from tests.factories import LONG_AGO, make_document, make_subscription, make_transaction


@pytest.fixture
def italian(alice, in_acme):
    return alice.subscriptions.get()


def test_it_shows_the_plan_and_what_was_paid(as_alice, alice, italian):
    for month in (9, 10):
        make_transaction(
            alice, subscription=italian, happened_at=datetime(2025, month, 3, tzinfo=UTC)
        )
    make_transaction(alice, subscription=italian, kind=Transaction.Kind.REFUND, amount_minor=-950)

    page = as_alice.get(f"/subscriptions/{italian.pk}/").text

    assert "€19.00 a month" in page
    assert "2 payments, €28.50" in page
    assert "Visa ending in 4242, valid until 08/2027" in page


def test_each_payment_stands_beside_its_document(as_alice, alice, italian):
    receipt = make_document(alice, number="AC-2026-00088")
    note = make_document(alice, number="AC-2026-00094", kind="credit_note", total_minor=-950)
    paid = make_transaction(alice, subscription=italian, document=receipt)
    make_transaction(
        alice,
        subscription=italian,
        kind=Transaction.Kind.REFUND,
        amount_minor=-950,
        charge=paid,
        document=note,
    )

    page = as_alice.get(f"/subscriptions/{italian.pk}/").text

    assert f"/documents/{receipt.pk}/pdf/" in page
    assert "Credit note for AC-2026-00088" in page
    assert "\u2212€9.50" in page


@pytest.mark.parametrize(
    ("field", "amount", "words"),
    [
        (
            "next_pending_minor",
            1250,
            "Includes €12.50 for changes and extras since the last charge",
        ),
        ("next_pending_minor", -1250, "€12.50 less for changes since the last charge"),
        ("next_balance_minor", 700, "Includes €7.00 owed from before"),
        ("next_balance_minor", -700, "€7.00 less from your credit balance"),
    ],
)
def test_it_says_why_the_next_charge_is_not_the_price(as_alice, italian, field, amount, words):
    setattr(italian, field, amount)
    italian.save()

    assert words in as_alice.get(f"/subscriptions/{italian.pk}/").text


def test_a_failed_payment_is_told_and_has_no_document(as_alice, alice, italian):
    make_transaction(alice, subscription=italian, status=Transaction.Status.FAILED)

    page = as_alice.get(f"/subscriptions/{italian.pk}/").text

    assert "Did not go through" in page
    assert "/pdf/" not in page


def test_a_long_history_comes_in_pages(as_alice, alice, italian):
    for days in range(15):
        make_transaction(
            alice,
            subscription=italian,
            happened_at=LONG_AGO + timedelta(days=days),
            amount_minor=1000 + days,
        )

    first = as_alice.get(f"/subscriptions/{italian.pk}/")
    second = as_alice.get(f"/subscriptions/{italian.pk}/?before={quote(first.context['older'])}")

    assert "€10.14" in first.text
    assert "€10.00" not in first.text
    assert "€10.00" in second.text
    assert "Show older" not in second.text


def test_the_card_names_what_else_it_pays_for(as_alice, alice, italian):
    make_subscription(alice, product_name="Photography Monthly")

    page = as_alice.get(f"/subscriptions/{italian.pk}/").text

    assert "This card also pays for Photography Monthly." in page


def test_what_has_ended_has_no_card_and_no_cancel_button(as_bob, bob, in_acme):
    ended = bob.subscriptions.get()

    page = as_bob.get(f"/subscriptions/{ended.pk}/").text

    assert "no card to change" in page
    assert "/cancel/" not in page
    assert "/card/?subscription" not in page


def test_a_split_pay_plan_says_why_it_cannot_be_cancelled(as_alice, alice):
    plan = make_subscription(alice, payments_total=6, payments_made=3)

    page = as_alice.get(f"/subscriptions/{plan.pk}/").text

    assert "A split-pay plan cannot be cancelled here." in page
    assert 'href="mailto:help@acme.example"' in page.partition('id="stop"')[2]
    assert f"/subscriptions/{plan.pk}/cancel/" not in page


def test_what_is_cancelled_can_be_undone(as_alice, alice):
    ending = make_subscription(alice, cancels_at=timezone.now() + timedelta(days=9))

    page = as_alice.get(f"/subscriptions/{ending.pk}/").text

    assert "Undo the cancellation" in page


@pytest.mark.parametrize("act", ["", "cancel/", "cancelled/", "keep/"])
def test_anothers_subscription_is_as_unknown_as_none(as_alice, bob, carol, in_acme, act):
    method = as_alice.post if act == "keep/" else as_alice.get
    answers = [
        method(f"/subscriptions/{pk}/{act}")
        for pk in (bob.subscriptions.get().pk, uuid4(), "4d7c2f6e-0000-4000-8000-000000000000")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer) for answer in answers}) == 1


def test_a_sent_invoice_is_paid_on_stripes_page(buy):
    row = buy.subscription(collection_method="send_invoice", days_until_due=7)
    buy.wait(hours=2)
    row.refresh_from_db()

    page = signed_in(buy.person()).get(f"/subscriptions/{row.pk}/").text

    assert f'href="{row.open_invoice_url}"' in page
    assert "no card is charged" in page
    assert "Change card" not in page


def test_what_waits_for_its_first_payment_leads_there(buy):
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    row = buy.subscription()
    assert row.status == "incomplete"

    overview = signed_in(row.customer).get("/").text
    page = signed_in(row.customer).get(f"/subscriptions/{row.pk}/").text

    assert "waits for its first payment" in overview
    assert f'href="{row.open_invoice_url}"' in overview
    assert f'href="{row.open_invoice_url}"' in page


def test_what_was_never_paid_for_is_not_called_cancelled(buy):
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    unpaid = buy.subscription()
    buy.wait(hours=24)
    row = buy.row_of(unpaid.stripe_subscription_id)
    assert row.status == "incomplete_expired"

    overview = signed_in(row.customer).get("/").text
    page = signed_in(row.customer).get(f"/subscriptions/{row.pk}/").text

    for text in (overview, page):
        assert "Did not begin" in text
        assert "The first payment was not made" in text
        assert "Cancelled" not in text
    assert "Started" not in page
    assert "Ended" not in page


def test_what_stripe_sells_itself_is_managed_on_its_page(buy, sandbox):
    row = buy.subscription()
    with vendor_scope(row.vendor):
        Subscription.objects.filter(pk=row.pk).update(is_managed=True)
    browser = signed_in(row.customer)

    page = browser.get(f"/subscriptions/{row.pk}/").text
    there = browser.post(f"/subscriptions/{row.pk}/stripe/")

    assert "Stripe itself sells this to you" in page
    assert "Change card" not in page
    url = there.headers["Refresh"].removeprefix("0; url=")
    assert url.startswith("https://billing.stripe.com/")
    assert f'href="{url}"' in there.text


def test_a_free_plan_asks_for_no_card(buy):
    row = buy.subscription(amount=0)

    page = signed_in(row.customer).get(f"/subscriptions/{row.pk}/").text

    assert "This is free, so it needs no card." in page
    assert "Next charge" not in page


def test_a_plan_says_when_it_is_paid_for_the_last_time(buy):
    row = buy.split_pay(payments=3)

    page = signed_in(row.customer).get(f"/subscriptions/{row.pk}/").text

    assert "1 of 3 paid" in page
    assert "Last payment" in page


@pytest.fixture(params=["sent", "split-pay"])
def ended_unpaid(request, buy, in_acme):
    """It has run out, and its last invoice is open: a sent one, or a plan's third payment."""
    if request.param == "sent":
        row = buy.subscription(collection_method="send_invoice", days_until_due=60)
        at_the_end = {"cancel_at_period_end": True}
        buy.stripe.subscriptions.update(row.stripe_subscription_id, at_the_end)
        buy.wait(days=32)
    else:
        row = buy.split_pay(payments=3)
        buy.wait(days=40)
        buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
        buy.wait(days=60)
    row.refresh_from_db()
    assert row.status == "canceled"
    return row


def test_what_is_open_after_the_end_is_told_and_can_be_paid(ended_unpaid, buy):
    browser = signed_in(ended_unpaid.customer)
    amount = "€49.00" if ended_unpaid.is_split_pay else "€19.00"
    pay = f'href="{ended_unpaid.open_invoice_url}"'

    overview = browser.get("/").text
    page = browser.get(f"/subscriptions/{ended_unpaid.pk}/").text

    assert f"{amount} is still open for {ended_unpaid.product_name}." in overview
    assert 'class="over"' not in overview
    for text in (overview, page):
        assert f"{amount} is still open<" in text
        assert pay in text
        assert ("2 of 3 paid" in text) == ended_unpaid.is_split_pay

    card = buy.use_card(buy.customer_id(), "pm_card_visa")
    of_it = {"subscription": ended_unpaid.stripe_subscription_id, "status": "open"}
    [invoice] = buy.stripe.invoices.list(of_it).data
    buy.stripe.invoices.pay(invoice.id, {"payment_method": card})
    buy.deliver()

    assert "still open" not in browser.get("/").text
    assert "still open" not in browser.get(f"/subscriptions/{ended_unpaid.pk}/").text
