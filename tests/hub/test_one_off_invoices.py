"""What an open invoice of no subscription says on the overview, and what may not be said then."""

from dataclasses import replace
from html import unescape

import pytest

from accounts.tenancy import vendor_scope
from billing.gateway import payments
from billing.models import StripeCustomer
from tests.clients import signed_in

CALM = ("no charge is coming", "nothing is charged any more", "nothing is charged to you")
SENT = {"collection_method": "send_invoice", "days_until_due": 30}


def overview(buy):
    return unescape(signed_in(buy.person()).get("/").text)


@pytest.fixture
def declined(buy):
    buy.sandbox.fail_next_payment(buy.customer_id())
    return buy.invoice()


def test_one_that_is_charged_soon_is_told_with_card_day_and_stripes_page(buy, declined):
    page = overview(buy)

    at_stripe = buy.stripe.invoices.retrieve(declined)
    assert "An invoice of €99.00 is open." in page
    assert "Visa •••• 4242 is charged on " in page
    assert f'href="{at_stripe.hosted_invoice_url}">Pay invoice' in page
    assert "Visa ending in 4242" in page
    for words in CALM:
        assert words not in page + signed_in(buy.person()).get("/profile/").text


def test_it_is_told_beside_what_is_live(buy):
    buy.subscription()
    buy.invoice(**SENT)

    page = overview(buy)

    assert "An invoice of €99.00 is open." in page
    assert "Next charge" in page


def test_one_that_was_sent_says_when_it_is_due_and_then_that_it_was(buy):
    buy.invoice(**SENT)

    before = overview(buy)
    with vendor_scope(buy.vendor):
        owner = StripeCustomer.objects.get()
        owner.one_off_invoices[0]["due_at"] = "2026-01-02T12:00:00+00:00"
        owner.save()
    after = overview(buy)

    assert "It is due on" in before
    assert "notice warn" in before
    assert "It was due on" in after
    assert "notice bad" in after
    assert "no charge is coming" not in before + after


def test_one_without_a_card_or_a_next_try_can_still_be_paid(buy):
    buy.invoice(auto_advance=False)

    page = overview(buy)

    assert "An invoice of €99.00 is open." in page
    assert "You can pay it on Stripe's page." in page
    assert "is charged on" not in page


def test_one_that_a_bank_was_asked_to_pay_is_not_asked_for_again(buy, monkeypatch):
    """A direct debit takes days, and the invoice is open until then."""
    read = payments.read_payment
    on_its_way = {"standing": payments.Standing.ON_ITS_WAY}
    monkeypatch.setattr(
        "billing.gateway.invoices.read_payment", lambda *which: replace(read(*which), **on_its_way)
    )
    buy.invoice(**SENT)

    page = overview(buy)

    assert "An invoice of €99.00 is open." in page
    assert "Your bank has been asked for €99.00. Its answer takes a few days." in page
    assert "Pay invoice" not in page


def test_once_it_is_paid_nothing_is_charged_any_more(buy, declined):
    buy.stripe.invoices.pay(declined)
    buy.deliver()

    page = overview(buy)

    assert "is open" not in page
    assert "no charge is coming" in page


def test_a_customer_deleted_at_stripe_is_asked_for_nothing(buy, declined):
    buy.stripe.customers.delete(buy.customer_id())
    buy.deliver()

    page = overview(buy)

    assert "is open" not in page
    assert "no charge is coming" in page


def test_nobody_sees_anothers(buy, declined):
    buy.invoice(customer_id=buy.customer_id("bob@example.com"), amount=1234, **SENT)

    assert "€12.34" not in overview(buy)
