"""Who may cancel what, what that does in Stripe, and how it is undone."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AuditEntry, Vendor
from billing.errors import (
    AlreadyCancelled,
    BillingUnavailable,
    CancellationNotAllowed,
    NotLive,
    StripeRefused,
)
from billing.models import Action, CancellationRules, Subscription
from billing.sandbox.machine import Sandbox
from billing.sandbox.periods import add
from billing.services import cancellation, cancellation_rules
from billing.tasks import sweep_actions
from tests.billing.plugin import Buyer

State = Subscription.State
CLASSIC: dict[str, Any] = {"billing_mode": {"type": "classic"}}

pytestmark = pytest.mark.usefixtures("in_acme")


def at_stripe(buy: Buyer, row: Subscription) -> Any:
    return buy.stripe.subscriptions.retrieve(row.stripe_subscription_id)


# --- Cancelling ---


def test_flexible_billing_ends_with_the_paid_period(buy: Buyer) -> None:
    row = buy.subscription()
    ends_at = cancellation.cancel(row, reason="price")
    row.refresh_from_db()
    assert ends_at == row.period_ends_at == row.cancels_at
    assert (row.state, row.next_charge_at) == (State.ENDING, None)
    known = at_stripe(buy, row)
    assert known.cancel_at == int(ends_at.timestamp())
    assert known.cancel_at_period_end is False
    assert known.cancellation_details.feedback == "too_expensive"


def test_classic_billing_ends_with_the_paid_period(buy: Buyer) -> None:
    row = buy.subscription(**CLASSIC)
    ends_at = cancellation.cancel(row)
    assert ends_at == row.period_ends_at
    assert at_stripe(buy, row).cancel_at_period_end is True


def test_a_trial_ends_with_the_trial_and_is_never_charged(buy: Buyer) -> None:
    row = buy.trial()
    assert cancellation.cancel(row) == row.trial_ends_at
    buy.wait(days=15)
    row.refresh_from_db()
    assert row.state == State.CANCELLED
    assert row.payments_made == 0
    assert not row.transactions.exists()


def test_at_the_end_it_is_over(buy: Buyer) -> None:
    row = buy.subscription()
    cancellation.cancel(row)
    buy.wait(days=32)
    row.refresh_from_db()
    assert (row.state, row.payments_made) == (State.CANCELLED, 1)
    assert row.ended_at is not None


def test_the_action_says_who_asked_for_what_and_why(buy: Buyer) -> None:
    row = buy.subscription()
    cancellation.cancel(row, reason="time")
    action = Action.objects.get()
    assert (action.kind, action.state) == (Action.Kind.CANCEL, Action.State.DONE)
    assert (action.customer, action.subscription) == (row.customer, row)
    assert action.reason == "time"


def test_the_audit_log_tells_the_end_before_and_after(buy: Buyer) -> None:
    row = buy.subscription()
    ends_at = str(cancellation.cancel(row))
    cancellation.undo(row)
    undone, cancelled = AuditEntry.objects.all()
    assert cancelled.detail == {"ends_at": ["", ends_at]}
    assert undone.detail == {"ends_at": [ends_at, ""]}


def test_asking_twice_changes_nothing_and_mails_once(buy: Buyer, sandbox: Sandbox) -> None:
    row = buy.subscription()
    first = cancellation.cancel(row)
    changes = len(sandbox.ledger.changes())
    mail.outbox.clear()
    assert cancellation.cancel(row) == first
    assert len(sandbox.ledger.changes()) == changes
    assert mail.outbox == []
    assert Action.objects.count() == 1


def test_one_that_staff_cancelled_a_moment_ago_keeps_their_end(buy: Buyer) -> None:
    row = buy.subscription()
    end = int((timezone.now() + timedelta(days=3)).timestamp())
    buy.stripe.subscriptions.update(
        row.stripe_subscription_id, {"cancel_at": end, "proration_behavior": "none"}
    )
    assert int(cancellation.cancel(row).timestamp()) == end
    assert not Action.objects.exists()


def test_the_mail_says_what_ends_when_in_the_vendors_zone(buy: Buyer, acme: Vendor) -> None:
    Vendor.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    row = buy.subscription()
    mail.outbox.clear()
    cancellation.cancel(row)
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert message.subject == "You cancelled Language Lab: Italian"
    assert "JST" in message.body
    assert f"https://acme.test/subscriptions/{row.pk}/" in message.body
    assert "Visa •••• 4242 is not charged again." in message.body


@pytest.mark.usefixtures("printed")
def test_the_mail_carries_a_record_to_keep(buy: Buyer) -> None:
    row = buy.subscription()
    mail.outbox.clear()
    cancellation.cancel(row)
    [record] = [a for a in mail.outbox[0].attachments if a.mimetype == "application/pdf"]
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(record.content)).pages)
    assert "Record of a cancellation" in text
    assert "Language Lab: Italian" in text
    assert "alice@example.com" in text
    assert str(Action.objects.get().pk) in text.replace("\n", "")


# --- Undoing ---


@pytest.mark.parametrize("mode", [{}, CLASSIC])
def test_until_it_ends_it_can_be_undone(buy: Buyer, mode: dict[str, Any]) -> None:
    row = buy.subscription(**mode)
    cancellation.cancel(row)
    mail.outbox.clear()
    cancellation.undo(row)
    row.refresh_from_db()
    assert (row.state, row.cancels_at) == (State.ACTIVE, None)
    assert row.next_charge_at == row.period_ends_at
    known = at_stripe(buy, row)
    assert (known.cancel_at, known.cancel_at_period_end) == (None, False)
    [message] = mail.outbox
    assert message.subject == "Language Lab: Italian goes on"
    assert "€19.00" in message.body


def test_undoing_twice_changes_nothing_and_mails_once(buy: Buyer) -> None:
    row = buy.subscription()
    cancellation.cancel(row)
    cancellation.undo(row)
    mail.outbox.clear()
    cancellation.undo(row)
    assert mail.outbox == []
    assert Action.objects.filter(kind=Action.Kind.UNDO_CANCEL).count() == 1


def test_after_the_end_nothing_can_be_undone(buy: Buyer) -> None:
    row = buy.subscription()
    cancellation.cancel(row)
    buy.wait(days=32)
    with pytest.raises(NotLive, match="ended already"):
        cancellation.undo(row)


def test_cancelling_again_after_undoing_is_a_new_act(buy: Buyer) -> None:
    row = buy.subscription()
    cancellation.cancel(row)
    cancellation.undo(row)
    cancellation.cancel(row)
    row.refresh_from_db()
    assert row.state == State.ENDING
    assert Action.objects.filter(kind=Action.Kind.CANCEL).count() == 2


# --- Split-pay plans and schedules ---


@pytest.fixture
def allowed(in_acme: Vendor) -> CancellationRules:
    return CancellationRules.objects.create(vendor=in_acme, split_pay=True)


@pytest.mark.usefixtures("allowed")
def test_a_plan_under_a_schedule_ends_with_the_paid_month(buy: Buyer) -> None:
    row = buy.split_pay(payments=3)
    ends_at = cancellation.cancel(row)
    row.refresh_from_db()
    assert ends_at == row.period_ends_at
    assert (row.state, row.payments_total) == (State.ENDING, 3)
    buy.wait(days=40)
    row.refresh_from_db()
    assert (row.state, row.payments_made, row.payments_total) == (State.CANCELLED, 1, 3)


@pytest.mark.usefixtures("allowed")
def test_a_plan_under_a_schedule_goes_on_as_agreed_when_undone(buy: Buyer) -> None:
    row = buy.split_pay(payments=3)
    cancellation.cancel(row)
    cancellation.undo(row)
    row.refresh_from_db()
    assert (row.state, row.cancels_at, row.payments_total) == (State.ACTIVE, None, 3)
    buy.wait(days=100)
    row.refresh_from_db()
    assert (row.state, row.payments_made) == (State.COMPLETED, 3)


@pytest.mark.usefixtures("allowed")
def test_a_plan_that_is_free_at_first_is_cancelled_and_goes_on_as_agreed(buy: Buyer) -> None:
    coupon = buy.stripe.coupons.create({"percent_off": 100, "duration": "once"})
    given: Any = {"discounts": [{"coupon": coupon.id}], "proration_behavior": "none"}
    end = add(buy.sandbox.clock.now(), "month", 4)
    row = buy.subscription(cancel_at=end, **given)
    assert (row.state, row.payments_total) == (State.ACTIVE, 3)
    cancellation.cancel(row)
    row.refresh_from_db()
    assert (row.state, row.payments_total) == (State.ENDING, 3)
    cancellation.undo(row)
    row.refresh_from_db()
    assert (row.state, row.cancels_at, row.payments_total) == (State.ACTIVE, None, 3)


@pytest.mark.usefixtures("allowed")
def test_a_plan_with_an_end_of_its_own_gets_it_back_when_undone(buy: Buyer) -> None:
    end = int((timezone.now() + timedelta(days=91)).timestamp())
    row = buy.subscription(cancel_at=end, proration_behavior="none")
    cancellation.cancel(row)
    row.refresh_from_db()
    assert (row.state, row.payments_total) == (State.ENDING, 3)
    cancellation.undo(row)
    row.refresh_from_db()
    assert (row.state, row.payments_total) == (State.ACTIVE, 3)
    assert at_stripe(buy, row).cancel_at == end


@pytest.mark.usefixtures("allowed")
def test_a_plan_that_staff_cancelled_is_not_made_endless(buy: Buyer) -> None:
    row = buy.subscription(metadata={"installments": "6"})
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"cancel_at": "min_period_end"})
    buy.deliver()
    row.refresh_from_db()
    assert row.state == State.ENDING
    with pytest.raises(StripeRefused, match="write to us"):
        cancellation.undo(row)
    assert at_stripe(buy, row).cancel_at is not None


@pytest.fixture
def rising(buy: Buyer) -> Subscription:
    """Ongoing under a schedule: 19 euros for two months, then 25, taxed and from a card."""
    rate = buy.stripe.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": True})
    customer = buy.customer_id()
    method = buy.stripe.payment_methods.attach("pm_card_amex", {"customer": customer})
    phases: Any = [
        {
            "items": [{"price": buy.price_id("Lab", amount), "quantity": 2}],
            "duration": {"interval": "month", "interval_count": months},
            "default_tax_rates": [rate.id],
            "default_payment_method": method.id,
            "metadata": {"order": "LL-1"},
            "description": "Rising",
            "automatic_tax": {"enabled": False},
            "invoice_settings": {"days_until_due": 7},
            "transfer_data": {"destination": "acct_partner"},
            "application_fee_percent": 2.5,
        }
        for amount, months in ((1900, 2), (2500, 12))
    ]
    schedule = buy.stripe.subscription_schedules.create(
        {
            "customer": customer,
            "start_date": "now",
            "end_behavior": "release",
            "phases": phases,
        }
    )
    buy.deliver()
    return buy.row_of(str(schedule.subscription))


def test_an_ongoing_one_under_a_schedule_ends_with_the_paid_month(
    buy: Buyer, rising: Subscription
) -> None:
    assert (rising.payments_total, rising.amount_minor) == (None, 3800)
    ends_at = cancellation.cancel(rising)
    rising.refresh_from_db()
    assert ends_at == rising.period_ends_at
    assert (rising.state, rising.payments_total) == (State.ENDING, None)
    buy.wait(days=40)
    rising.refresh_from_db()
    assert (rising.state, rising.payments_made) == (State.CANCELLED, 1)


def test_an_ongoing_one_under_a_schedule_gets_its_agreed_changes_back(
    buy: Buyer, rising: Subscription
) -> None:
    before = buy.stripe.subscription_schedules.retrieve(rising.stripe_schedule_id)
    cancellation.cancel(rising)
    cancellation.undo(rising)
    rising.refresh_from_db()
    assert (rising.state, rising.payments_total) == (State.ACTIVE, None)
    after = buy.stripe.subscription_schedules.retrieve(rising.stripe_schedule_id)
    assert after.end_behavior == "release"
    assert [phase.to_dict() for phase in after.phases] == [
        phase.to_dict() for phase in before.phases
    ]
    buy.wait(days=65)
    rising.refresh_from_db()
    assert rising.amount_minor == 5000


def test_undoing_twice_over_keeps_the_plan_whole(buy: Buyer, rising: Subscription) -> None:
    """An old cancellation that was undone is not what a new undoing goes back to."""
    before = buy.stripe.subscription_schedules.retrieve(rising.stripe_schedule_id)
    for _ in range(2):
        cancellation.cancel(rising)
        cancellation.undo(rising)
    after = buy.stripe.subscription_schedules.retrieve(rising.stripe_schedule_id)
    assert [p.to_dict() for p in after.phases] == [p.to_dict() for p in before.phases]


def test_an_end_that_staff_set_instead_is_not_taken_for_ours(buy: Buyer) -> None:
    row = buy.subscription()
    cancellation.cancel(row)
    row.refresh_from_db()
    assert cancellation.made_here(row) is not None
    sooner = int((timezone.now() + timedelta(days=5)).timestamp())
    buy.stripe.subscriptions.update(
        row.stripe_subscription_id, {"cancel_at": sooner, "proration_behavior": "none"}
    )
    buy.deliver()
    row.refresh_from_db()
    assert cancellation.made_here(row) is None


def test_items_of_different_rhythm_end_with_the_longest(buy: Buyer) -> None:
    yearly = buy.price_id("Licence", 24000, interval="year")
    monthly = buy.price_id("Support", 1000)
    row = buy.subscription(items=[{"price": yearly}, {"price": monthly}])
    shown = row.access_ends_at
    mail.outbox.clear()
    assert cancellation.cancel(row) == shown
    row.refresh_from_db()
    assert row.next_charge_at is not None
    assert at_stripe(buy, row).cancel_at == int(row.period_ends_at.timestamp())  # type: ignore[union-attr]
    assert "is still charged, next on" in mail.outbox[0].body


def test_a_paused_one_whose_time_is_over_ends_at_once(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.pause(row.stripe_subscription_id, {"type": "subscription"})
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        buy.wait(hours=1)
        row.refresh_from_db()
        assert cancellation.ends_at_once(row)
        ended_at = cancellation.cancel(row)
    row.refresh_from_db()
    assert (row.state, row.ended_at) == (State.CANCELLED, ended_at)


def test_while_one_is_at_work_another_is_asked_to_wait(buy: Buyer, sandbox: Sandbox) -> None:
    row = buy.subscription()
    Action.objects.create(
        vendor=row.vendor, kind=Action.Kind.CANCEL, customer=row.customer, subscription=row
    )
    changes = len(sandbox.ledger.changes())
    for act in (cancellation.cancel, cancellation.undo):
        with pytest.raises(BillingUnavailable, match="Another change is being made"):
            act(row)
    assert len(sandbox.ledger.changes()) == changes
    assert Action.objects.count() == 1


# --- Rules ---


def test_split_pay_plans_are_refused_unless_the_vendor_allows_them(
    buy: Buyer, sandbox: Sandbox
) -> None:
    row = buy.split_pay()
    changes = len(sandbox.ledger.changes())
    with pytest.raises(CancellationNotAllowed, match=r"help@acme\.example"):
        cancellation.cancel(row)
    assert len(sandbox.ledger.changes()) == changes
    assert not Action.objects.exists()


@pytest.mark.parametrize("country", ["US", "DE", "IE", "CY"])
def test_where_the_law_says_so_the_vendor_cannot_forbid_it(
    buy: Buyer, acme: Vendor, country: str
) -> None:
    CancellationRules.objects.create(vendor=acme, ongoing=False)
    buy.customer_id(address={"country": country})
    assert cancellation_rules.refusal(buy.subscription()) is None
    assert cancellation_rules.refusal(buy.trial()) is None


@pytest.mark.parametrize("country", ["", "CH", "GB", "BR"])
def test_elsewhere_the_vendor_decides(buy: Buyer, acme: Vendor, country: str) -> None:
    rules = CancellationRules.objects.create(vendor=acme, ongoing=False)
    buy.customer_id(**({"address": {"country": country}} if country else {}))
    row = buy.subscription()
    refusal = cancellation_rules.refusal(row)
    assert refusal is not None
    assert "help@acme.example" in refusal
    rules.ongoing = True
    assert cancellation_rules.refusal(row, rules=rules) is None


def test_the_vendor_is_told_which_rule_decides(buy: Buyer, acme: Vendor) -> None:
    decide = cancellation_rules.decide
    plan, elsewhere = buy.split_pay(), buy.subscription()
    assert decide(plan).because == "Your setting for split-pay plans"
    assert decide(elsewhere).because == "Your setting for ongoing subscriptions and trials"
    buy.another_customer_id("dora@example.com")
    customer = buy.stripe.customers.create(
        {"email": "eva@example.com", "address": {"country": "DE"}}
    )
    buy.use_card(customer.id, "pm_card_visa")
    at_home = buy.subscription(customer_id=customer.id)
    assert decide(at_home).because == "The law: customers in Germany may always cancel"
    buy.stripe.subscriptions.cancel(elsewhere.stripe_subscription_id)
    buy.deliver()
    elsewhere.refresh_from_db()
    assert decide(elsewhere).because == "What it is at Stripe: This has ended already."


def test_the_law_says_nothing_of_split_pay_plans(buy: Buyer) -> None:
    buy.customer_id(address={"country": "DE"})
    assert cancellation_rules.refusal(buy.split_pay()) is not None


def test_what_has_ended_cannot_be_cancelled(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    with pytest.raises(AlreadyCancelled):
        cancellation.cancel(row)
    row.refresh_from_db()
    assert row.state == State.CANCELLED


def test_what_is_paid_off_cannot_be_cancelled(buy: Buyer, acme: Vendor) -> None:
    CancellationRules.objects.create(vendor=acme, split_pay=True)
    row = buy.split_pay(payments=2)
    buy.wait(days=31)
    row.refresh_from_db()
    with pytest.raises(NotLive, match="Everything is paid"):
        cancellation.cancel(row)


# --- Faults ---


@pytest.mark.parametrize("fault", ["timeout_before", "reset", "503", "429"])
def test_if_stripe_is_down_nothing_is_half_saved(buy: Buyer, sandbox: Sandbox, fault: str) -> None:
    row = buy.subscription()
    sandbox.faults.add("POST /v1/subscriptions/*", fault, times=3)
    with pytest.raises(BillingUnavailable):
        cancellation.cancel(row)
    row.refresh_from_db()
    assert row.state == State.ACTIVE
    assert Action.objects.get().state in (Action.State.UNKNOWN, Action.State.REFUSED)
    sandbox.faults.clear()
    assert cancellation.cancel(row) == row.period_ends_at


def test_a_lost_answer_is_asked_for_again_with_the_same_key(buy: Buyer, sandbox: Sandbox) -> None:
    row = buy.subscription()
    sandbox.faults.add("POST /v1/subscriptions/*", "timeout_after", times=2)
    assert cancellation.cancel(row) == row.period_ends_at
    path = f"/v1/subscriptions/{row.stripe_subscription_id}"
    asked = sandbox.ledger.of("POST", path)
    assert len({entry.idempotency_key for entry in asked}) == 1
    assert len([entry for entry in asked if not entry.replayed]) == 1


@pytest.mark.parametrize("fault", ["timeout_after", "truncated"])
def test_an_unknown_outcome_is_settled_by_what_stripe_shows(
    buy: Buyer, sandbox: Sandbox, fault: str
) -> None:
    """It happened, and no answer ever came."""
    row = buy.subscription()
    mail.outbox.clear()
    sandbox.faults.add("POST /v1/subscriptions/*", fault, times=3)
    with pytest.raises(BillingUnavailable, match="do not know whether it worked"):
        cancellation.cancel(row)
    action = Action.objects.get()
    assert (action.state, mail.outbox) == (Action.State.UNKNOWN, [])
    Action.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    sweep_actions.func()
    action.refresh_from_db()
    row.refresh_from_db()
    assert (action.state, row.state) == (Action.State.DONE, State.ENDING)
    assert [message.subject for message in mail.outbox] == ["You cancelled Language Lab: Italian"]


def test_an_unknown_outcome_that_came_to_nothing_is_settled_too(
    buy: Buyer, sandbox: Sandbox
) -> None:
    row = buy.subscription()
    mail.outbox.clear()
    sandbox.faults.add("POST /v1/subscriptions/*", "timeout_before", times=3)
    with pytest.raises(BillingUnavailable):
        cancellation.cancel(row)
    Action.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    sweep_actions.func()
    action = Action.objects.get()
    assert (action.state, action.failure_code) == (Action.State.REFUSED, "not_applied")
    assert mail.outbox == []


def test_a_process_that_died_in_the_middle_is_settled(buy: Buyer, acme: Vendor) -> None:
    row = buy.subscription()
    Action.objects.create(
        vendor=acme, kind=Action.Kind.CANCEL, customer=row.customer, subscription=row
    )
    Action.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    sweep_actions.func()
    assert Action.objects.get().state == Action.State.REFUSED


def test_one_that_breaks_keeps_nobody_else_waiting(buy: Buyer, acme: Vendor) -> None:
    row = buy.subscription()
    asked = {"vendor": acme, "customer": row.customer, "subscription": row}
    broken = Action.objects.create(kind=Action.Kind.PAY, **asked)  # which invoice, nobody knows
    waiting = Action.objects.create(kind=Action.Kind.CANCEL, **asked)
    Action.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    Action.objects.filter(pk=broken.pk).update(started_at=timezone.now() - timedelta(minutes=4))
    sweep_actions.func()
    waiting.refresh_from_db()
    assert waiting.state == Action.State.REFUSED


def test_an_undoing_that_stripe_did_not_follow_is_not_called_done(
    buy: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(vendor: Vendor, subscription_id: str, **_options: Any) -> Any:
        return cancellation.gateway.read_subscription(vendor, subscription_id)

    row = buy.subscription()
    cancellation.cancel(row)
    mail.outbox.clear()
    monkeypatch.setattr(cancellation.gateway, "undo_cancel", kept)
    with pytest.raises(StripeRefused):
        cancellation.undo(row)
    row.refresh_from_db()
    assert (row.state, mail.outbox) == (State.ENDING, [])


def test_without_keys_the_vendor_is_told_and_the_customer_may_wait(
    buy: Buyer, acme: Vendor
) -> None:
    row = buy.subscription()
    acme_account = row.vendor
    from billing.models import StripeAccount

    StripeAccount.objects.filter(vendor=acme_account).delete()
    with pytest.raises(BillingUnavailable, match="try again") as error:
        cancellation.cancel(row)
    assert error.value.detail == "No Stripe key is set."


def test_stripe_is_never_asked_inside_a_transaction(buy: Buyer) -> None:
    from django.db import transaction

    row = buy.subscription()
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        cancellation.gateway.read_subscription(row.vendor, row.stripe_subscription_id)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        cancellation.cancel(row)
