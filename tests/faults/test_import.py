"""A first import takes the same memory however many customers there are.

FAULTS_IMPORT_CUSTOMERS makes them more or fewer; 10,000 take five minutes.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe as sdk
from django.core import mail

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeCustomer, Subscription, SyncRun
from billing.sandbox.machine import Sandbox
from billing.services.sync import runs
from tests.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CUSTOMERS = int(os.environ.get("FAULTS_IMPORT_CUSTOMERS", "10000"))
ONE_SUBSCRIBES_OF = 200
MOST_KEPT = 0.5
"""Blocks of memory a customer. Whoever keeps but their ids keeps one."""


class Memory:
    """Of Python's objects in this process. The sandbox's are among them, and stay as they are while
    it is only read; but for its list of requests, and for the tests' own of mails."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.blocks: list[int] = []

    def look(self, run: SyncRun) -> None:
        if run.customers % (CUSTOMERS // 10) == 0:
            self.sandbox.ledger.clear()
            mail.outbox.clear()
            gc.collect()
            self.blocks.append(sys.getallocatedblocks())


@pytest.fixture
def unlogged() -> Iterator[None]:
    """pytest keeps each line for its report."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def open_a_shop(stripe: sdk.V1Services) -> None:
    price: Any = {"currency": "eur", "unit_amount": 1900, "recurring": {"interval": "month"}}
    price_id = stripe.prices.create(price | {"product_data": {"name": "Language Lab"}}).id
    for number in range(CUSTOMERS):
        about = {"email": f"buyer{number}@example.com", "name": f"Buyer {number}"}
        customer = stripe.customers.create(about)  # type: ignore[arg-type]
        if number % ONE_SUBSCRIBES_OF == 0:
            card = stripe.payment_methods.attach("pm_card_visa", {"customer": customer.id})
            stripe.subscriptions.create(
                {
                    "customer": customer.id,
                    "items": [{"price": price_id}],
                    "default_payment_method": card.id,
                }
            )


@pytest.mark.usefixtures("unprinted", "unlogged")
def test_an_import_takes_the_same_memory_however_many_there_are(
    stripe: sdk.V1Services,
    sandbox: Sandbox,
    acme: Vendor,
    report: Report,
) -> None:
    open_a_shop(stripe)
    memory, began = Memory(sandbox), time.monotonic()
    with vendor_scope(acme):
        run = runs.begin(acme)
        runs.go_on(run, progress=memory.look)
        subscriptions = Subscription.objects.count()
        assert StripeCustomer.objects.count() == CUSTOMERS
    spent = time.monotonic() - began
    assert (run.kind, run.stopped_by, run.failures_met) == (SyncRun.Kind.IMPORT, "", 0)
    first, *_, last = memory.blocks
    kept = (last - first) / (CUSTOMERS * 0.9)
    report(
        f"{run.customers:,} customers and {subscriptions:,} subscriptions in {spent:.0f} s, Stripe"
        f" without its limits; {kept:+.3f} blocks of memory kept a customer"
    )
    assert len(memory.blocks) == 10
    assert kept <= MOST_KEPT
