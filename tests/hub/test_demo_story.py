"""The demo's fourteen months, told to the sandbox in this process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import TeamMember, User, Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeAccount
from billing.sandbox.machine import Sandbox
from billing.sandbox.story import tell
from billing.sandbox.worlds import Inside
from hub.demo import acme, globex, history, setting_up
from hub.demo.calendar import MONTHS_OF_HISTORY, Days
from hub.demo.cast import ACME, VENDORS
from tests.clients import HubClient

# The last day of a month and a leap day are where counting back in months goes wrong.
TODAYS = [
    datetime(2026, 11, 21, 12, 30, tzinfo=UTC),
    datetime(2027, 3, 31, 0, 10, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 50, tzinfo=UTC),
]


@pytest.fixture(scope="module", params=TODAYS, ids=lambda today: f"{today:%Y-%m-%d}")
def told(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, datetime]]:
    today: datetime = request.param
    sandbox = Sandbox(now=today.timestamp)
    sandbox.clock.set(int(Days(today).first.timestamp()))
    for _ in tell(Inside(sandbox), history.shops(today), until=today):
        pass
    yield sandbox, today
    sandbox.close()


def subscriptions(sandbox: Sandbox, email: str) -> dict[str, Any]:
    """A person's subscriptions at Acme, by the product's name, as Stripe's SDK sees them."""
    api = Inside(sandbox).client(ACME.secret_key).v1
    (customer,) = api.customers.list({"email": email}).data
    found = api.subscriptions.list({"customer": customer.id, "status": "all", "limit": 100})
    return {
        api.products.retrieve(str(one.items.data[0].price.product)).name: one for one in found.data
    }


def test_alice_has_one_of_everything(told: tuple[Sandbox, datetime]) -> None:
    sandbox, today = told
    hers = subscriptions(sandbox, "alice@example.com")
    assert {name: one.status for name, one in hers.items()} == {
        "Photography Monthly": "past_due",
        "Language Lab: Italian": "active",
        "Studio Membership": "active",
        "Community Circle": "active",
        "Drawing Basics Weekly": "canceled",
        "Piano in 30 Days": "trialing",
        "Certificate in Interior Design": "active",
    }
    assert hers["Studio Membership"].cancel_at > today.timestamp()
    assert hers["Community Circle"].pause_collection
    assert hers["Certificate in Interior Design"].schedule


def test_three_of_alices_six_payments_are_made(told: tuple[Sandbox, datetime]) -> None:
    sandbox, _today = told
    plan = subscriptions(sandbox, "alice@example.com")["Certificate in Interior Design"]
    api = Inside(sandbox).client(ACME.secret_key).v1
    invoices = api.invoices.list({"subscription": plan.id, "status": "paid"}).data
    assert len(invoices) == 3
    schedule = api.subscription_schedules.retrieve(str(plan.schedule))
    assert schedule.status == "active"


def test_bob_has_cancelled_all(told: tuple[Sandbox, datetime]) -> None:
    sandbox, _today = told
    his = subscriptions(sandbox, "bob@example.com")
    assert {one.status for one in his.values()} == {"canceled"}
    assert len(his) == 2


def test_between_them_the_customers_show_every_state(told: tuple[Sandbox, datetime]) -> None:
    sandbox, _today = told
    seen = set()
    for vendor in VENDORS:
        api = Inside(sandbox).client(vendor.secret_key).v1
        for one in api.subscriptions.list({"status": "all", "limit": 100}).data:
            seen.add(one.status)
            if one.pause_collection:
                seen.add("paused")
            if one.cancel_at and one.status in ("active", "trialing"):
                seen.add(f"{one.status}, ending")
        for schedule in api.subscription_schedules.list({"limit": 100}).data:
            seen.add(f"plan {schedule.status}")
        seen |= {"refunded" for refund in api.refunds.list({"limit": 100}).data}
    assert seen == {
        "active",
        "active, ending",
        "trialing",
        "trialing, ending",
        "past_due",
        "paused",
        "canceled",
        "plan active",
        "plan completed",
        "refunded",
    }


def test_no_refund_or_failure_went_astray(told: tuple[Sandbox, datetime]) -> None:
    """Each of them hits the payment that the story means."""
    sandbox, _today = told
    api = Inside(sandbox).client(ACME.secret_key).v1
    assert {refund.amount for refund in api.refunds.list({"limit": 100}).data} == {950, 3500, 1500}
    failed = [one for one in api.charges.list({"limit": 100}).data if one.status == "failed"]
    assert {one.amount for one in failed} == {2900, 14900}


@pytest.mark.parametrize("today", TODAYS, ids=lambda today: f"{today:%Y-%m-%d}")
def test_nothing_happens_before_the_story_begins_or_after_today(today: datetime) -> None:
    days = Days(today)
    assert (today - days.first).days > MONTHS_OF_HISTORY * 30
    for purchase in [*acme.purchases(days), *globex.purchases(days)]:
        moments = [purchase.at, *(turn.at for turn in purchase.turns)]
        assert all(days.first < moment <= today for moment in moments), purchase.product


@pytest.mark.django_db
def test_the_vendors_are_set_up_once(at_acme: HubClient) -> None:
    Vendor.objects.all().delete()
    setting_up.vendors()
    setting_up.vendors()
    assert [vendor.name for vendor in Vendor.objects.all()] == ["Acme Courses", "Globex"]
    assert User.objects.filter(is_superuser=True).count() == 1
    assert sorted(TeamMember.objects.values_list("role", flat=True)) == [
        "owner",
        "owner",
        "support",
        "support",
    ]
    with vendor_scope(None):
        assert StripeAccount.objects.count() == 2
    assert "Acme Courses" in at_acme.get("/").content.decode()


@pytest.mark.parametrize("missing", ["DEMO", "STRIPE_SANDBOX"])
def test_it_refuses_to_fill_anything_but_a_demo(missing: str, settings: Any) -> None:
    settings.DEMO = settings.STRIPE_SANDBOX = True
    setattr(settings, missing, False)
    with pytest.raises(CommandError, match="demos only"):
        call_command("seed_demo")
