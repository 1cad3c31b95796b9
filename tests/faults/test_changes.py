"""Stripe or the line fails in the middle of a change: nothing is done twice, nothing is untrue.

A customer does something on a page while a call fails; then what was left is settled, and the
customer, if it did not work, tries again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tenancy import vendor_scope
from billing.models import Action, CancellationRules, Subscription
from billing.sandbox.faults import KINDS
from billing.sandbox.ledger import PREVIEW, Entry
from billing.tasks import sweep_actions
from tests.billing.end_states import differs_from_stripe
from tests.billing.plugin import Buyer
from tests.clients import HubClient, signed_in
from tests.figures import Report

GETS_THROUGH, FAILS = 1, 3
"""How often a call meets its fault: the SDK tries three times in all."""
LATER = timedelta(minutes=10)

CUSTOMER = "POST /v1/customers/cus_" + "?" * 14
SUBSCRIPTION = "POST /v1/subscriptions/sub_*"
SCHEDULE = "POST /v1/subscription_schedules/sub_sched_*"
DETAILS = {
    "name": "Alice Martin",
    "email": "alice@example.com",
    "line1": "27 rue de la République",
    "postcode": "69002",
    "city": "Lyon",
    "country": "FR",
    "company": "Atelier Martin",
    "tax_id": "FR12345678901",
}


@dataclass
class Scene:
    """Somebody who is signed in, and what they have bought."""

    buy: Buyer
    client: HubClient
    row: Subscription

    def at_stripe(self) -> Any:
        return self.buy.stripe.subscriptions.retrieve(self.row.stripe_subscription_id)

    def customer_at_stripe(self) -> Any:
        return self.buy.stripe.customers.retrieve(self.buy.customer_id())


@dataclass(frozen=True)
class Act:
    """What a customer does, its calls that change something, and whether Stripe has done it."""

    calls: list[str]
    set_up: Callable[[Buyer], Subscription]
    do: Callable[[Scene], Any]
    is_done: Callable[[Scene], bool]
    success: str


def subscribed(buy: Buyer) -> Subscription:
    return buy.subscription()


def with_an_older_tax_id(buy: Buyer) -> Subscription:
    row = buy.subscription()
    tax_id: Any = {"type": "eu_vat", "value": "FR00000000000"}
    buy.stripe.customers.tax_ids.create(buy.customer_id(), tax_id)
    return row


def save_details(scene: Scene) -> Any:
    return scene.client.post("/profile/", DETAILS, follow=True)


def has_details(scene: Scene) -> bool:
    there = scene.customer_at_stripe()
    tax_ids = scene.buy.stripe.customers.tax_ids.list(scene.buy.customer_id()).data
    return there.name == "Alice Martin" and [one.value for one in tax_ids] == [DETAILS["tax_id"]]


def with_cards_of_their_own(buy: Buyer) -> Subscription:
    plan = buy.split_pay()
    method = buy.use_card(buy.customer_id(), "pm_card_visa")
    row = buy.subscription(default_payment_method=method)
    buy.stripe.subscriptions.update(plan.stripe_subscription_id, {"default_payment_method": method})
    buy.deliver()
    return row


def change_card(scene: Scene) -> Any:
    page = scene.client.get("/card/")
    if "setup" not in page.context:
        return page
    intent = page.context["setup"].setup_intent_id
    if scene.buy.stripe.setup_intents.retrieve(intent).status != "succeeded":
        scene.buy.confirm_card(intent)
    return scene.client.post("/card/", {"scope": "all", "setup_intent": intent}, follow=True)


def has_new_card(scene: Scene) -> bool:
    default = scene.customer_at_stripe().invoice_settings.default_payment_method
    brand = scene.buy.stripe.payment_methods.retrieve(default).card.brand
    return brand == "mastercard" and scene.at_stripe().default_payment_method in (None, default)


def past_due(buy: Buyer) -> Subscription:
    row = buy.subscription()
    buy.sandbox.fail_next_payment(buy.customer_id())
    buy.wait(days=32)
    return buy.row_of(row.stripe_subscription_id)


def is_paid(scene: Scene) -> bool:
    return bool(scene.at_stripe().status == "active")


def cancel(scene: Scene) -> Any:
    return scene.client.post(f"/subscriptions/{scene.row.pk}/cancel/", follow=True)


def is_ending(scene: Scene) -> bool:
    there = scene.at_stripe()
    return there.cancel_at is not None or there.cancel_at_period_end


def split_pay(buy: Buyer) -> Subscription:
    with vendor_scope(buy.vendor):
        CancellationRules.objects.create(vendor=buy.vendor, split_pay=True)
    return buy.split_pay()


def cut_short(scene: Scene) -> bool:
    schedule = scene.buy.stripe.subscription_schedules.retrieve(scene.row.stripe_schedule_id)
    return schedule.phases[-1].end_date == scene.at_stripe()["items"].data[0].current_period_end


def cancelled(buy: Buyer) -> Subscription:
    return _cancelled(buy, subscribed(buy))


def split_pay_cancelled(buy: Buyer) -> Subscription:
    return _cancelled(buy, split_pay(buy))


def _cancelled(buy: Buyer, row: Subscription) -> Subscription:
    signed_in(row.customer).post(f"/subscriptions/{row.pk}/cancel/")
    buy.deliver()
    return buy.row_of(row.stripe_subscription_id)


def keep(scene: Scene) -> Any:
    return scene.client.post(f"/subscriptions/{scene.row.pk}/keep/", follow=True)


ACTS = {
    "details": Act(
        [CUSTOMER, "POST /v1/customers/*/tax_ids", "DELETE /v1/customers/*/tax_ids/*"],
        with_an_older_tax_id,
        save_details,
        has_details,
        "Your details are saved.",
    ),
    "card": Act(
        ["POST /v1/setup_intents", CUSTOMER, SUBSCRIPTION, SCHEDULE],
        with_cards_of_their_own,
        change_card,
        has_new_card,
        "Mastercard ending in 4444 now pays for everything",
    ),
    "pay": Act(["POST /v1/invoices/*/pay"], past_due, change_card, is_paid, "Paid just now"),
    "cancel": Act([SUBSCRIPTION], subscribed, cancel, is_ending, "There will be no further charge"),
    "cancel a plan": Act(
        [SCHEDULE], split_pay, cancel, cut_short, "There will be no further charge"
    ),
    "undo": Act(
        [SUBSCRIPTION], cancelled, keep, lambda scene: not is_ending(scene), "goes on as before"
    ),
    "undo a plan": Act(
        [SCHEDULE],
        split_pay_cancelled,
        keep,
        lambda scene: not cut_short(scene),
        "goes on as before",
    ),
}
CASES = [(name, call) for name, act in ACTS.items() for call in act.calls]


def effects(entries: list[Entry]) -> Counter[str]:
    """What the hub changed at Stripe, by call and what it asked for: who tries again with another
    card asks for something else. A form that is opened anew changes nothing that counts."""
    return Counter(
        f"{entry.method} {entry.path} {entry.params}"
        for entry in entries
        if entry.effect and "/setup_intents" not in entry.path
    )


def keyless(entries: list[Entry], actions: set[str]) -> list[str]:
    """Calls that change something without the key of an action's row: if the process died there,
    nobody could ask again without doing it twice."""
    return [
        f"{entry.method} {entry.path}"
        for entry in entries
        if entry.method == "POST"
        and entry.path != PREVIEW  # only asks
        and not entry.path.endswith("/confirm")  # the customer's browser
        and (entry.idempotency_key or "").partition(":")[0] not in actions
    ]


def play(buy: Buyer, act: Act, call: str, kind: str, times: int) -> None:
    """The act with a fault, then again if it failed. Whatever the page says must be so."""
    row = act.set_up(buy)
    scene = Scene(buy, signed_in(row.customer), row)
    begun = len(buy.sandbox.ledger)
    buy.sandbox.faults.add(call, kind, times=times, delay=0)
    answer = act.do(scene)
    assert any(entry.fault for entry in buy.sandbox.ledger), "the fault met no call"
    buy.sandbox.faults.clear()
    assert answer.status_code == 200
    assert act.success not in answer.text or act.is_done(scene), "the page said what is not so"
    settle(buy)
    if not act.is_done(scene):
        assert act.success in act.do(scene).text
        settle(buy)
    assert act.is_done(scene)
    assert set(effects(list(buy.sandbox.ledger)[begun:]).values()) == {1}
    with vendor_scope(buy.vendor):
        assert not differs_from_stripe(buy.vendor)
        begun_here = {str(key) for key in Action.objects.values_list("pk", flat=True)}
    assert keyless(list(buy.sandbox.ledger)[begun:], begun_here) == []


def settle(buy: Buyer) -> None:
    """What the sweep and Stripe's events bring, some minutes later."""
    with vendor_scope(None):
        Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    buy.deliver()


@pytest.mark.parametrize(("name", "call"), CASES)
def test_an_answer_that_never_came(buy: Buyer, name: str, call: str) -> None:
    play(buy, ACTS[name], call, "timeout_after", FAILS)


@pytest.mark.slow
@pytest.mark.parametrize("times", [GETS_THROUGH, FAILS])
@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(("name", "call"), CASES)
def test_each_fault_on_each_changing_call(
    buy: Buyer, report: Report, name: str, call: str, kind: str, times: int
) -> None:
    play(buy, ACTS[name], call, kind, times)
    report("0 double effects, equal to Stripe after one settling, the page true")
