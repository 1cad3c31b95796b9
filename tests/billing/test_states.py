"""The state table, cell by cell, with the real SDK against the sandbox: what is allowed works, and
what is refused is refused by us, in the table's words, before any change reaches Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import stripe as sdk

from accounts.models import Vendor
from billing import states
from billing.errors import BillingError
from billing.models import Subscription
from billing.sandbox.machine import Sandbox
from billing.services import cancellation, card_forms, open_invoices
from billing.services.sync.customers import sync_customer
from billing.services.sync.subscriptions import sync_subscription
from billing.states import Act, Way
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")

Status = Subscription.Status
AUTOMATIC, SENT = "charge_automatically", "send_invoice"
VARIANTS = list(product(["classic", "flexible"], [False, True], [AUTOMATIC, SENT]))
FAILS = "pm_card_chargeCustomerFail"
DAY = 24 * 3600


def cannot_be(status: str, scheduled: bool, collection: str) -> bool:
    """What Stripe itself does not let come about: an invoice that is sent waits for nobody, and
    nothing under a schedule is paused."""
    if status in (Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED):
        return collection == SENT
    return status == Status.PAUSED and scheduled


@dataclass
class World:
    """One Stripe in which a subscription of each variant stands in one status."""

    buy: Buyer
    status: str

    def make(self, number: int, mode: str, scheduled: bool, collection: str) -> str:
        stripe, email = self.buy.stripe, f"person-{number}@example.com"
        customer = self.buy.customer_id(email)
        if self.status in (Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED):
            self.buy.use_card(customer, FAILS)
        given: Any = {
            "customer": customer,
            "items": [{"price": self.buy.price_id("Lab", 1900)}],
            "billing_mode": {"type": mode},
        }
        if self.status == Status.TRIALING:
            given["trial_period_days"] = 14
        is_sent_later = self.status == Status.UNPAID  # of a sent invoice, only the shop says so
        if collection == SENT and not is_sent_later:
            given |= {"collection_method": SENT, "days_until_due": 7}
        made = stripe.subscriptions.create(given)
        if scheduled:
            stripe.subscription_schedules.create({"from_subscription": made.id})
        if self.status in (Status.PAST_DUE, Status.UNPAID, Status.CANCELED):
            self.buy.use_card(customer, FAILS)
        return made.id

    def let_it_come_to_that(self, ids: dict[str, tuple[str, bool, str]]) -> None:
        stripe, sandbox = self.buy.stripe, self.buy.sandbox
        if self.status == Status.UNPAID:
            sandbox.settings("acct_acme", after_last_retry="unpaid")
        hours = {
            Status.INCOMPLETE: 0,
            Status.INCOMPLETE_EXPIRED: 24,
            Status.PAST_DUE: 33 * 24,
            Status.CANCELED: 33 * 24,
        }
        waits = hours.get(Status(self.status), 58 * 24 if self.status == Status.UNPAID else 2)
        sandbox.advance(int(sandbox.clock.now()) + int(timedelta(hours=waits).total_seconds()))
        for key, (_mode, _scheduled, collection) in ids.items():
            if self.status == Status.PAUSED:
                stripe.subscriptions.pause(key, {"type": "subscription"})
            if self.status == Status.UNPAID and collection == SENT:
                stripe.subscriptions.update(key, {"collection_method": SENT, "days_until_due": 7})
            schedule = stripe.subscriptions.retrieve(key).schedule
            if self.status == Status.CANCELED and schedule:
                stripe.subscription_schedules.cancel(str(schedule), {"prorate": False})
            elif self.status == Status.CANCELED:
                stripe.subscriptions.cancel(key)


def at_stripe(buy: Buyer, row: Subscription) -> Any:
    return buy.stripe.subscriptions.retrieve(
        row.stripe_subscription_id, {"expand": ["default_payment_method", "schedule"]}
    )


def try_cancel(buy: Buyer, row: Subscription) -> None:
    ends_at = cancellation.cancel(row, reason="price")
    known = at_stripe(buy, row)
    assert known.cancel_at == int(ends_at.timestamp()) == known.items.data[0].current_period_end
    classic = known.billing_mode.type == "classic" and known.schedule is None
    assert known.cancel_at_period_end is classic


def try_undo(buy: Buyer, row: Subscription) -> None:
    cancellation.undo(row)
    known = at_stripe(buy, row)
    assert (known.cancel_at, known.cancel_at_period_end) == (None, False)
    if known.schedule:
        assert (known.schedule.status, known.schedule.end_behavior) == ("active", "release")


def try_pay(buy: Buyer, row: Subscription) -> None:
    """Here with the card on file, which works again; or on Stripe's page of the invoice."""
    card = buy.use_card(row.stripe_customer.stripe_customer_id, "pm_card_visa")
    of_it: Any = {"subscription": row.stripe_subscription_id}
    if states.way(row, Act.PAY) == Way.INVOICE:
        found = buy.stripe.invoices.list(of_it).data
        [invoice] = [i for i in found if i.hosted_invoice_url == row.open_invoice_url]
        assert buy.stripe.invoices.pay(invoice.id, {"payment_method": card}).status == "paid"
    else:
        sync_customer(row.vendor, row.stripe_customer.stripe_customer_id)
        open_invoices.pay_with_card_on_file(row.customer, subscription=row)
        assert buy.stripe.invoices.list(of_it | {"status": "open"}).data == []
        assert at_stripe(buy, row).status == "active"


def try_card(buy: Buyer, row: Subscription) -> None:
    setup = card_forms.start(row.customer, subscription=row)
    buy.confirm_card(setup.setup_intent_id)
    card_forms.finish(row.customer, setup_intent_id=setup.setup_intent_id, subscription=row)
    known = at_stripe(buy, row)
    assert known.default_payment_method.card.last4 == "4444"
    if known.schedule:
        default = known.schedule.default_settings.default_payment_method
        assert default == known.default_payment_method.id


TRIES = {Act.CANCEL: try_cancel, Act.UNDO: try_undo, Act.PAY: try_pay, Act.CARD: try_card}
ASKS = {
    Act.CANCEL: cancellation.cancel,
    Act.UNDO: cancellation.undo,
    Act.PAY: lambda row: open_invoices.pay_with_card_on_file(row.customer, subscription=row),
    Act.CARD: lambda row: card_forms.start(row.customer, subscription=row),
}


@pytest.mark.parametrize("status", Status.values)
def test_every_cell_is_as_the_table_says(
    buy: Buyer, sandbox: Sandbox, acme: Vendor, status: str
) -> None:
    world, cells = World(buy, status), 0
    made = {
        world.make(number, *variant): variant
        for number, variant in enumerate(VARIANTS)
        if not cannot_be(status, *variant[1:])
    }
    world.let_it_come_to_that(made)
    for key, (_mode, _scheduled, collection) in made.items():
        row = sync_subscription(acme, key)
        assert row.status == status
        for act, attempt in TRIES.items():
            cells += 1
            cell = states.cell(act, status=status, collection_method=collection)
            row.refresh_from_db()
            if isinstance(cell, Way):
                attempt(buy, row)
            else:
                refuse(sandbox, act, row, str(cell))
    assert cells == 4 * len(made)


def refuse(sandbox: Sandbox, act: Act, row: Subscription, sentence: str) -> None:
    changes = len(sandbox.ledger.changes())
    with pytest.raises(BillingError) as error:
        ASKS[act](row)
    assert str(error.value) == sentence == states.refusal(row, act)
    assert len(sandbox.ledger.changes()) == changes


def test_the_table_knows_each_status_both_ways() -> None:
    assert set(states.AUTOMATIC) == set(states.BY_HAND) == set(Status.values)
    assert set(states.ENDINGS) == set(product([True, False], repeat=2))


def test_what_cannot_be_is_not_let_come_about(buy: Buyer) -> None:
    given: Any = {
        "customer": buy.customer_id(),
        "items": [{"price": buy.price_id("Lab", 1900)}],
    }
    buy.use_card(buy.customer_id(), FAILS)
    sent = buy.stripe.subscriptions.create(given | {"collection_method": SENT, "days_until_due": 7})
    assert sent.status == "active"
    buy.stripe.subscription_schedules.create({"from_subscription": sent.id})
    with pytest.raises(sdk.InvalidRequestError, match="schedule"):
        buy.stripe.subscriptions.pause(sent.id, {"type": "subscription"})


@pytest.mark.parametrize("act", Act)
def test_a_status_that_nobody_knows_changes_nothing(act: Act) -> None:
    row = Subscription(status="hibernating")
    assert states.way(row, act) is None
    assert states.refusal(row, act) == str(states.UNKNOWN)


@pytest.mark.parametrize("act", [Act.CARD, Act.CANCEL, Act.UNDO])
def test_what_stripe_sells_itself_is_changed_on_its_own_page(act: Act) -> None:
    row = Subscription(status="active", is_managed=True)
    assert states.refusal(row, act) == str(states.MANAGED)


def test_what_is_free_needs_no_card() -> None:
    item = {"amount_minor": 0, "is_metered": False}
    row = Subscription(status="active", items=[item])
    assert states.refusal(row, Act.CARD) == str(states.FREE)
    assert states.way(row, Act.CANCEL) == Way.HERE
