"""Open invoices that belong to no subscription: known while they are open, and no longer."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Vendor
from billing.models import StripeCustomer
from billing.services.sync import runs
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")

SENT = {"collection_method": "send_invoice", "days_until_due": 30}


def open_ones(buy: Buyer) -> list[dict[str, Any]]:
    owner = StripeCustomer.objects.get(stripe_customer_id=buy.customer_id())
    found: list[dict[str, Any]] = owner.one_off_invoices
    return found


def amounts(buy: Buyer) -> list[int]:
    return [invoice["amount_minor"] for invoice in open_ones(buy)]


def test_one_whose_charge_failed_is_known_with_its_next_try(buy: Buyer) -> None:
    buy.sandbox.fail_next_payment(buy.customer_id())
    key = buy.invoice()
    [invoice] = open_ones(buy)
    assert (invoice["invoice_id"], invoice["amount_minor"]) == (key, 9900)
    assert invoice["url"].startswith("https://invoice.stripe.com/")
    assert invoice["charged_at"]
    assert not invoice["due_at"]


def test_the_invoices_own_card_is_the_one_that_pays(buy: Buyer) -> None:
    customer = buy.customer_id()
    own = buy.stripe.payment_methods.attach("pm_card_mastercard", {"customer": customer}).id
    buy.invoice(default_payment_method=own, **SENT)
    assert open_ones(buy)[0]["card"] == ["mastercard", "4444", ""]


def test_what_is_charged_at_once_and_a_subscriptions_own_are_not_among_them(buy: Buyer) -> None:
    buy.invoice()
    buy.subscription()
    buy.sandbox.fail_next_payment(buy.customer_id())
    buy.wait(days=31, hours=2)
    assert open_ones(buy) == []


CLOSE: dict[str, Callable[[Any, str], Any]] = {
    "paid": lambda invoices, key: invoices.pay(key),
    "paid elsewhere": lambda invoices, key: invoices.pay(key, {"paid_out_of_band": True}),
    "voided": lambda invoices, key: invoices.void_invoice(key),
    "given up": lambda invoices, key: invoices.mark_uncollectible(key),
}


@pytest.mark.parametrize("close", CLOSE.values(), ids=CLOSE)
def test_one_that_is_closed_is_gone_and_the_other_stays(
    buy: Buyer, close: Callable[[Any, str], Any]
) -> None:
    first = buy.invoice(**SENT)
    buy.invoice(amount=500, **SENT)
    assert sorted(amounts(buy)) == [500, 9900]
    close(buy.stripe.invoices, first)
    buy.deliver()
    assert amounts(buy) == [500]


def test_the_import_and_the_comparison_bring_what_no_event_told(buy: Buyer, acme: Vendor) -> None:
    heard, buy.deliver = buy.deliver, lambda **_given: 0
    key = buy.invoice(**SENT)
    runs.reconcile(acme)
    assert amounts(buy) == [9900]
    buy.stripe.invoices.void_invoice(key)
    run = runs.reconcile(acme)
    assert "one_off_invoices" in run.differences.get(object_id=buy.customer_id()).changes
    assert amounts(buy) == []
    assert runs.reconcile(acme).differences_found == 0
    heard()
    assert amounts(buy) == []


def test_what_another_worker_read_later_is_kept(
    buy: Buyer, acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was open when it was asked about, and paid before the answer was saved."""
    from billing.gateway import invoices
    from billing.services.sync.one_off_invoices import sync_one_off_invoices

    key, read, customer = buy.invoice(**SENT), invoices.open_one_offs, buy.customer_id()

    def overtaken(vendor: Vendor, customer_id: str) -> Any:
        found = read(vendor, customer_id)
        patch.undo()
        buy.stripe.invoices.void_invoice(key)
        sync_one_off_invoices(vendor, customer_id)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(invoices, "open_one_offs", overtaken)
        sync_one_off_invoices(acme, customer)
    assert open_ones(buy) == []
