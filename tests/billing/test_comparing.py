"""What webhooks did not bring, a comparison with Stripe finds, puts right and reports."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.gateway import pace
from billing.models import (
    Difference,
    Failure,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SyncRun,
    Transaction,
)
from billing.sandbox.machine import Sandbox
from billing.services.sync import runs
from billing.tasks import (
    compare_everything,
    compare_missed,
    go_on_comparing,
    handle_events,
    reconcile_missed,
)
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def unheard(buy: Buyer) -> Iterator[Buyer]:
    """A shop whose webhooks are all lost."""
    buy.deliver = lambda **_given: 0
    return buy


def differences(run: SyncRun) -> dict[str, Any]:
    return {row.object_id: row.changes for row in run.differences.all()}


def test_a_first_comparison_brings_all_there_is(unheard: Buyer, acme: Vendor) -> None:
    for name in ("alice", "bob"):
        customer = unheard.customer_id(f"{name}@example.com")
        price = unheard.price_id("Italian", 1900)
        given: Any = {"customer": customer, "items": [{"price": price}]}
        unheard.stripe.subscriptions.create(given)
    run = runs.reconcile(acme)
    assert run.finished_at is not None
    assert (run.kind, run.customers, run.failures_met) == (SyncRun.Kind.IMPORT, 2, 0)
    counts = [m.objects.count() for m in (StripeCustomer, Subscription, Transaction)]
    assert counts == [2, 2, 2]
    assert not Difference.objects.exists(), "an import finds everything missing: that is no news"


def test_what_was_missed_is_put_right_and_told_and_then_nothing_differs(
    buy: Buyer, acme: Vendor
) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    buy.stripe.customers.update(buy.customer_id(), {"phone": "+353 1 555"})
    charge = Transaction.objects.get()
    buy.stripe.refunds.create({"charge": charge.stripe_id})
    run = runs.reconcile(acme)
    found = differences(run)
    assert found[row.stripe_subscription_id]["status"] == ["active", "canceled"]
    assert found[buy.customer_id()]["phone"] == ["", "+353 1 555"]
    refund = Transaction.objects.get(kind=Transaction.Kind.REFUND)
    assert run.differences.get(object_id=refund.stripe_id).was_missing
    assert run.differences_found == len(found)
    assert runs.reconcile(acme).differences_found == 0


def test_two_stripe_customers_of_one_second_come_to_rest(buy: Buyer, acme: Vendor) -> None:
    """One person, whose details are those of one of the two, and always the same."""
    for name in ("Alpha", "Beta"):
        buy.stripe.customers.create({"email": "alice@example.com", "name": name})
    buy.deliver()
    StripeCustomer.objects.update(created_at=timezone.now())
    assert StripeCustomer.objects.values("customer").distinct().count() == 1
    runs.reconcile(acme)
    assert runs.reconcile(acme).differences_found == 0


def test_disputes_and_payments_outside_of_stripe_are_found_too(buy: Buyer, acme: Vendor) -> None:
    buy.subscription()
    charge = Transaction.objects.get()
    dispute = buy.sandbox.dispute(charge.stripe_id)
    customer = buy.customer_id()
    invoice = buy.stripe.invoices.create({"customer": customer, "currency": "eur"}).id
    buy.stripe.invoice_items.create(
        {"customer": customer, "invoice": invoice, "currency": "eur", "amount": 5000}
    )
    buy.stripe.invoices.pay(invoice, {"paid_out_of_band": True})
    runs.reconcile(acme)
    found = Transaction.objects.exclude(pk=charge.pk).values_list("stripe_id", flat=True)
    assert set(found) == {dispute, invoice}
    assert runs.reconcile(acme).differences_found == 0


def test_what_was_credited_to_the_balance_is_found(buy: Buyer, acme: Vendor) -> None:
    buy.subscription()
    payment = Transaction.objects.get()
    invoice = buy.stripe.invoices.retrieve(payment.stripe_invoice_id)
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id}
    note: Any = {"invoice": invoice.id, "lines": [line | {"amount": 500}], "credit_amount": 500}
    made = buy.stripe.credit_notes.create(note)
    assert runs.reconcile(acme).differences.get(object_id=made.id).was_missing
    assert runs.reconcile(acme).differences_found == 0
    asked = Transaction.objects.get(stripe_id=made.id)
    assert (asked.kind, asked.amount_minor) == (Transaction.Kind.CREDIT, -500)


def test_a_settled_charge_is_not_read_again(buy: Buyer, acme: Vendor, sandbox: Sandbox) -> None:
    buy.subscription()
    asked = len(sandbox.ledger)
    runs.reconcile(acme)
    paths = [entry.path.partition("?")[0] for entry in list(sandbox.ledger)[asked:]]
    assert not [path for path in paths if path.startswith("/v1/charges/")]


def test_a_customer_who_was_deleted_at_stripe_is_found(buy: Buyer, acme: Vendor) -> None:
    key = buy.customer_id()
    buy.deliver()
    buy.stripe.customers.delete(key)
    StripeCustomer.objects.update(synced_at=timezone.now() - timedelta(days=1))
    runs.reconcile(acme)
    assert StripeCustomer.objects.get().deleted_at is not None


def test_every_quarter_of_an_hour_those_are_read_of_whom_something_never_came(
    buy: Buyer, acme: Vendor
) -> None:
    row = buy.subscription()
    buy.subscription(customer_id=buy.customer_id("bob@example.com"))
    SyncRun.objects.create(vendor=acme, kind=SyncRun.Kind.MISSED, finished_at=timezone.now())
    SyncRun.objects.update(started_at=timezone.now() + timedelta(days=39))
    buy.wait(days=40)
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    reconcile_missed.func()
    row.refresh_from_db()
    assert row.status == Subscription.Status.CANCELED
    assert SyncRun.objects.get(customers__gt=0).customers == 1, "all came of Bob's renewal"


def test_where_every_event_came_nobody_is_read_again(
    buy: Buyer, acme: Vendor, sandbox: Sandbox
) -> None:
    buy.subscription()
    asked = len(sandbox.ledger)
    compare_missed.func(acme.pk)
    assert {entry.path for entry in list(sandbox.ledger)[asked:]} == {"/v1/events"}
    assert SyncRun.objects.get().customers == 0


def test_what_was_missed_is_made_up_for_in_slices(
    unheard: Buyer, acme: Vendor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a page of Stripe's record, and each customer several times in it."""
    for number in range(60):
        unheard.customer_id(f"c{number}@example.com")
    assert len(sandbox.events("acct_acme")) > 120
    monkeypatch.setattr("billing.tasks.A_SLICE", 0)
    compare_missed.func(acme.pk)
    run = SyncRun.objects.get()
    assert run.finished_at is not None
    assert StripeCustomer.objects.count() == 60
    assert Failure.objects.count() == 0


def test_what_was_missed_and_broken_off_goes_on_next_time(
    unheard: Buyer, acme: Vendor, sandbox: Sandbox
) -> None:
    first, _second = (unheard.customer_id(f"c{number}@example.com") for number in range(2))
    sandbox.faults.add(f"GET /v1/customers/{first}", "refused", times=3)
    compare_missed.func(acme.pk)
    assert SyncRun.objects.get().stopped_by != ""
    compare_missed.func(acme.pk)
    run = SyncRun.objects.get()
    assert (run.stopped_by, run.finished_at is None) == ("", False)
    assert StripeCustomer.objects.count() == 2


def test_comparisons_wait_for_all_that_customers_wait_for() -> None:
    for task in (compare_missed, compare_everything, go_on_comparing):
        assert task.priority < handle_events.priority


def test_it_goes_on_where_it_was_interrupted(
    unheard: Buyer, acme: Vendor, sandbox: Sandbox
) -> None:
    keys = [unheard.customer_id(f"c{number}@example.com") for number in range(4)]
    sandbox.faults.add(f"GET /v1/customers/{keys[1]}", "refused", times=3)
    stopped = runs.reconcile(acme)
    assert (stopped.finished_at, stopped.customers) == (None, 2)
    assert stopped.stopped_by != ""
    run = runs.reconcile(acme)
    assert (run.pk, run.customers, run.stopped_by) == (stopped.pk, 4, "")
    assert StripeCustomer.objects.count() == 4


def test_the_worker_does_it_in_slices(
    unheard: Buyer, acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        unheard.customer_id(f"c{number}@example.com")
    monkeypatch.setattr("billing.tasks.A_SLICE", 0)
    compare_everything.func(acme.pk)
    run = SyncRun.objects.get()
    assert (run.customers, run.finished_at is None) == (3, False)


def test_what_cannot_be_taken_in_is_recorded_and_holds_up_nothing(
    unheard: Buyer, acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (unheard.customer_id(f"c{n}@example.com") for n in range(2))
    from billing.services.sync import comparing

    sync = comparing.sync_customer

    def breaks(vendor: Vendor, key: str) -> Any:
        if key == second:
            raise ZeroDivisionError("a bug of ours")
        return sync(vendor, key)

    with monkeypatch.context() as patch:
        patch.setattr(comparing, "sync_customer", breaks)
        run = runs.reconcile(acme)
    assert (run.customers, run.failures_met) == (2, 1)
    failure = Failure.objects.get()
    assert (failure.object_id, failure.settled_at) == (second, None)
    assert StripeCustomer.objects.get().stripe_customer_id == first
    runs.reconcile(acme)
    failure.refresh_from_db()
    assert failure.settled_at is not None


def test_stripes_too_many_requests_is_waited_out(
    buy: Buyer, acme: Vendor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[float] = []
    monkeypatch.setattr(pace.Pace, "hold", lambda _self, seconds: held.append(seconds))
    buy.subscription()
    sandbox.faults.add("GET /v1/customers", "429", times=3)
    assert runs.reconcile(acme).finished_at is not None
    assert held == [1.0, 2.0, 4.0]


def test_turns_are_taken_at_the_pace_and_a_hold_is_everybodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    rhythm = pace.Pace(20)
    for _request in range(21):
        rhythm.wait()
    assert now[0] == pytest.approx(101.0)
    rhythm.hold(7)
    rhythm.wait()
    assert now[0] == pytest.approx(108.0)


def test_a_run_without_news_leaves_no_pile(buy: Buyer, acme: Vendor) -> None:
    buy.subscription()
    for _quarter in range(3):
        compare_missed.func(acme.pk)
    assert SyncRun.objects.count() == 1


def test_no_vendor_is_read_without_its_key(acme: Vendor) -> None:
    assert runs.reconcile(acme).stopped_by == "No Stripe key is set."
    with vendor_scope(None):
        assert not StripeEvent.objects.exists()
