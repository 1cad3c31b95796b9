"""From an event's row to the objects it hints at, and what happens if that fails."""

import inspect
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from stripe.params import WebhookEndpointCreateParams

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import events
from billing.events import MAX_ATTEMPTS
from billing.gateway import subscriptions as gateway
from billing.models import StripeEvent, Subscription
from billing.sandbox.machine import Sandbox
from billing.tasks import handle_event, prune_events, sweep_events
from tests.billing.plugin import Buyer, Deliver
from tests.factories import make_stripe_account

pytestmark = pytest.mark.usefixtures("in_acme")


def make_event(vendor: Vendor, type_: str, object_id: str, **fields: Any) -> StripeEvent:
    number = StripeEvent.objects.count()
    given = {"event_id": f"evt_{number}", "created_at": timezone.now()}
    return StripeEvent.objects.create(
        vendor=vendor, type=type_, object_id=object_id, **given | fields
    )


def handled(event: StripeEvent) -> StripeEvent:
    events.handle(event)
    event.refresh_from_db()
    return event


def test_every_type_we_listen_to_is_one_that_stripe_has() -> None:
    known = Path(inspect.getfile(WebhookEndpointCreateParams)).read_text()
    assert [name for name in events.HANDLERS if f'"{name}"' not in known] == []


def test_what_stripe_no_longer_has_is_recorded_and_done_with(buy: Buyer, in_acme: Vendor) -> None:
    event = handled(make_event(in_acme, "customer.subscription.updated", "sub_gone"))
    assert event.handled_at is not None
    assert "No such subscription" in event.failure


def test_a_subscription_without_a_customer_is_recorded_for_the_vendor(
    buy: Buyer, in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts v2: `customer` is null."""
    row, read = buy.subscription(), gateway.read_subscription
    monkeypatch.setattr(
        gateway, "read_subscription", lambda *which: replace(read(*which), customer_id="")
    )
    event = make_event(in_acme, "customer.subscription.updated", row.stripe_subscription_id)
    assert handled(event).failure == "It belongs to no Stripe customer."
    assert event.handled_at is not None


def test_a_status_of_tomorrow_is_kept_and_recorded(
    buy: Buyer, in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, read = buy.subscription(), gateway.read_subscription
    monkeypatch.setattr(
        gateway, "read_subscription", lambda *which: replace(read(*which), status="frozen")
    )
    event = make_event(in_acme, "customer.subscription.updated", row.stripe_subscription_id)
    assert handled(event).failure == "The subscription has a status we do not know: frozen"
    row.refresh_from_db()
    assert (row.status, row.is_live) == ("frozen", False)


def test_a_missing_field_is_recorded_and_no_crash(
    buy: Buyer, in_acme: Vendor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = buy.subscription()
    answer = sandbox.request

    def without_status(*args: Any, **options: Any) -> Any:
        response = answer(*args, **options)
        return replace(response, body=response.body.replace('"billing_mode"', '"other_mode"'))

    monkeypatch.setattr(sandbox, "request", without_status)
    event = make_event(in_acme, "customer.subscription.updated", row.stripe_subscription_id)
    assert handled(event).failure.startswith("Stripe's answer has a shape we do not know")
    assert event.handled_at is not None


@pytest.mark.parametrize("fault", ["timeout_before", "500", "truncated", "refused"])
def test_while_stripe_is_down_the_event_waits_and_is_swept_up_later(
    buy: Buyer, in_acme: Vendor, sandbox: Sandbox, fault: str
) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    sandbox.faults.add("GET /v1/subscriptions/*", fault, times=3)
    event = handled(
        make_event(in_acme, "customer.subscription.deleted", row.stripe_subscription_id)
    )
    assert (event.handled_at, event.attempts) == (None, 1)
    assert event.failure != ""
    sandbox.faults.clear()
    sweep_events.func()
    event.refresh_from_db()
    assert event.handled_at is None, "not before its wait is over"
    StripeEvent.objects.update(next_try_at=timezone.now())
    sweep_events.func()
    event.refresh_from_db()
    row.refresh_from_db()
    assert (event.failure, row.status) == ("", Subscription.Status.CANCELED)
    assert event.handled_at is not None


def test_an_event_whose_task_was_lost_is_swept_up(buy: Buyer, in_acme: Vendor) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    event = make_event(in_acme, "customer.subscription.deleted", row.stripe_subscription_id)
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(minutes=2))
    sweep_events.func()
    row.refresh_from_db()
    event.refresh_from_db()
    assert row.status == Subscription.Status.CANCELED
    assert event.handled_at is not None


def test_an_event_that_breaks_us_is_tried_so_often_and_no_more(
    in_acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def breaks(*_which: object) -> None:
        tries.append(1)
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setitem(events.HANDLERS, "customer.updated", breaks)
    event = make_event(in_acme, "customer.updated", "cus_1")
    for _minute in range(20):
        StripeEvent.objects.update(next_try_at=timezone.now())
        sweep_events.func()
    event.refresh_from_db()
    assert len(tries) == event.attempts == MAX_ATTEMPTS
    assert (event.failure, event.handled_at) == ("ZeroDivisionError: a bug of ours", None)


def test_each_wait_is_twice_the_one_before(in_acme: Vendor) -> None:
    make_stripe_account(in_acme, secret_key="")
    waits = []
    for attempts in range(5):
        event = handled(make_event(in_acme, "customer.updated", "cus_1", attempts=attempts))
        waits.append(round((event.next_try_at - timezone.now()) / timedelta(seconds=1)))
    assert waits == [20, 40, 80, 160, 320]


def test_a_task_that_comes_twice_does_nothing_the_second_time(
    buy: Buyer, in_acme: Vendor, sandbox: Sandbox
) -> None:
    buy.subscription()
    event = StripeEvent.objects.filter(type="customer.subscription.created").get()
    asked = len(sandbox.ledger)
    handle_event.func(in_acme.pk, event.pk)
    assert len(sandbox.ledger) == asked


def test_what_was_handled_a_month_ago_is_forgotten(in_acme: Vendor) -> None:
    now = timezone.now()
    make_event(in_acme, "old", "", handled_at=now - timedelta(days=31))
    make_event(in_acme, "young", "", handled_at=now - timedelta(days=29))
    make_event(in_acme, "unhandled", "", handled_at=None)
    make_event(in_acme, "given up", "", attempts=MAX_ATTEMPTS)
    StripeEvent.objects.update(received_at=now - timedelta(days=40))
    prune_events.func()
    assert sorted(StripeEvent.objects.values_list("type", flat=True)) == ["unhandled", "young"]


def test_a_card_that_its_bank_renewed_is_shown_with_the_new_date(
    buy: Buyer, deliver: Deliver
) -> None:
    row = buy.subscription()
    method = row.stripe_customer.stripe_payment_method_id
    buy.stripe.payment_methods.update(method, {"card": {"exp_month": 2, "exp_year": 2039}})
    deliver()
    row.stripe_customer.refresh_from_db()
    assert row.stripe_customer.card_exp_year == 2039


def test_a_card_that_was_taken_away_is_no_longer_shown(buy: Buyer, deliver: Deliver) -> None:
    row = buy.subscription()
    buy.stripe.payment_methods.detach(row.stripe_customer.stripe_payment_method_id)
    deliver()
    row.stripe_customer.refresh_from_db()
    assert not row.stripe_customer.has_card


def test_the_work_of_one_vendor_is_done_in_its_own_scope(
    buy: Buyer, in_acme: Vendor, globex: Vendor
) -> None:
    event = make_event(in_acme, "unheard.of", "")
    with vendor_scope(globex):
        handle_event.func(globex.pk, event.pk)
    event.refresh_from_db()
    assert event.attempts == 0
