"""One vendor whose key is dead holds up nobody else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from accounts.turns import in_turn, wait_after
from billing.models import Action, StripeEvent
from billing.services import actions, settling
from billing.tasks import sweep_actions, sweep_events
from tests.billing.plugin import Buyer
from tests.factories import make_customer, make_stripe_account, make_subscription

LONG_AGO = timedelta(hours=3)


@pytest.fixture
def dead_key(globex: Vendor) -> Vendor:
    make_stripe_account(globex, secret_key="sk_test_globex_revoked")
    return globex


def test_each_vendor_is_served_in_turn(acme: Vendor, globex: Vendor) -> None:
    for vendor, count in ((acme, 5), (globex, 2)):
        with vendor_scope(vendor):
            for number in range(count):
                StripeEvent.objects.create(
                    vendor=vendor, event_id=f"evt_{number}", type="x", created_at=timezone.now()
                )
    with vendor_scope(None):
        rows = StripeEvent.objects.order_by("pk").values_list("vendor__subdomain", flat=True)
        assert in_turn(rows, at_most=6, each=3) == ["acme", "globex", "acme", "globex", "acme"]
        assert in_turn(rows, at_most=10, each=3)[5:] == ["acme", "acme"], "there is room for more"
        assert in_turn(rows, at_most=2, each=3) == ["acme", "globex"]


def test_waits_double_up_to_the_longest() -> None:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    waits = [wait_after(tried, first=minute, longest=hour) for tried in (0, 1, 5, 6, 10**6)]
    assert waits == [minute, 2 * minute, 32 * minute, hour, hour]


def test_a_dead_keys_acts_do_not_keep_anothers_waiting(
    buy: Buyer, acme: Vendor, dead_key: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = buy.subscription()
    carol = make_customer(dead_key, "Carol")
    theirs = [make_subscription(carol) for _number in range(6)]
    with vendor_scope(dead_key):
        for subscription in theirs:
            actions.start(Action.Kind.CANCEL, carol, subscription=subscription)
        Action.objects.update(started_at=timezone.now() - 2 * LONG_AGO)
    with vendor_scope(acme):
        mine = actions.start(Action.Kind.CANCEL, row.customer, subscription=row)
        Action.objects.update(started_at=timezone.now() - LONG_AGO)
    monkeypatch.setattr(settling, "A_SWEEP", 4)
    monkeypatch.setattr(settling, "A_VENDORS_SHARE", 3)
    sweep_actions.func()
    with vendor_scope(acme):
        mine.refresh_from_db()
        assert mine.state == Action.State.REFUSED, "Stripe shows that it was not cancelled"
    with vendor_scope(dead_key):
        tried = Action.objects.filter(attempts=1)
        assert tried.count() == 3
        assert all(action.next_try_at > timezone.now() for action in tried)
    sweep_actions.func()
    with vendor_scope(dead_key):
        assert Action.objects.filter(attempts=1).count() == 6, "then those never tried"


def test_a_dead_keys_events_do_not_keep_anothers_waiting(
    buy: Buyer, acme: Vendor, dead_key: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy.subscription()
    now = timezone.now()
    for vendor, type_, count in ((dead_key, "customer.updated", 6), (acme, "unheard.of", 1)):
        with vendor_scope(vendor):
            for number in range(count):
                StripeEvent.objects.create(
                    vendor=vendor, event_id=f"evt_x{number}", type=type_, created_at=now
                )
    with vendor_scope(None):
        StripeEvent.objects.filter(handled_at=None).update(attempts=1, next_try_at=now - LONG_AGO)
    monkeypatch.setattr("billing.tasks.A_SWEEP", 4)
    monkeypatch.setattr("billing.tasks.A_VENDORS_SHARE", 3)
    sweep_events.func()
    with vendor_scope(acme):
        assert not StripeEvent.objects.filter(handled_at=None).exists()
    with vendor_scope(dead_key):
        assert StripeEvent.objects.filter(attempts=2).count() == 3
