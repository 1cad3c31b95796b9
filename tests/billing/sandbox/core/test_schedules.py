"""Subscription schedules: split-pay plans, and phases one after the other."""

import pytest
import stripe

from tests.billing.sandbox.core.conftest import DAY, START


@pytest.fixture
def plan(api, alice, premium):
    """Three payments of 20 euros."""

    def make(**params):
        phase = {
            "items": [{"price": premium.id}],
            "duration": {"interval": "month", "interval_count": 3},
            "metadata": {"installments": "3"},
        }
        wanted = {
            "customer": alice.id,
            "start_date": "now",
            "end_behavior": "cancel",
            "phases": [phase],
        }
        return api.subscription_schedules.create(wanted | params)

    return make


def test_a_plan_makes_a_subscription_that_says_when_it_ends(api, plan):
    made = plan()

    subscription = api.subscriptions.retrieve(made.subscription, {"expand": ["latest_invoice"]})
    assert made.status == "active"
    assert made.current_phase.end_date == START + (31 + 28 + 31) * DAY
    assert subscription.schedule == made.id
    assert subscription.metadata["installments"] == "3"
    assert subscription.cancel_at == made.current_phase.end_date
    assert subscription.latest_invoice.status == "paid"


def test_after_the_last_payment_it_is_completed(api, plan, pass_days, types):
    made = plan()

    pass_days(120)

    assert api.subscription_schedules.retrieve(made.id).status == "completed"
    subscription = api.subscriptions.retrieve(made.subscription)
    assert (subscription.status, subscription.ended_at) == ("canceled", START + 90 * DAY)
    paid = api.invoices.list({"subscription": subscription.id, "status": "paid"})
    assert len(paid.data) == 3
    assert "subscription_schedule.completed" in types()
    assert "subscription_schedule.canceled" not in types()


def test_left_to_itself_a_schedule_lets_go_and_the_billing_goes_on(api, plan, pass_days):
    made = plan(end_behavior="release")

    pass_days(122)

    found = api.subscription_schedules.retrieve(made.id)
    assert (found.status, found.released_subscription) == ("released", made.subscription)
    subscription = api.subscriptions.retrieve(made.subscription)
    assert (subscription.status, subscription.schedule) == ("active", None)
    assert len(api.invoices.list({"limit": 100}).data) == 5


def test_a_plan_may_begin_later(api, plan, pass_days):
    made = plan(start_date=START + 10 * DAY)

    assert (made.status, made.subscription) == ("not_started", None)
    pass_days(11)
    begun = api.subscription_schedules.retrieve(made.id, {"expand": ["subscription"]})
    assert (begun.status, begun.subscription.status) == ("active", "active")
    assert begun.subscription.start_date == START + 10 * DAY


def test_the_next_phase_changes_the_price(api, alice, premium, pass_days):
    gold = api.prices.create(
        {
            "product": premium.product,
            "currency": "eur",
            "unit_amount": 4000,
            "recurring": {"interval": "month"},
        }
    )
    month = {"interval": "month", "interval_count": 1}
    phases = [{"items": [{"price": price.id}], "duration": month} for price in (premium, gold)]
    api.subscription_schedules.create({"customer": alice.id, "start_date": "now", "phases": phases})

    pass_days(32)

    assert [invoice.total for invoice in api.invoices.list().data] == [4000, 2000]


class TestFromASubscription:
    def test_its_present_period_becomes_the_first_phase(self, api, subscribe):
        made = subscribe()

        schedule = api.subscription_schedules.create({"from_subscription": made.id})

        assert schedule.subscription == made.id
        assert schedule.phases[0].start_date == START
        assert schedule.phases[0].end_date == made["items"].data[0].current_period_end
        assert api.subscriptions.retrieve(made.id).schedule == schedule.id

    def test_it_can_then_be_made_to_end_after_three_payments(
        self, api, subscribe, premium, pass_days
    ):
        made = subscribe()
        schedule = api.subscription_schedules.create({"from_subscription": made.id})
        phase = {
            "start_date": schedule.phases[0].start_date,
            "items": [{"price": premium.id}],
            "duration": {"interval": "month", "interval_count": 3},
        }

        api.subscription_schedules.update(
            schedule.id, {"end_behavior": "cancel", "phases": [phase]}
        )

        pass_days(120)
        assert api.subscriptions.retrieve(made.id).status == "canceled"
        assert len(api.invoices.list({"status": "paid"}).data) == 3

    def test_nothing_else_may_be_said_in_the_same_request(self, api, subscribe):
        with pytest.raises(stripe.InvalidRequestError):
            api.subscription_schedules.create(
                {"from_subscription": subscribe().id, "end_behavior": "cancel"}
            )


class TestUnderASchedule:
    @pytest.mark.parametrize(
        "change", [{"cancel_at_period_end": True}, {"cancel_at": "min_period_end"}]
    )
    def test_the_end_cannot_be_changed_directly(self, api, plan, change):
        made = plan()

        with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription sched"):
            api.subscriptions.update(made.subscription, change)

    def test_a_card_given_to_the_schedule_reaches_the_subscription(self, api, alice, plan):
        made = plan()
        card = api.payment_methods.attach("pm_card_mastercard", {"customer": alice.id})

        api.subscription_schedules.update(
            made.id, {"default_settings": {"default_payment_method": card.id}}
        )

        subscription = api.subscriptions.retrieve(made.subscription)
        assert subscription.default_payment_method == card.id

    def test_cancelling_the_schedule_ends_the_subscription(self, api, plan):
        made = plan()

        cancelled = api.subscription_schedules.cancel(
            made.id, {"prorate": False, "invoice_now": False}
        )

        assert cancelled.status == "canceled"
        assert api.subscriptions.retrieve(made.subscription).status == "canceled"
        assert len(api.invoices.list().data) == 1

    def test_by_default_cancelling_it_gives_back_what_is_left(self, api, plan, pass_days):
        made = plan()
        pass_days(15.5)

        api.subscription_schedules.cancel(made.id)

        assert api.invoices.list().data[0].total == -1000

    def test_cancelling_the_subscription_closes_the_schedule(self, api, plan):
        made = plan()

        api.subscriptions.cancel(made.subscription)

        assert api.subscription_schedules.retrieve(made.id).status == "canceled"

    def test_released_it_forgets_when_it_was_to_end(self, api, plan):
        made = plan()

        released = api.subscription_schedules.release(made.id)

        assert released.status == "released"
        assert api.subscriptions.retrieve(made.subscription).cancel_at is None

    def test_a_finished_schedule_cannot_be_changed(self, api, plan):
        made = plan()
        api.subscription_schedules.release(made.id)

        with pytest.raises(stripe.InvalidRequestError, match="`released` status"):
            api.subscription_schedules.cancel(made.id)


class TestPhases:
    @pytest.mark.parametrize(
        "phase",
        [
            {"end_date": START - DAY},
            {"end_date": START + DAY, "duration": {"interval": "day"}},
            {"trial_end": START - DAY},
        ],
    )
    def test_what_cannot_be_is_refused(self, plan, premium, phase):
        with pytest.raises(stripe.InvalidRequestError):
            plan(phases=[{"items": [{"price": premium.id}]} | phase])

    def test_a_phase_may_end_on_a_day(self, plan, premium):
        made = plan(phases=[{"items": [{"price": premium.id}], "end_date": START + 31 * DAY}])

        assert made.current_phase.end_date == START + 31 * DAY

    def test_a_phase_may_be_a_trial(self, api, plan, premium):
        phase = {"items": [{"price": premium.id}], "trial": True, "end_date": START + 7 * DAY}

        made = plan(phases=[phase])

        assert api.subscriptions.retrieve(made.subscription).status == "trialing"

    def test_the_present_phase_keeps_its_beginning(self, api, plan, premium):
        made = plan()
        phase = {"items": [{"price": premium.id}], "start_date": START + DAY}

        with pytest.raises(stripe.InvalidRequestError, match="cannot be modified"):
            api.subscription_schedules.update(made.id, {"phases": [phase]})

    def test_one_that_has_not_begun_can_be_cancelled(self, api, plan, pass_days):
        made = plan(start_date=START + 10 * DAY)

        assert api.subscription_schedules.cancel(made.id).status == "canceled"
        pass_days(20)
        assert api.subscriptions.list({"status": "all"}).data == []
