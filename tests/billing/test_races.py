"""Many workers at once, on connections of their own: one person, one subscription, one receipt."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
import stripe as sdk
from django.db import connection

from accounts.models import Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.errors import BillingUnavailable
from billing.models import Action, CancellationRules, StripeCustomer, Subscription, Transaction
from billing.sandbox.machine import Sandbox
from billing.services import cancellation
from billing.services.sync.customers import sync_customer
from billing.services.sync.payments import sync_charge
from billing.services.sync.subscriptions import sync_subscription
from invoices.models import Document
from tests.billing.plugin import Buyer
from tests.factories import make_vendor

CROWD = 6
THREE_MONTHS = {"interval": "month", "interval_count": 3}


@pytest.fixture
def acme(transactional_db: None) -> Vendor:
    return make_vendor("Acme")


@pytest.fixture
def untold(acme: Vendor, sandbox: Sandbox, stripe: sdk.V1Services) -> dict[str, str]:
    """Ids of a subscription that we have not heard of yet."""
    buy = Buyer(acme, sandbox, stripe, lambda **_options: 0)
    customer = buy.customer_id()
    price = buy.price_id("Language Lab: Italian", 1900)
    made = stripe.subscriptions.create({"customer": customer, "items": [{"price": price}]})
    charge = stripe.charges.list({"customer": customer}).data[0]
    return {"customer": customer, "subscription": made.id, "charge": charge.id}


def all_at_once(vendor: Vendor, acts: list[Callable[[], Any]]) -> None:
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        try:
            with vendor_scope(vendor):
                start.wait()
                act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as crowd:
        list(crowd.map(run, acts))


def test_everything_about_a_new_customer_at_once(acme: Vendor, untold: dict[str, str]) -> None:
    about = [
        lambda: sync_customer(acme, untold["customer"]),
        lambda: sync_subscription(acme, untold["subscription"]),
        lambda: sync_charge(acme, untold["charge"]),
    ]
    all_at_once(acme, about * (CROWD // len(about)))
    with vendor_scope(acme):
        assert Customer.objects.count() == StripeCustomer.objects.count() == 1
        assert Subscription.objects.get().payments_made == 1
        assert Transaction.objects.get().document == Document.objects.get()


def test_the_same_charge_at_once_gets_one_receipt(acme: Vendor, untold: dict[str, str]) -> None:
    all_at_once(acme, [lambda: sync_charge(acme, untold["charge"])] * CROWD)
    with vendor_scope(acme):
        assert Transaction.objects.get().document == Document.objects.get()


def test_cancelling_at_once_is_one_act_and_undoing_restores_the_plan(
    acme: Vendor, sandbox: Sandbox, stripe: sdk.V1Services
) -> None:
    """Else the second would remember the plan that the first had cut already."""
    buy = Buyer(acme, sandbox, stripe, lambda **_options: 0)
    phases: Any = [{"items": [{"price": buy.price_id("Piano", 4900)}], "duration": THREE_MONTHS}]
    made = stripe.subscription_schedules.create(
        {
            "customer": buy.customer_id(),
            "start_date": "now",
            "end_behavior": "cancel",
            "phases": phases,
        }
    )
    with vendor_scope(acme):
        CancellationRules.objects.create(vendor=acme, split_pay=True)
        row = sync_subscription(acme, str(made.subscription))

    def cancel() -> None:
        with suppress(BillingUnavailable):
            cancellation.cancel(Subscription.objects.get(pk=row.pk))

    all_at_once(acme, [cancel] * CROWD)
    with vendor_scope(acme):
        assert Action.objects.filter(kind=Action.Kind.CANCEL).count() == 1
        cancellation.undo(row)
    after = stripe.subscription_schedules.retrieve(made.id)
    assert after.phases[-1].end_date == made.phases[-1].end_date
