"""What the clock brings: renewals, trials, failed payments and their retries."""

import pytest
import stripe

from billing.sandbox.machine import Sandbox
from tests.billing.sandbox.core.conftest import DAY, HOUR, START


@pytest.fixture
def broke(api, alice):
    """Alice's card can be kept, but not charged."""
    card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})
    settings = {"default_payment_method": card.id}

    def become():
        api.customers.update(alice.id, {"invoice_settings": settings})

    return become


def latest(api, subscription):
    return api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


class TestClock:
    def test_it_runs_with_the_machines_clock(self, sandbox):
        assert sandbox.clock.now() == START

    def test_it_may_begin_in_the_past(self):
        begun = Sandbox(now=lambda: float(START))

        begun.clock.set(START - 400 * DAY)

        assert begun.clock.now() == START - 400 * DAY

    def test_it_cannot_be_set_once_there_is_something(self, sandbox, alice):
        with pytest.raises(ValueError, match="before there are objects"):
            sandbox.clock.set(START)

    def test_it_never_goes_back(self, sandbox):
        with pytest.raises(ValueError, match="forward"):
            sandbox.advance(START - 1)

    def test_what_fell_due_while_it_ran_is_done_at_the_next_tick(self):
        moment = float(START)
        sandbox = Sandbox(now=lambda: moment)
        api_key = {"Authorization": "Bearer sk_test_acme_1"}
        body = "mode=payment&success_url=https://a.example&line_items[0][price_data][currency]=eur"
        body += "&line_items[0][price_data][unit_amount]=5"
        body += "&line_items[0][price_data][product_data][name]=A"
        made = sandbox.request("POST", "/v1/checkout/sessions", headers=api_key, body=body)
        assert made.status == 200

        moment += 2 * DAY
        sandbox.tick()

        assert sandbox.events("acct_acme")[-1]["type"] == "checkout.session.expired"
        assert sandbox.events("acct_acme")[-1]["created"] == START + DAY


class TestRenewal:
    def test_a_renewal_is_drafted_and_paid_an_hour_later(self, api, subscribe, sandbox):
        made = subscribe()
        end = START + 31 * DAY

        sandbox.advance(end)
        drafted = latest(api, made).latest_invoice
        sandbox.advance(end + HOUR)
        paid = latest(api, made).latest_invoice

        assert (drafted.status, drafted.number) == ("draft", None)
        assert drafted.billing_reason == "subscription_cycle"
        assert (drafted.period_start, drafted.period_end) == (START, end)
        assert drafted.lines.data[0].period.start == end
        assert paid.id == drafted.id
        assert paid.status_transitions.paid_at == end + HOUR

    def test_fourteen_months_are_fifteen_invoices_with_numbers_in_a_row(
        self, api, subscribe, sandbox
    ):
        subscribe()

        sandbox.advance(START + 428 * DAY)

        invoices = api.invoices.list({"limit": 100}).data[::-1]
        assert {invoice.status for invoice in invoices} == {"paid"}
        assert [invoice.number[-4:] for invoice in invoices] == [
            f"{number:04}" for number in range(1, 16)
        ]

    def test_the_thirty_first_keeps_its_day_through_short_months(self, api, subscribe, sandbox):
        sandbox.advance(START + 30 * DAY)
        made = subscribe()

        ends = []
        for _ in range(3):
            end = latest(api, made)["items"].data[0].current_period_end
            ends.append((end - START) // DAY)
            sandbox.advance(end)

        assert ends == [31 + 27, 31 + 28 + 30, 31 + 28 + 31 + 29]

    def test_the_order_of_events_is_the_order_of_time(self, subscribe, sandbox):
        subscribe()
        sandbox.advance(START + 100 * DAY)

        moments = [event["created"] for event in sandbox.events("acct_acme")]

        assert moments == sorted(moments)


class TestTrial:
    def test_three_days_before_its_end_there_is_a_warning(self, subscribe, pass_days, types):
        subscribe(trial_period_days=14)

        pass_days(10.9)
        assert "customer.subscription.trial_will_end" not in types()
        pass_days(0.2)
        assert types().count("customer.subscription.trial_will_end") == 1

    def test_at_its_end_the_first_period_is_billed(self, api, subscribe, pass_days):
        made = subscribe(trial_period_days=14)

        pass_days(15)

        found = latest(api, made)
        assert found.status == "active"
        assert (found.latest_invoice.status, found.latest_invoice.total) == ("paid", 2000)

    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [("create_invoice", "past_due"), ("cancel", "canceled"), ("pause", "paused")],
    )
    def test_without_a_card_the_trials_settings_decide(
        self, api, premium, pass_days, behaviour, status
    ):
        bob = api.customers.create({"name": "Bob"})
        made = api.subscriptions.create(
            {
                "customer": bob.id,
                "items": [{"price": premium.id}],
                "trial_period_days": 7,
                "trial_settings": {"end_behavior": {"missing_payment_method": behaviour}},
            }
        )

        pass_days(8)

        assert api.subscriptions.retrieve(made.id).status == status


class TestDunning:
    @pytest.fixture
    def failing(self, api, subscribe, broke):
        """A subscription whose renewal will fail."""
        made = subscribe()
        broke()
        return api, made

    def test_a_failed_renewal_is_past_due_and_tried_again(
        self, api, subscribe, broke, pass_days, types
    ):
        made = subscribe()
        broke()

        pass_days(31.1)

        found = latest(api, made)
        invoice = found.latest_invoice
        assert (found.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
        assert invoice.next_payment_attempt == START + 31 * DAY + HOUR + 3 * DAY
        assert {"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"} <= set(
            types()
        )
        assert api.customers.retrieve(found.customer).delinquent

    def test_the_retries_are_after_3_5_and_7_days(self, api, subscribe, broke, pass_days):
        made = subscribe()
        broke()
        pass_days(31.1)

        attempts = []
        for days in (3, 5, 7):
            pass_days(days)
            attempts.append(latest(api, made).latest_invoice.attempt_count)

        assert attempts == [2, 3, 4]
        assert latest(api, made).latest_invoice.next_payment_attempt is None

    @pytest.mark.parametrize(
        ("setting", "status"),
        [("past_due", "past_due"), ("cancel", "canceled"), ("unpaid", "unpaid")],
    )
    def test_after_the_last_the_accounts_settings_decide(
        self, sandbox, failing, pass_days, setting, status
    ):
        sandbox.settings("acct_acme", after_last_retry=setting)
        api, made = failing

        pass_days(31 + 16)

        found = api.subscriptions.retrieve(made.id)
        assert found.status == status
        if status == "canceled":
            assert found.cancellation_details.reason == "payment_failed"

    def test_a_retry_with_a_new_card_ends_it(self, api, alice, subscribe, broke, pass_days):
        made = subscribe()
        broke()
        pass_days(32)
        card = api.payment_methods.attach("pm_card_visa", {"customer": alice.id})
        settings = {"default_payment_method": card.id}
        api.customers.update(alice.id, {"invoice_settings": settings})

        pass_days(3)

        found = latest(api, made)
        assert (found.status, found.latest_invoice.status) == ("active", "paid")
        assert not api.customers.retrieve(alice.id).delinquent

    def test_paying_by_hand_ends_it_too(self, api, alice, subscribe, broke, pass_days):
        made = subscribe()
        broke()
        pass_days(32)
        card = api.payment_methods.attach("pm_card_visa", {"customer": alice.id})

        invoice = latest(api, made).latest_invoice.id
        paid = api.invoices.pay(invoice, {"payment_method": card.id, "off_session": False})

        assert paid.status == "paid"
        assert api.subscriptions.retrieve(made.id).status == "active"

    def test_an_attempt_by_hand_moves_no_retry(self, api, subscribe, broke, pass_days):
        made = subscribe()
        broke()
        pass_days(32)
        before = latest(api, made).latest_invoice

        with pytest.raises(stripe.CardError):
            api.invoices.pay(before.id)

        after = latest(api, made).latest_invoice
        assert after.next_payment_attempt == before.next_payment_attempt
        assert after.attempt_count == before.attempt_count

    def test_the_next_payment_can_be_ordered_to_fail(
        self, api, sandbox, alice, subscribe, pass_days
    ):
        made = subscribe()
        sandbox.fail_next_payment(alice.id)

        pass_days(31.1)
        assert latest(api, made).status == "past_due"
        pass_days(3)
        assert latest(api, made).status == "active"

    @pytest.fixture
    def asked(self, api, alice, subscribe, pass_days):
        """A renewal that the bank wants the customer to confirm."""
        made = subscribe()
        card = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": alice.id})
        api.subscriptions.update(made.id, {"default_payment_method": card.id})
        pass_days(31.1)
        return latest(api, made)

    def test_a_card_that_asks_every_time_waits_for_the_customer(self, api, asked, types):
        with pytest.raises(stripe.CardError) as caught:
            api.invoices.pay(asked.latest_invoice.id, {"off_session": False})

        assert caught.value.code == "invoice_payment_intent_requires_action"
        assert asked.status == "past_due"
        assert "invoice.payment_action_required" in types()

    def test_the_customer_confirms_in_the_browser_and_it_is_paid(self, api, sandbox, asked):
        wanted = {"expand": ["confirmation_secret"]}
        secret = api.invoices.retrieve(asked.latest_invoice.id, wanted).confirmation_secret

        sandbox.authenticate(secret.client_secret.partition("_secret_")[0], passed=True)

        found = latest(api, asked)
        assert (found.status, found.latest_invoice.status) == ("active", "paid")

    def test_a_card_proven_at_set_up_is_not_asked_again(
        self, api, sandbox, alice, subscribe, pass_days
    ):
        intent = api.setup_intents.create(
            {
                "customer": alice.id,
                "payment_method": "pm_card_authenticationRequiredOnSetup",
                "confirm": True,
            }
        )
        sandbox.authenticate(intent.id, passed=True)

        made = subscribe(default_payment_method=intent.payment_method)
        pass_days(32)

        found = latest(api, made)
        assert (made.status, found.status, found.latest_invoice.status) == (
            "active",
            "active",
            "paid",
        )

    def test_after_a_cancellation_nothing_is_collected(self, api, subscribe, broke, pass_days):
        made = subscribe()
        broke()
        pass_days(32)

        api.subscriptions.cancel(made.id)
        pass_days(30)

        invoice = latest(api, made).latest_invoice
        assert (invoice.status, invoice.attempt_count) == ("open", 1)
        assert not invoice.auto_advance

    def test_an_invoice_paid_by_hand_is_overdue_after_its_day(
        self, api, subscribe, pass_days, types
    ):
        made = subscribe(collection_method="send_invoice", days_until_due=7)

        pass_days(8)

        assert api.subscriptions.retrieve(made.id).status == "past_due"
        assert types()[-2:] == ["invoice.overdue", "customer.subscription.updated"]
