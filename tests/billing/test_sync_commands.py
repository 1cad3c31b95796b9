"""What an operator types: a first import, a comparison, events once more."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeCustomer, StripeEvent, Subscription
from billing.sandbox.machine import Sandbox
from tests.billing.plugin import Buyer


def told(*command: str, **options: Any) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_a_first_import_says_what_it_read(buy: Buyer, acme: Vendor) -> None:
    buy.subscription()
    with vendor_scope(acme):
        StripeEvent.objects.all().delete()
    assert "acme: 1 customers, 2 objects read, 0 differed, 0 failed" in told("sync_stripe")


def test_an_import_that_stripe_breaks_off_goes_on_when_called_again(
    buy: Buyer, acme: Vendor, sandbox: Sandbox
) -> None:
    keys = [buy.customer_id(f"c{number}@example.com") for number in range(3)]
    sandbox.faults.add(f"GET /v1/customers/{keys[0]}", "refused", times=3)
    with pytest.raises(CommandError, match="Not finished: acme"):
        told("sync_stripe", vendor="acme")
    assert "going on after 2 customers" in told("sync_stripe", vendor="acme")
    with vendor_scope(acme):
        assert StripeCustomer.objects.count() == 3


def test_only_what_was_touched_since_a_day_is_read(buy: Buyer, acme: Vendor) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    told("sync_stripe", vendor="acme", since=f"{timezone.now():%Y-%m-%d}")
    with vendor_scope(acme):
        row.refresh_from_db()
    assert row.status == Subscription.Status.CANCELED


def test_a_comparison_names_what_differed(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.customers.update(buy.customer_id(), {"phone": "+353 1 555"})
    answer = told("reconcile", vendor="acme")
    assert "acme: 1 customers compared, 1 differences, 0 failures" in answer
    assert f"{row.stripe_customer.stripe_customer_id}: phone" in answer


def test_failed_events_are_replayed(buy: Buyer, acme: Vendor) -> None:
    row = buy.subscription()
    with vendor_scope(acme):
        event = StripeEvent.objects.get(type="customer.subscription.created")
        StripeEvent.objects.filter(pk=event.pk).update(failure="it broke", attempts=12)
        Subscription.objects.update(status="frozen")
        assert "1 events replayed." in told("replay_events", "acme")
        event.refresh_from_db()
        row.refresh_from_db()
        assert (event.failure, event.attempts, row.status) == ("", 1, "active")
        assert "1 events replayed." in told("replay_events", "acme", event.event_id)


@pytest.mark.parametrize(
    ("command", "options", "reason"),
    [
        (["sync_stripe"], {"since": "yesterday", "vendor": "acme"}, "takes a day"),
        (["sync_stripe"], {"vendor": "nobody"}, "No such vendor"),
        (["replay_events", "nobody"], {}, "There is no vendor"),
        (["replay_events", "acme", "evt_nope"], {}, "There is no event evt_nope."),
    ],
)
def test_what_makes_no_sense_is_said(
    command: list[str], options: dict[str, str], reason: str, buy: Buyer
) -> None:
    with pytest.raises(CommandError, match=reason):
        told(*command, **options)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["sync_stripe", "reconcile"])
def test_where_no_vendor_has_keys_yet_nothing_is_wrong(command: str) -> None:
    assert told(command) == "No vendor has Stripe keys yet.\n"
    with pytest.raises(CommandError, match="No such vendor has Stripe keys: acme"):
        told(command, vendor="acme")
