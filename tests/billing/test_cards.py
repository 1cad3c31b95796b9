"""A new card for everything or for one, only while something is live, and paying with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry, Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.errors import (
    BillingUnavailable,
    CardNotConfirmed,
    NotLive,
    TooManyAttempts,
)
from billing.models import Action, Failure, Subscription
from billing.sandbox.machine import Sandbox
from billing.services import approvals, card_forms, cards, open_invoices
from billing.services.card_forms import NewCard
from billing.services.open_invoices import Outcome, Payment
from billing.tasks import sweep_actions
from tests.billing.plugin import PUBLISHABLE_KEY, Buyer
from tests.factories import make_customer, make_subscription

pytestmark = pytest.mark.usefixtures("in_acme")

LATER = timedelta(minutes=10)
ASKS_ALWAYS = "pm_card_authenticationRequired"
ASKS_THEN_DECLINES = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
FAILED_AUTHENTICATION = "payment_intent_authentication_failure"


def new_card(
    buy: Buyer, subscription: Subscription | None = None, card: str = "pm_card_mastercard"
) -> NewCard:
    """From opening the form to the end, as the card page does it."""
    person = buy.person()
    setup = card_forms.start(person, subscription=subscription)
    chosen = {"setup_intent_id": setup.setup_intent_id, "subscription": subscription}
    card_forms.choose(person, **chosen)
    asked = buy.confirm_card(setup.setup_intent_id, card)
    if asked.status == "requires_action":
        buy.sandbox.authenticate(setup.setup_intent_id, passed=True)
    return card_forms.finish(person, **chosen)


def outcomes(payment: Payment) -> list[tuple[str, str]]:
    return [(one.product_name, one.outcome.name) for one in payment.tries]


def paying(row: Subscription) -> str:
    row = Subscription.objects.select_related("stripe_customer").get(pk=row.pk)
    card = row.paying_card
    return card.card_last4 if card else ""


def default_at_stripe(buy: Buyer) -> Any:
    customer = buy.stripe.customers.retrieve(buy.customer_id())
    assert customer.invoice_settings is not None
    return customer.invoice_settings.default_payment_method


# --- Opening the form ---


def test_the_form_gets_what_stripes_script_needs(buy: Buyer) -> None:
    buy.subscription()
    setup = card_forms.start(buy.person())
    intent = buy.stripe.setup_intents.retrieve(setup.setup_intent_id)
    assert setup.client_secret == intent.client_secret
    assert setup.publishable_key == PUBLISHABLE_KEY
    assert (intent.customer, intent.usage) == (buy.customer_id(), "off_session")
    assert intent.payment_method_types == ["card"]


def test_an_open_form_is_used_again(buy: Buyer, sandbox: Sandbox) -> None:
    buy.subscription()
    assert card_forms.start(buy.person()) == card_forms.start(buy.person())
    assert len(sandbox.ledger.of("POST", "/v1/setup_intents")) == 1


def test_the_open_form_serves_another_choice_too(buy: Buyer, sandbox: Sandbox) -> None:
    one, _other = buy.subscription("One"), buy.subscription("Other")
    first = card_forms.start(buy.person())
    assert card_forms.start(buy.person(), subscription=one) == first
    assert Action.objects.get().subscription == one


def test_who_opens_many_forms_must_wait(buy: Buyer) -> None:
    buy.subscription()
    for _attempt in range(5):
        new_card(buy)
    with pytest.raises(TooManyAttempts):
        card_forms.start(buy.person())


def test_nothing_live_no_form(buy: Buyer, sandbox: Sandbox) -> None:
    row = buy.subscription()
    buy.one_time()
    buy.stripe.subscriptions.cancel(row.stripe_subscription_id)
    buy.deliver()
    changes = len(sandbox.ledger.changes())
    assert cards.live_subscriptions(buy.person()) == []
    with pytest.raises(NotLive):
        card_forms.start(buy.person())
    assert len(sandbox.ledger.changes()) == changes


def test_no_form_for_one_that_has_ended_while_others_live(buy: Buyer) -> None:
    ended, _live = buy.subscription("Old"), buy.subscription("New")
    buy.stripe.subscriptions.cancel(ended.stripe_subscription_id)
    buy.deliver()
    with pytest.raises(NotLive):
        card_forms.start(buy.person(), subscription=ended)


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
    card = new_card(buy).card
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


def test_the_audit_log_tells_the_card_before_and_after(buy: Buyer) -> None:
    row = buy.subscription()
    new_card(buy, card="pm_card_amex")
    new_card(buy, Subscription.objects.get(pk=row.pk))
    for_one, for_everything = AuditEntry.objects.filter(action="change_card")
    assert for_everything.detail == {"card": ["visa •••• 4242", "amex •••• 0005"]}
    assert for_one.detail == {"card": ["amex •••• 0005", "mastercard •••• 4444"]}


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
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    mail.outbox.clear()
    first = card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    changes = len(sandbox.ledger.changes())
    again = card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert (again.card, again.pays_for) == (first.card, first.pays_for)
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
    setup = card_forms.start(buy.person())
    with pytest.raises(CardNotConfirmed):
        card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "4242"
    assert Action.objects.get().state == Action.State.STARTED


def test_another_customers_confirmed_card_is_not_used(buy: Buyer, acme: Vendor) -> None:
    row = buy.subscription()
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    mallory = make_customer(acme, "Mallory")
    make_subscription(mallory)
    with pytest.raises(CardNotConfirmed):
        card_forms.finish(mallory, setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "4242"


def test_a_setup_intent_that_we_did_not_open_is_not_used(buy: Buyer) -> None:
    row = buy.subscription()
    intent = buy.stripe.setup_intents.create(
        {"customer": buy.customer_id(), "allowed_payment_method_types": ["card"]}
    )
    buy.confirm_card(intent.id)
    with pytest.raises(CardNotConfirmed):
        card_forms.finish(buy.person(), setup_intent_id=intent.id)
    assert paying(row) == "4242"


def test_a_subscription_of_another_stripe_customer_is_not_given_this_card(buy: Buyer) -> None:
    mine = buy.subscription("Mine")
    buy.another_customer_id()
    other = buy.subscription("Other")
    setup = card_forms.start(buy.person(), subscription=mine)
    buy.confirm_card(setup.setup_intent_id)
    with pytest.raises(CardNotConfirmed):
        card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id, subscription=other)
    assert (paying(mine), paying(other)) == ("4242", "4242")


def test_another_vendors_form_is_unknown_here(buy: Buyer, globex: Vendor, carol: Customer) -> None:
    buy.subscription()
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    with vendor_scope(globex), pytest.raises(CardNotConfirmed):
        card_forms.finish(carol, setup_intent_id=setup.setup_intent_id)


def test_one_card_pays_for_what_belongs_to_one_stripe_customer(buy: Buyer) -> None:
    buy.subscription("A"), buy.subscription("B")
    buy.another_customer_id()
    alone = buy.subscription("C")
    together = cards.together_with(buy.person())
    assert sorted(row.product_name for row in together) == ["A", "B"]
    assert cards.together_with(buy.person(), subscription=alone) == [alone]
    assert cards.together_with(buy.person(), account=alone.stripe_customer_id) == [alone]


def test_everything_is_all_stripe_customers_a_card_for_each(buy: Buyer) -> None:
    first = buy.subscription("A")
    buy.another_customer_id()
    second = buy.subscription("B")
    for row in (first, second):
        setup = card_forms.start(buy.person(), account=row.stripe_customer_id)
        buy.confirm_card(setup.setup_intent_id)
        new = card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
        assert new.pays_for == [row]
    assert (paying(first), paying(second)) == ("4444", "4444")


# --- Declined ---


def test_the_vendor_sees_why_a_card_was_refused_in_the_browser(buy: Buyer) -> None:
    buy.subscription()
    setup = card_forms.start(buy.person())
    with pytest.raises(Exception, match="declined"):
        buy.confirm_card(setup.setup_intent_id, "pm_card_visa_chargeDeclinedLostCard")
    buy.deliver()
    action, failure = Action.objects.get(), Failure.objects.get()
    assert (action.failure_code, action.decline_code) == ("card_declined", "lost_card")
    assert action.state == Action.State.STARTED
    assert (failure.code, failure.decline_code) == ("card_declined", "lost_card")
    assert (failure.customer, failure.object_id) == (buy.person(), setup.setup_intent_id)
    assert failure.request_id.startswith("req_")


def test_a_card_that_was_taken_settles_those_refused_for_the_same(buy: Buyer) -> None:
    rows = [buy.subscription(), buy.subscription("Lab")]
    for row in rows:
        setup = card_forms.start(buy.person(), subscription=row)
        with pytest.raises(Exception, match="declined"):
            buy.confirm_card(setup.setup_intent_id, "pm_card_visa_chargeDeclined")
        buy.deliver()
        Action.objects.update(state=Action.State.REFUSED)
    new_card(buy, rows[0])
    assert Failure.objects.get(settled_at=None).subscription == rows[1]
    new_card(buy)
    assert not Failure.objects.filter(settled_at=None).exists()


def test_after_five_refused_cards_the_form_is_closed(buy: Buyer) -> None:
    buy.subscription()
    setup = card_forms.start(buy.person())
    for _attempt in range(5):
        with pytest.raises(Exception, match="declined"):
            buy.confirm_card(setup.setup_intent_id, "pm_card_visa_chargeDeclined")
    buy.deliver()
    assert buy.stripe.setup_intents.retrieve(setup.setup_intent_id).status == "canceled"
    assert Action.objects.get().state == Action.State.REFUSED
    assert Failure.objects.count() == 5
    with pytest.raises(TooManyAttempts):
        card_forms.start(buy.person())


def test_cards_refused_in_the_browser_count_with_those_that_were_saved(buy: Buyer) -> None:
    buy.subscription()
    for _saved in range(3):
        new_card(buy)
    setup = card_forms.start(buy.person())
    for _attempt in range(2):
        with pytest.raises(Exception, match="declined"):
            buy.confirm_card(setup.setup_intent_id, "pm_card_visa_chargeDeclined")
    buy.deliver()
    with pytest.raises(TooManyAttempts):
        card_forms.choose(buy.person(), setup_intent_id=setup.setup_intent_id)


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
    new = new_card(buy, past_due, "pm_card_chargeCustomerFail")
    assert new.pays_for == [past_due]
    assert outcomes(new.payment) == [("Photography Monthly", "REFUSED")]
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.PAST_DUE
    changed, paid = Action.objects.order_by("started_at")
    assert (changed.state, paid.state) == (Action.State.DONE, Action.State.REFUSED)
    assert paid.failure_code == "card_declined"
    assert paid.request_id.startswith("req_")


def test_a_declined_try_can_be_followed_by_a_good_one(buy: Buyer, past_due: Subscription) -> None:
    new_card(buy, past_due, "pm_card_chargeCustomerFail")
    new_card(buy, past_due)
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.ACTIVE


def test_a_decline_at_the_page_is_not_mailed_on_top(buy: Buyer, past_due: Subscription) -> None:
    new_card(buy, past_due, "pm_card_chargeCustomerFail")
    buy.deliver()
    assert [message.subject for message in mail.outbox] == ["Your card at Acme was changed"]


def test_a_bank_that_wants_to_ask_gives_the_browser_something_to_confirm(
    buy: Buyer, past_due: Subscription
) -> None:
    """3-D Secure on the open payment: the card is saved, and the page can go on from there."""
    new = new_card(buy, past_due, ASKS_ALWAYS)
    assert outcomes(new.payment) == [("Photography Monthly", "WAITS_FOR_OWNER")]
    [approval] = approvals.approvals_of(buy.person())
    assert "_secret_" in approval.client_secret
    assert (approval.amount_minor, approval.currency) == (2900, "eur")


@pytest.mark.parametrize(
    ("card", "passed", "outcome", "state", "code"),
    [
        (ASKS_ALWAYS, True, "PAID", Action.State.DONE, ""),
        (ASKS_ALWAYS, False, "REFUSED", Action.State.REFUSED, FAILED_AUTHENTICATION),
        (ASKS_THEN_DECLINES, True, "REFUSED", Action.State.REFUSED, "card_declined"),
    ],
    ids=["passed", "failed", "passed, then declined"],
)
def test_after_the_banks_question_stripe_is_asked_what_came_of_it(
    buy: Buyer, past_due: Subscription, card: str, passed: bool, outcome: str, state: str, code: str
) -> None:
    new_card(buy, past_due, card)
    [approval] = approvals.approvals_of(buy.person())
    still = approvals.finish_approvals(buy.person())
    assert outcomes(still) == [("Photography Monthly", "WAITS_FOR_OWNER")]
    buy.sandbox.authenticate(approval.client_secret.partition("_secret_")[0], passed=passed)
    payment = approvals.finish_approvals(buy.person())
    assert outcomes(payment) == [("Photography Monthly", outcome)]
    tried = Action.objects.get(kind=Action.Kind.PAY)
    assert (tried.state, tried.failure_code) == (state, code)
    assert approvals.approvals_of(buy.person()) == []
    past_due.refresh_from_db()
    assert (past_due.state == Subscription.State.ACTIVE) == (outcome == "PAID")


def test_a_question_nobody_answers_is_over_after_an_hour(
    buy: Buyer, past_due: Subscription
) -> None:
    new_card(buy, past_due, ASKS_ALWAYS)
    tried = Action.objects.filter(kind=Action.Kind.PAY)
    tried.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    assert tried.get().state == Action.State.STARTED
    tried.update(started_at=timezone.now() - timedelta(hours=2), next_try_at=None)
    sweep_actions.func()
    assert tried.get().state == Action.State.REFUSED


@pytest.fixture
def three_open(buy: Buyer, past_due: Subscription) -> Subscription:
    """Months have gone by without a payment."""
    other = buy.subscription("Language Lab: Italian", trial_period_days=1)
    for _month in range(2):
        buy.wait(days=31)
    past_due.refresh_from_db()
    other.refresh_from_db()
    return past_due


def test_all_that_is_open_is_tried_oldest_first_and_told_one_by_one(
    buy: Buyer, three_open: Subscription, sandbox: Sandbox
) -> None:
    found = buy.stripe.invoices.list({"status": "open", "limit": 20}).data
    oldest_first = [invoice.id for invoice in sorted(found, key=lambda each: each.created)]
    assert len(oldest_first) == 5
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    sandbox.fail_next_payment(buy.customer_id())
    new = card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    asked = [entry.path for entry in sandbox.ledger if entry.path.endswith("/pay")]
    assert asked == [f"/v1/invoices/{key}/pay" for key in oldest_first]
    refused, *rest = new.payment.tries
    assert refused.outcome == Outcome.REFUSED
    assert {one.outcome for one in rest} == {Outcome.PAID}
    left = Subscription.objects.get(past_due_minor__gt=0)
    assert (left.product_name, left.past_due_minor) == (refused.product_name, refused.amount_minor)


def test_the_card_on_file_may_be_tried_again(buy: Buyer, past_due: Subscription) -> None:
    buy.use_card(buy.customer_id(), "pm_card_visa")
    buy.deliver()
    payment = open_invoices.pay_with_card_on_file(buy.person(), subscription=past_due)
    assert outcomes(payment) == [("Photography Monthly", "PAID")]
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.ACTIVE
    with pytest.raises(NotLive):
        open_invoices.pay_with_card_on_file(buy.person(), subscription=past_due)


def test_a_refused_payment_is_settled_when_a_new_card_has_paid(
    buy: Buyer, past_due: Subscription
) -> None:
    open_invoices.pay_with_card_on_file(buy.person())
    refused = Failure.objects.get()
    assert (refused.what, refused.settled_at) == ("Pay open invoice", None)
    new_card(buy, past_due)
    assert not Failure.objects.filter(settled_at=None).exists()


def test_a_refused_payment_is_settled_however_it_is_paid_in_the_end(
    buy: Buyer, past_due: Subscription
) -> None:
    open_invoices.pay_with_card_on_file(buy.person())
    [invoice] = buy.stripe.invoices.list({"status": "open"}).data
    buy.stripe.invoices.update(invoice.id, {"metadata": {"seen": "yes"}})
    buy.deliver()
    assert Failure.objects.get().settled_at is None
    buy.stripe.invoices.pay(invoice.id, {"paid_out_of_band": True})
    buy.deliver()
    assert Failure.objects.get().settled_at is not None


def test_the_card_on_file_is_not_tried_for_ever(buy: Buyer, past_due: Subscription) -> None:
    for _attempt in range(5):
        payment = open_invoices.pay_with_card_on_file(buy.person())
        assert outcomes(payment) == [("Photography Monthly", "REFUSED")]
    with pytest.raises(TooManyAttempts):
        open_invoices.pay_with_card_on_file(buy.person())


def test_an_invoice_paid_meanwhile_is_paid(buy: Buyer, past_due: Subscription) -> None:
    """Two windows, or Stripe's own retry: nothing is charged twice, and nothing is said to fail."""
    buy.use_card(buy.customer_id(), "pm_card_visa")
    [invoice] = buy.stripe.invoices.list({"status": "open"}).data
    buy.stripe.invoices.pay(invoice.id)
    [overdue] = open_invoices.overdue_of(buy.person())
    method = overdue.stripe_customer.stripe_payment_method_id
    payment = open_invoices.pay([overdue], payment_method_id=method)
    assert payment.with_outcome(Outcome.REFUSED) == []


# --- 3-D Secure while saving ---


def test_a_card_confirmed_by_its_bank_is_used(buy: Buyer) -> None:
    row = buy.subscription()
    setup = card_forms.start(buy.person())
    asked = buy.confirm_card(setup.setup_intent_id, "pm_card_authenticationRequiredOnSetup")
    assert asked.status == "requires_action"
    with pytest.raises(CardNotConfirmed):
        card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    buy.sandbox.authenticate(setup.setup_intent_id, passed=True)
    card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "3155"


def test_a_card_its_bank_did_not_confirm_is_not_used(buy: Buyer) -> None:
    row = buy.subscription()
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id, "pm_card_authenticationRequiredOnSetup")
    buy.sandbox.authenticate(setup.setup_intent_id, passed=False)
    with pytest.raises(CardNotConfirmed):
        card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert paying(row) == "4242"


# --- Closed browsers and faults ---


def test_a_browser_that_was_closed_after_confirming_is_finished_for_at_once(
    buy: Buyer, sandbox: Sandbox
) -> None:
    one, other = buy.subscription("One"), buy.subscription("Other")
    setup = card_forms.start(buy.person())
    card_forms.choose(buy.person(), setup_intent_id=setup.setup_intent_id, subscription=one)
    buy.confirm_card(setup.setup_intent_id)
    mail.outbox.clear()
    buy.deliver()
    assert (paying(one), paying(other)) == ("4444", "4242")
    assert Action.objects.get().state == Action.State.DONE
    changes = len(sandbox.ledger.changes())
    new = card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id, subscription=one)
    sweep_actions.func()
    assert new.pays_for == [one]
    assert len(sandbox.ledger.changes()) == changes
    assert len(mail.outbox) == 1


def test_what_was_to_be_paid_is_paid_though_the_browser_was_closed(
    buy: Buyer, past_due: Subscription
) -> None:
    setup = card_forms.start(buy.person())
    card_forms.choose(buy.person(), setup_intent_id=setup.setup_intent_id)
    buy.confirm_card(setup.setup_intent_id)
    buy.deliver()
    assert paying(past_due) == "4444"
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.PAST_DUE
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    past_due.refresh_from_db()
    assert past_due.state == Subscription.State.ACTIVE
    assert Action.objects.filter(state=Action.State.DONE).count() == 2


def test_an_old_form_does_not_replace_a_newer_card(buy: Buyer) -> None:
    row = buy.subscription()
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id, "pm_card_amex")
    Action.objects.update(started_at=timezone.now() - LATER)
    new_card(buy)
    sweep_actions.func()
    assert paying(row) == "4444"


def test_without_its_event_the_sweep_finishes_it(buy: Buyer) -> None:
    row = buy.subscription()
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    sweep_actions.func()
    assert paying(row) == "4242"
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    assert paying(row) == "4444"
    assert Action.objects.get().state == Action.State.DONE


def test_a_form_that_was_left_is_closed_after_an_hour(buy: Buyer) -> None:
    buy.subscription()
    setup = card_forms.start(buy.person())
    Action.objects.update(started_at=timezone.now() - timedelta(hours=2))
    sweep_actions.func()
    assert buy.stripe.setup_intents.retrieve(setup.setup_intent_id).status == "canceled"
    assert Action.objects.get().state == Action.State.REFUSED


def test_half_a_change_is_told_and_completed_by_looking_first(buy: Buyer, sandbox: Sandbox) -> None:
    """The default is changed, and Stripe goes away before the subscription's own card is."""
    own = buy.stripe.payment_methods.attach("pm_card_amex", {"customer": buy.customer_id()})
    row = buy.subscription(default_payment_method=own.id)
    setup = card_forms.start(buy.person())
    buy.confirm_card(setup.setup_intent_id)
    sandbox.faults.add("POST /v1/subscriptions/*", "timeout_before", times=3)
    new = card_forms.finish(buy.person(), setup_intent_id=setup.setup_intent_id)
    assert (new.change.is_unfinished, new.pays_for) == (True, [])
    assert Action.objects.get().state == Action.State.UNKNOWN
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    assert paying(row) == "4444"
    assert Action.objects.get().state == Action.State.DONE
    action = Action.objects.get()
    path = f"/v1/customers/{buy.customer_id()}"
    keys = [entry.idempotency_key for entry in sandbox.ledger.of("POST", path)]
    assert keys.count(action.key("default")) == 1
    assert f"{action.pk}:default:1" not in keys


def test_a_form_that_could_not_be_opened_is_refused_in_its_row(
    buy: Buyer, sandbox: Sandbox
) -> None:
    buy.subscription()
    sandbox.faults.add("POST /v1/setup_intents", "refused", times=3)
    with pytest.raises(BillingUnavailable):
        card_forms.start(buy.person())
    assert Action.objects.get().state == Action.State.REFUSED
    assert card_forms.start(buy.person()).client_secret != ""


@pytest.mark.parametrize(
    ("fault", "state"),
    [("timeout_after", Action.State.DONE), ("timeout_before", Action.State.REFUSED)],
)
def test_a_payment_nobody_knows_of_is_settled_by_its_invoice(
    buy: Buyer, sandbox: Sandbox, past_due: Subscription, fault: str, state: str
) -> None:
    sandbox.faults.add("POST /v1/invoices/*/pay", fault, times=3)  # type: ignore[arg-type]
    new = new_card(buy, past_due)
    assert outcomes(new.payment) == [("Photography Monthly", "UNKNOWN")]
    paid = Action.objects.get(kind=Action.Kind.PAY)
    assert paid.state == Action.State.UNKNOWN
    Action.objects.update(started_at=timezone.now() - LATER)
    sweep_actions.func()
    paid.refresh_from_db()
    past_due.refresh_from_db()
    assert paid.state == state
    assert (past_due.past_due_minor == 0) == (state == Action.State.DONE)
