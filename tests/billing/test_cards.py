"""A new card for everything or for one, only while something is live, and paying with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.errors import (
    BillingUnavailable,
    CardDeclined,
    CardNotConfirmed,
    NotLive,
    TooManyAttempts,
)
from billing.models import Action, Subscription
from billing.sandbox.machine import Sandbox
from billing.services import cards
from billing.tasks import sweep_actions
from tests.billing.plugin import PUBLISHABLE_KEY, Buyer
from tests.factories import make_customer, make_subscription

pytestmark = pytest.mark.usefixtures("in_acme")

LATER = timedelta(minutes=10)


def new_card(
    buy: Buyer, subscription: Subscription | None = None, card: str = "pm_card_mastercard"
) -> cards.Card:
    """From opening the form to the end, as the card page does it."""
    person = buy.person()
    setup = cards.start(person, subscription=subscription)
    buy.confirm_card(setup.setup_intent_id, card)
    return cards.finish(person, setup_intent_id=setup.setup_intent_id, subscription=subscription)


def paying(row: Subscription) -> str:
    row = Subscription.objects.select_related("stripe_customer").get(pk=row.pk)
    card = cards.card_of(row)
    return card.card_last4 if card else ""


def default_at_stripe(buy: Buyer) -> Any:
    customer = buy.stripe.customers.retrieve(buy.customer_id())
    assert customer.invoice_settings is not None
    return customer.invoice_settings.default_payment_method


# --- Opening the form ---


def test_the_form_gets_what_stripes_script_needs(buy: Buyer) -> None:
    buy.subscription()
    setup = cards.start(buy.person())
    intent = buy.stripe.setup_intents.retrieve(setup.setup_intent_id)
    assert setup.client_secret == intent.client_secret
    assert setup.publishable_key == PUBLISHABLE_KEY
    assert (intent.customer, intent.usage) == (buy.customer_id(), "off_session")
    assert intent.payment_method_types == ["card"]


def test_an_open_form_is_used_again(buy: Buyer, sandbox: Sandbox) -> None:
    buy.subscription()
    assert cards.start(buy.person()) == cards.start(buy.person())
    assert len(sandbox.ledger.of("POST", "/v1/setup_intents")) == 1


def test_the_open_form_serves_another_choice_too(buy: Buyer, sandbox: Sandbox) -> None:
    one, _other = buy.subscription("One"), buy.subscription("Other")
    first = cards.start(buy.person())
    assert cards.start(buy.person(), subscription=one) == first
    assert Action.objects.get().subscription == one


def test_who_opens_many_forms_must_wait(buy: Buyer) -> None:
    buy.subscription()
    for _attempt in range(5):
        new_card(buy)
    with pytest.raises(TooManyAttempts):
        cards.start(buy.person())


def test_nothing_live_no_form(buy: Buyer, sandbox: Sandbox) -> None:
    row = buy.subscription()
    buy.one_time()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    buy.deliver()
    changes = len(sandbox.ledger.changes())
    assert cards.live_subscriptions(buy.person()) == []
    with pytest.raises(NotLive):
        cards.start(buy.person())
    assert len(sandbox.ledger.changes()) == changes


def test_no_form_for_one_that_has_ended_while_others_live(buy: Buyer) -> None:
    ended, _live = buy.subscription("Old"), buy.subscription("New")
    buy.stripe.subscriptions.cancel(ended.stripe_subscription_id)
    buy.deliver()
    with pytest.raises(NotLive):
        cards.start(buy.person(), subscription=ended)


def test_no_form_for_a_plan_that_is_paid_off(buy: Buyer) -> None:
    buy.split_pay(payments=2)
    buy.wait(days=31)
    assert cards.live_subscriptions(buy.person()) == []


def test_no_form_for_what_is_paid_by_sent_invoices(buy: Buyer) -> None:
    buy.subscription(collection_method="send_invoice", days_until_due=14)
    assert cards.live_subscriptions(buy.person()) == []


# --- Putting it to work ---


def test_for_everything_it_is_the_default_and_replaces_cards_of_their_own(buy: Buyer) -> None:
    customer = buy.customer_id()
    own = buy.stripe.payment_methods.attach("pm_card_amex", {"customer": customer})
    plain = buy.subscription("Plain")
    special = buy.subscription("Special", default_payment_method=own.id)
    assert (paying(plain), paying(special)) == ("4242", "0005")
    card = new_card(buy)
    assert (card.brand, card.last4) == ("mastercard", "4444")
    assert (paying(plain), paying(special)) == ("4444", "4444")
    known = buy.stripe.subscriptions.retrieve(special.stripe_subscription_id)
    assert known.default_payment_method == default_at_stripe(buy)


def test_for_one_the_others_keep_theirs(buy: Buyer) -> None:
    one, other = buy.subscription("One"), buy.subscription("Other")
    before = default_at_stripe(buy)
    new_card(buy, one)
    assert (paying(one), paying(other)) == ("4444", "4242")
    assert default_at_stripe(buy) == before


def test_the_new_card_is_charged_at_the_next_renewal(buy: Buyer) -> None:
    row = buy.trial()
    new_card(buy, row)
    buy.wait(days=15)
    [payment] = row.transactions.all()
    assert (payment.card_brand, payment.card_last4) == ("mastercard", "4444")


def test_a_plan_under_a_schedule_goes_on_with_the_new_card(buy: Buyer) -> None:
    row = buy.split_pay(payments=3)
    new_card(buy, row)
    assert paying(row) == "4444"
    schedule = buy.stripe.subscription_schedules.retrieve(row.stripe_schedule_id)
    assert schedule.default_settings.default_payment_method is not None
    buy.wait(days=31)
    assert row.transactions.latest("happened_at").card_last4 == "4444"


def test_phases_with_a_card_of_their_own_get_the_new_one(buy: Buyer) -> None:
    customer = buy.customer_id()
    own = buy.stripe.payment_methods.attach("pm_card_amex", {"customer": customer})
    price = buy.price_id("Piano", 4900)
    schedule = buy.stripe.subscription_schedules.create(
        {
            "customer": customer,
            "start_date": "now",
            "end_behavior": "cancel",
            "phases": [
                {
                    "items": [{"price": price}],
                    "duration": {"interval": "month", "interval_count": 3},
                    "default_payment_method": own.id,
                }
            ],
        }
    )
    buy.deliver()
    row = buy.row_of(str(schedule.subscription))
    new_card(buy)
    buy.wait(days=31)
    row.refresh_from_db()
    assert (row.payments_made, row.payments_total) == (2, 3)
    assert row.transactions.latest("happened_at").card_last4 == "4444"


def test_finishing_twice_changes_nothing_and_mails_once(buy: Buyer, sandbox: Sandbox) -> None:
    buy.subscription()
    setup = cards.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    mail.outbox.clear()
    first = cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    changes = len(sandbox.ledger.changes())
    assert cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id) == first
    assert len(sandbox.ledger.changes()) == changes
    assert len(mail.outbox) == 1


def test_the_mail_names_the_card_and_what_it_pays_for(buy: Buyer) -> None:
    one, _other = buy.subscription("One"), buy.subscription("Other")
    mail.outbox.clear()
    new_card(buy)
    new_card(buy, one, "pm_card_amex")
    for_all, for_one = mail.outbox
    assert "Mastercard •••• 4444" in for_all.body
    assert ("- One" in for_all.body, "- Other" in for_all.body) == (True, True)
    assert "American Express" in for_one.body
    assert ("- One" in for_one.body, "- Other" in for_one.body) == (True, False)


# --- What the browser says is not believed ---


def test_a_card_that_was_not_confirmed_is_not_used(buy: Buyer) -> None:
    row = buy.subscription()
    setup = cards.start(buy.person())
    with pytest.raises(CardNotConfirmed):
        cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "4242"
    assert Action.objects.get().state == Action.State.STARTED


def test_another_customers_confirmed_card_is_not_used(buy: Buyer, acme: Vendor) -> None:
    row = buy.subscription()
    setup = cards.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    mallory = make_customer(acme, "Mallory")
    make_subscription(mallory)
    with pytest.raises(CardNotConfirmed):
        cards.finish(mallory, setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "4242"


def test_a_setup_intent_that_we_did_not_open_is_not_used(buy: Buyer) -> None:
    row = buy.subscription()
    intent = buy.stripe.setup_intents.create(
        {"customer": buy.customer_id(), "allowed_payment_method_types": ["card"]}
    )
    buy.confirm_card(intent.id)
    with pytest.raises(CardNotConfirmed):
        cards.finish(buy.person(), setup_intent_id=intent.id)
    assert paying(row) == "4242"


def test_a_subscription_of_another_stripe_customer_is_not_given_this_card(buy: Buyer) -> None:
    mine = buy.subscription("Mine")
    buy.another_customer_id()
    other = buy.subscription("Other")
    setup = cards.start(buy.person(), subscription=mine)
    buy.confirm_card(setup.setup_intent_id)
    with pytest.raises(CardNotConfirmed):
        cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id, subscription=other)
    assert (paying(mine), paying(other)) == ("4242", "4242")


def test_another_vendors_form_is_unknown_here(buy: Buyer, globex: Vendor, carol: Customer) -> None:
    buy.subscription()
    setup = cards.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    with vendor_scope(globex), pytest.raises(CardNotConfirmed):
        cards.finish(carol, setup_intent_id=setup.setup_intent_id)


def test_everything_is_what_belongs_to_one_stripe_customer(buy: Buyer) -> None:
    buy.subscription("A"), buy.subscription("B")
    buy.another_customer_id()
    alone = buy.subscription("C")
    covered = cards.covered_by(buy.person())
    assert sorted(row.product_name for row in covered) == ["A", "B"]
    assert cards.covered_by(buy.person(), subscription=alone) == [alone]


# --- Declined ---


def test_the_vendor_sees_why_a_card_was_refused_in_the_browser(buy: Buyer) -> None:
    buy.subscription()
    setup = cards.start(buy.person())
    with pytest.raises(Exception, match="declined"):
        buy.confirm_card(setup.setup_intent_id, "pm_card_visa_chargeDeclinedLostCard")
    buy.deliver()
    action = Action.objects.get()
    assert (action.failure_code, action.decline_code) == ("card_declined", "lost_card")
    assert action.state == Action.State.STARTED


def test_after_five_refused_cards_the_form_is_closed(buy: Buyer) -> None:
    buy.subscription()
    setup = cards.start(buy.person())
    for _attempt in range(5):
        with pytest.raises(Exception, match="declined"):
            buy.confirm_card(setup.setup_intent_id, "pm_card_visa_chargeDeclined")
    buy.deliver()
    assert buy.stripe.setup_intents.retrieve(setup.setup_intent_id).status == "canceled"
    assert Action.objects.get().state == Action.State.REFUSED


# --- Past due ---


@pytest.fixture
def past_due(buy: Buyer) -> Subscription:
    row = buy.subscription("Photography Monthly", amount=2900)
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.state == Subscription.State.PAST_DUE
    mail.outbox.clear()
    return row


def test_what_is_past_due_is_paid_with_the_new_card_at_once(
    buy: Buyer, past_due: Subscription
) -> None:
    new_card(buy, past_due)
    past_due.refresh_from_db()
    assert (past_due.state, past_due.past_due_minor) == (Subscription.State.ACTIVE, 0)
    paid = Action.objects.get(kind=Action.Kind.PAY)
    assert paid.state == Action.State.DONE
    buy.deliver()
    latest = past_due.transactions.latest("happened_at", "pk")
    assert (latest.amount_minor, latest.card_last4) == (2900, "4444")


def test_if_the_open_payment_is_declined_the_card_is_saved_and_it_says_so(
    buy: Buyer, past_due: Subscription
) -> None:
    with pytest.raises(CardDeclined, match="Your new card is saved, but"):
        new_card(buy, past_due, "pm_card_chargeCustomerFail")
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.PAST_DUE
    changed, paid = Action.objects.order_by("started_at")
    assert (changed.state, paid.state) == (Action.State.DONE, Action.State.REFUSED)
    assert paid.failure_code == "card_declined"
    assert paid.request_id.startswith("req_")


def test_a_declined_try_can_be_followed_by_a_good_one(buy: Buyer, past_due: Subscription) -> None:
    with pytest.raises(CardDeclined):
        new_card(buy, past_due, "pm_card_chargeCustomerFail")
    new_card(buy, past_due)
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.ACTIVE


def test_a_decline_at_the_page_is_not_mailed_on_top(buy: Buyer, past_due: Subscription) -> None:
    with pytest.raises(CardDeclined):
        new_card(buy, past_due, "pm_card_chargeCustomerFail")
    buy.deliver()
    assert [message.subject for message in mail.outbox] == ["Your card at Acme was changed"]


def test_a_bank_that_wants_to_ask_gives_the_browser_something_to_confirm(
    buy: Buyer, past_due: Subscription
) -> None:
    """3-D Secure on the open payment: the card is saved, and the page can go on from there."""
    person = buy.person()
    setup = cards.start(person, subscription=past_due)
    buy.confirm_card(setup.setup_intent_id, "pm_card_authenticationRequired")
    buy.sandbox.authenticate(setup.setup_intent_id, passed=True)
    with pytest.raises(CardNotConfirmed, match="approve the open payment") as waiting:
        cards.finish(person, setup_intent_id=setup.setup_intent_id, subscription=past_due)
    assert "_secret_" in waiting.value.client_secret


# --- 3-D Secure while saving ---


def test_a_card_confirmed_by_its_bank_is_used(buy: Buyer) -> None:
    row = buy.subscription()
    setup = cards.start(buy.person())
    asked = buy.confirm_card(setup.setup_intent_id, "pm_card_authenticationRequiredOnSetup")
    assert asked.status == "requires_action"
    with pytest.raises(CardNotConfirmed):
        cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    buy.sandbox.authenticate(setup.setup_intent_id, passed=True)
    cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "3155"


def test_a_card_its_bank_did_not_confirm_is_not_used(buy: Buyer) -> None:
    row = buy.subscription()
    setup = cards.start(buy.person())
    buy.confirm_card(setup.setup_intent_id, "pm_card_authenticationRequiredOnSetup")
    buy.sandbox.authenticate(setup.setup_intent_id, passed=False)
    with pytest.raises(CardNotConfirmed):
        cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "4242"


# --- Closed browsers and faults ---


def test_a_browser_that_was_closed_after_confirming_is_finished_for(buy: Buyer) -> None:
    row = buy.subscription()
    setup = cards.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    sweep_actions.func()
    assert paying(row) == "4242"
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    assert paying(row) == "4444"
    assert Action.objects.get().state == Action.State.DONE


def test_a_form_that_was_left_is_closed_after_an_hour(buy: Buyer) -> None:
    buy.subscription()
    setup = cards.start(buy.person())
    Action.objects.update(started_at=timezone.now() - timedelta(hours=2))
    sweep_actions.func()
    assert buy.stripe.setup_intents.retrieve(setup.setup_intent_id).status == "canceled"
    assert Action.objects.get().state == Action.State.REFUSED


def test_half_a_change_is_completed_with_the_same_keys(buy: Buyer, sandbox: Sandbox) -> None:
    """The default is changed, and Stripe goes away before the subscription's own card is."""
    own = buy.stripe.payment_methods.attach("pm_card_amex", {"customer": buy.customer_id()})
    row = buy.subscription(default_payment_method=own.id)
    setup = cards.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    sandbox.faults.add("POST /v1/subscriptions/*", "timeout_before", times=3)
    with pytest.raises(BillingUnavailable):
        cards.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert Action.objects.get().state == Action.State.UNKNOWN
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    assert paying(row) == "4444"
    assert Action.objects.get().state == Action.State.DONE
    path = f"/v1/customers/{buy.customer_id()}"
    keys = [e.idempotency_key for e in sandbox.ledger.of("POST", path) if "hub" not in e.path]
    assert keys[-1] == keys[-2]


def test_a_form_that_could_not_be_opened_is_refused_in_its_row(
    buy: Buyer, sandbox: Sandbox
) -> None:
    buy.subscription()
    sandbox.faults.add("POST /v1/setup_intents", "refused", times=3)
    with pytest.raises(BillingUnavailable):
        cards.start(buy.person())
    assert Action.objects.get().state == Action.State.REFUSED
    assert cards.start(buy.person()).client_secret != ""


@pytest.mark.parametrize(
    ("fault", "state"),
    [("timeout_after", Action.State.DONE), ("timeout_before", Action.State.REFUSED)],
)
def test_a_payment_nobody_knows_of_is_settled_by_its_invoice(
    buy: Buyer, sandbox: Sandbox, past_due: Subscription, fault: str, state: str
) -> None:
    sandbox.faults.add("POST /v1/invoices/*/pay", fault, times=3)  # type: ignore[arg-type]
    with pytest.raises(BillingUnavailable, match="Your new card is saved, but"):
        new_card(buy, past_due)
    paid = Action.objects.get(kind=Action.Kind.PAY)
    assert paid.state == Action.State.UNKNOWN
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    paid.refresh_from_db()
    past_due.refresh_from_db()
    assert paid.state == state
    assert (past_due.past_due_minor == 0) == (state == Action.State.DONE)
