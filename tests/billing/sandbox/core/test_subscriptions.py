"""Subscriptions: how they begin, and what may be changed."""

import pytest
import stripe

from tests.billing.sandbox.core.conftest import DAY, START


def period_end(subscription):
    return subscription["items"].data[0].current_period_end


FEBRUARY = START + 31 * DAY


class TestBeginning:
    def test_the_first_invoice_is_paid_at_once(self, api, subscribe, types):
        made = subscribe(expand=["latest_invoice"])

        assert made.status == "active"
        assert (made.latest_invoice.status, made.latest_invoice.total) == ("paid", 2000)
        assert made.latest_invoice.billing_reason == "subscription_create"
        assert period_end(made) == FEBRUARY
        happened = types()
        assert happened.index("customer.subscription.created") < happened.index("invoice.paid")
        assert happened[-1] == "customer.subscription.updated"

    def test_a_subscription_has_no_period_of_its_own(self, subscribe):
        made = subscribe()

        assert "current_period_end" not in made
        assert made["items"].data[0].price.unit_amount == 2000
        assert made["items"].data[0].plan.interval == "month"

    def test_flexible_billing_is_the_default(self, subscribe):
        assert subscribe().billing_mode.type == "flexible"

    def test_without_a_card_it_is_refused(self, api, premium):
        bob = api.customers.create({"name": "Bob"})

        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.subscriptions.create({"customer": bob.id, "items": [{"price": premium.id}]})

        assert caught.value.code == "resource_missing"
        assert api.subscriptions.list({"status": "all"}).data == []

    def test_a_declined_card_leaves_it_incomplete(self, api, alice, subscribe):
        card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})

        made = subscribe(default_payment_method=card.id, expand=["latest_invoice"])

        assert (made.status, made.latest_invoice.status) == ("incomplete", "open")
        with pytest.raises(stripe.InvalidRequestError, match="incomplete"):
            api.subscriptions.update(made.id, {"default_payment_method": card.id})

    def test_error_if_incomplete_makes_nothing_at_all(self, api, alice, subscribe):
        card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})

        with pytest.raises(stripe.CardError):
            subscribe(default_payment_method=card.id, payment_behavior="error_if_incomplete")

        assert api.subscriptions.list({"status": "all"}).data == []
        assert api.invoices.list().data == []

    def test_default_incomplete_waits_for_the_browser(self, api, sandbox, subscribe):
        made = subscribe(
            payment_behavior="default_incomplete", expand=["latest_invoice.confirmation_secret"]
        )
        secret = made.latest_invoice.confirmation_secret.client_secret

        sandbox.request(
            "POST",
            f"/v1/payment_intents/{secret.partition('_secret_')[0]}/confirm",
            headers={"Authorization": "Bearer pk_test_acme_1"},
            body=f"client_secret={secret}",
        )

        assert made.status == "incomplete"
        assert api.subscriptions.retrieve(made.id).status == "active"

    def test_nobody_pays_an_incomplete_one_and_it_expires(self, api, subscribe, pass_days):
        made = subscribe(payment_behavior="default_incomplete")

        pass_days(1)

        found = api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
        assert (found.status, found.latest_invoice.status) == ("incomplete_expired", "void")

    def test_a_trial_begins_with_an_invoice_of_nothing(self, subscribe):
        made = subscribe(trial_period_days=14, expand=["latest_invoice"])

        assert made.status == "trialing"
        assert made.trial_end == period_end(made) == START + 14 * DAY
        assert (made.latest_invoice.status, made.latest_invoice.total) == ("paid", 0)

    def test_who_pays_by_hand_gets_an_invoice_with_a_due_date(self, api, subscribe, pass_days):
        made = subscribe(collection_method="send_invoice", days_until_due=14)

        pass_days(1)

        invoice = api.invoices.retrieve(made.latest_invoice)
        assert made.status == "active"
        assert (invoice.status, invoice.due_date) == ("open", START + 3600 + 14 * DAY)

    def test_a_start_in_the_past_is_billed_up_to_the_present_period(self, subscribe):
        made = subscribe(backdate_start_date=START - 45 * DAY, expand=["latest_invoice"])

        assert made.start_date == START - 45 * DAY
        assert made.latest_invoice.total == 4000
        assert len(made.latest_invoice.lines.data) == 2

    def test_an_anchor_ahead_makes_the_first_period_short_and_cheap(self, subscribe):
        made = subscribe(billing_cycle_anchor=START + 14 * DAY, expand=["latest_invoice"])

        assert period_end(made) == START + 14 * DAY
        assert made.latest_invoice.total == round(2000 * 14 / 31)

    def test_a_one_time_price_is_refused(self, subscribe, course):
        with pytest.raises(stripe.InvalidRequestError, match="type=recurring"):
            subscribe(items=[{"price": course.id}])

    def test_an_inactive_price_is_refused(self, api, subscribe, premium):
        api.prices.update(premium.id, {"active": False})

        with pytest.raises(stripe.InvalidRequestError, match="inactive"):
            subscribe()


class TestChanging:
    def test_a_card_of_the_customer_becomes_the_subscriptions_own(self, api, alice, subscribe):
        card = api.payment_methods.attach("pm_card_mastercard", {"customer": alice.id})

        changed = api.subscriptions.update(subscribe().id, {"default_payment_method": card.id})

        assert changed.default_payment_method == card.id

    def test_a_card_that_is_not_the_customers_is_refused(self, api, subscribe):
        bob = api.customers.create({"name": "Bob"})
        card = api.payment_methods.attach("pm_card_visa", {"customer": bob.id})

        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.subscriptions.update(subscribe().id, {"default_payment_method": card.id})

        assert caught.value.param == "default_payment_method"

    def test_a_dearer_price_is_charged_for_the_rest_of_the_period(
        self, api, subscribe, premium, pass_days
    ):
        gold = api.prices.create(
            {
                "product": premium.product,
                "currency": "eur",
                "unit_amount": 4000,
                "recurring": {"interval": "month"},
            }
        )
        made = subscribe()
        pass_days(15.5)

        item = {"id": made["items"].data[0].id, "price": gold.id}
        api.subscriptions.update(made.id, {"items": [item], "proration_behavior": "always_invoice"})

        lines = api.invoices.list().data[0].lines.data
        assert sorted(line.amount for line in lines) == [-1000, 2000]
        pass_days(20)
        assert api.invoices.list().data[0].total == 4000

    def test_a_paused_collection_voids_invoices_until_it_resumes(self, api, subscribe, pass_days):
        made = subscribe()
        pause = {"behavior": "void", "resumes_at": START + 40 * DAY}
        api.subscriptions.update(made.id, {"pause_collection": pause})

        pass_days(35)
        assert api.invoices.list().data[0].status == "void"
        assert api.subscriptions.retrieve(made.id).status == "active"
        pass_days(28)
        assert api.subscriptions.retrieve(made.id).pause_collection is None
        assert api.invoices.list().data[0].status == "paid"

    def test_a_paused_subscription_bills_nothing_until_it_is_resumed(
        self, api, subscribe, pass_days, types
    ):
        made = subscribe()
        paused = api.subscriptions.pause(made.id, {"type": "subscription"})
        pass_days(60)

        assert paused.status == "paused"
        assert len(api.invoices.list().data) == 1
        resumed = api.subscriptions.resume(made.id)
        assert resumed.status == "active"
        assert api.invoices.list().data[0].status == "paid"
        assert types()[-1] == "customer.subscription.resumed"

    def test_a_trial_can_be_ended_now(self, api, subscribe, pass_days):
        made = subscribe(trial_period_days=14)

        changed = api.subscriptions.update(made.id, {"trial_end": "now"})

        assert changed.status == "active"
        pass_days(1)
        assert api.invoices.list().data[0].total == 2000

    def test_more_than_ten_items_are_paged(self, api, subscribe, premium):
        items = [
            {
                "price_data": {
                    "currency": "eur",
                    "product": premium.product,
                    "unit_amount": amount,
                    "recurring": {"interval": "month"},
                }
            }
            for amount in range(100, 1300, 100)
        ]

        made = subscribe(items=items)

        assert len(made["items"].data) == 10
        assert made["items"].has_more
        listed = api.subscription_items.list({"subscription": made.id, "limit": 100})
        assert len(listed.data) == 12
        assert [item.id for item in made["items"].auto_paging_iter()] == [i.id for i in listed.data]


class TestItems:
    @pytest.fixture
    def extra(self, api, premium):
        recurring = {"interval": "month"}
        params = {"product": premium.product, "currency": "eur", "recurring": recurring}
        return api.prices.create(params | {"unit_amount": 1000})

    def test_an_item_can_be_added_and_taken_away(self, api, subscribe, extra, pass_days):
        made = subscribe()
        pass_days(15.5)

        grown = api.subscriptions.update(made.id, {"items": [{"price": extra.id, "quantity": 2}]})
        added = grown["items"].data[1]
        shrunk = api.subscriptions.update(made.id, {"items": [{"id": added.id, "deleted": True}]})

        assert (added.quantity, added.current_period_start) == (2, START + int(15.5 * DAY))
        assert len(shrunk["items"].data) == 1
        waiting = api.invoice_items.list({"pending": True}).data
        assert [item.amount for item in waiting] == [-1000, 1000]
        assert api.subscription_items.retrieve(made["items"].data[0].id).quantity == 1

    def test_without_proration_nothing_waits(self, api, subscribe, extra):
        made = subscribe()

        api.subscriptions.update(
            made.id, {"items": [{"price": extra.id}], "proration_behavior": "none"}
        )

        assert api.invoice_items.list().data == []

    def test_the_last_item_stays(self, api, subscribe):
        made = subscribe()
        gone = {"id": made["items"].data[0].id, "deleted": True}

        with pytest.raises(stripe.InvalidRequestError, match="at least one item"):
            api.subscriptions.update(made.id, {"items": [gone]})

    def test_a_new_cycle_can_begin_now(self, api, subscribe, pass_days):
        made = subscribe()
        pass_days(15.5)

        changed = api.subscriptions.update(made.id, {"billing_cycle_anchor": {"type": "now"}})

        assert changed.billing_cycle_anchor == START + int(15.5 * DAY)
        assert api.invoices.list().data[0].total == 2000 - 1000

    def test_subscriptions_are_found_by_price(self, api, subscribe, extra):
        subscribe()

        assert len(api.subscriptions.list({"price": extra.id}).data) == 0


@pytest.mark.parametrize(
    ("behaviour", "status"), [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")]
)
def test_a_paused_collection_treats_invoices_as_it_was_told(
    api, subscribe, pass_days, behaviour, status
):
    made = subscribe()
    api.subscriptions.update(made.id, {"pause_collection": {"behavior": behaviour}})

    pass_days(32)

    assert api.invoices.list().data[0].status == status


def test_the_card_that_paid_can_become_the_subscriptions_own(api, alice, subscribe):
    made = subscribe(payment_settings={"save_default_payment_method": "on_subscription"})

    card = api.subscriptions.retrieve(made.id).default_payment_method
    assert card == alice.invoice_settings.default_payment_method
