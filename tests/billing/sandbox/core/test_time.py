"""What the clock brings: renewals and the ends of trials."""

import pytest

from billing.sandbox.machine import Sandbox
from tests.billing.sandbox.core.conftest import DAY, HOUR, START


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
            sandbox.advance(START - 60)

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
