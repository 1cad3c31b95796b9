"""One event, many times at once: one row, one receipt, and everybody is answered."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import stripe as sdk
from django.db import connection

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeEvent, Transaction
from billing.sandbox.machine import Sandbox
from billing.sandbox.outbox import Delivery
from invoices.models import Document
from tests.billing.plugin import Buyer, post
from tests.factories import make_vendor

CROWD = 12


@pytest.fixture
def acme(transactional_db: None) -> Vendor:
    return make_vendor("Acme")


@pytest.fixture
def delivery(acme: Vendor, sandbox: Sandbox, stripe: sdk.V1Services) -> Delivery:
    """What Stripe sends for a payment that the hub has not heard of."""
    buy = Buyer(acme, sandbox, stripe, lambda **_options: 0)
    price = buy.price_id("Language Lab: Italian", 1900)
    stripe.subscriptions.create({"customer": buy.customer_id(), "items": [{"price": price}]})
    waiting: list[Delivery] = []
    sandbox.deliver_pending(waiting.append)
    return next(each for each in waiting if each.type == "charge.succeeded")


def test_one_event_many_times_at_once_is_one_row_and_one_receipt(
    acme: Vendor, delivery: Delivery
) -> None:
    start = Barrier(CROWD)

    def arrive(_number: int) -> int:
        try:
            start.wait()
            return post(delivery)
        finally:
            connection.close()

    with ThreadPoolExecutor(CROWD) as crowd:
        assert list(crowd.map(arrive, range(CROWD))) == [200] * CROWD
    with vendor_scope(acme):
        assert StripeEvent.objects.get().failure == ""
        assert Transaction.objects.get().document == Document.objects.get()
