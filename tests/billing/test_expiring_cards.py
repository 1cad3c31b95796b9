"""Cards about to expire: a mail 30 and 7 days before, once each, if the card pays for anything."""

from datetime import date

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Customer, Vendor
from billing.models import ExpiryNotice, StripeCustomer, Subscription
from billing.services.notices import tell_of_expiry
from billing.tasks import note_expiring_cards
from tests.billing.plugin import Buyer
from tests.factories import make_customer, make_subscription

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def alice(acme: Vendor) -> Customer:
    """Her card is good until the end of August 2027."""
    alice = make_customer(acme)
    make_subscription(alice)
    return alice


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch):
    """`on(2027, 8, 1)`: the sweep runs on that day, and the mails that are due have left."""

    def sweep(*day: int) -> list[str]:
        monkeypatch.setattr("billing.services.expiring_cards.localdate", lambda: date(*day))
        mail.outbox.clear()
        note_expiring_cards.func()
        return [message.subject for message in mail.outbox]

    return sweep


def test_each_mail_leaves_once(alice: Customer, on) -> None:
    assert on(2027, 7, 31) == []
    assert on(2027, 8, 1) == ["Your card at Acme is about to expire"]
    assert on(2027, 8, 1) == []
    assert on(2027, 8, 23) == []
    assert on(2027, 8, 24) == ["Your card at Acme is about to expire"]
    assert on(2027, 8, 31) == []
    assert on(2027, 9, 1) == []
    assert {notice.days_before for notice in ExpiryNotice.objects.all()} == {30, 7}


def test_who_is_first_seen_a_week_before_gets_one_mail(alice: Customer, on) -> None:
    assert len(on(2027, 8, 28)) == 1
    assert ExpiryNotice.objects.get().days_before == 7


def test_the_mail_names_card_day_and_products_and_leads_to_the_card_page(
    alice: Customer, on
) -> None:
    on(2027, 8, 1)
    [message] = mail.outbox
    assert "Visa •••• 4242 expires on 31 August 2027." in message.body
    assert "- Language Lab: Italian" in message.body
    assert "/card/?account=" in message.body


@pytest.mark.parametrize(
    "change",
    [
        {"status": Subscription.Status.CANCELED},
        {"cancels_at": timezone.now()},
        {"payments_total": 3, "payments_made": 3, "next_charge_at": None},
        {"collection_method": "send_invoice"},
        {"stripe_payment_method_id": "pm_own", "card_last4": "4444"},
    ],
    ids=["ended", "cancelled", "paid off", "by invoice", "has a card of its own"],
)
def test_a_card_that_pays_for_nothing_is_nobodys_worry(
    alice: Customer, on, change: dict[str, object]
) -> None:
    Subscription.objects.update(**change)
    assert on(2027, 8, 1) == []


def test_a_date_from_the_bank_that_comes_before_the_mail_cancels_it(alice: Customer, on) -> None:
    on(2027, 7, 31)
    notice = ExpiryNotice.objects.create(
        customer=alice,
        stripe_payment_method_id=StripeCustomer.objects.get().stripe_payment_method_id,
        card_exp_month=8,
        card_exp_year=2027,
        days_before=30,
    )
    StripeCustomer.objects.update(card_exp_year=2030)
    tell_of_expiry.func(notice.vendor_id, notice.pk)
    notice.refresh_from_db()
    assert (mail.outbox, notice.mail_wanted) == ([], False)
    assert on(2027, 8, 24) == []


def test_a_date_from_the_bank_arrives(buy: Buyer) -> None:
    row = buy.subscription()
    method = row.stripe_customer.stripe_payment_method_id
    buy.stripe.payment_methods.update(method, {"card": {"exp_month": 2, "exp_year": 2031}})
    buy.deliver()
    row.stripe_customer.refresh_from_db()
    assert row.stripe_customer.expires_on == date(2031, 2, 28)
