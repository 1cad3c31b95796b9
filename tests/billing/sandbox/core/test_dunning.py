"""Failed payments: the retries, and what becomes of the subscription."""

import pytest
import stripe

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


@pytest.fixture
def failing(api, subscribe, broke):
    """A subscription whose renewal will fail."""
    made = subscribe()
    broke()
    return api, made


def test_a_failed_renewal_is_past_due_and_tried_again(api, subscribe, broke, pass_days, types):
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


def test_the_retries_are_after_3_5_and_7_days(api, subscribe, broke, pass_days):
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
def test_after_the_last_the_accounts_settings_decide(sandbox, failing, pass_days, setting, status):
    sandbox.settings("acct_acme", after_last_retry=setting)
    api, made = failing

    pass_days(31 + 16)

    found = api.subscriptions.retrieve(made.id)
    assert found.status == status
    if status == "canceled":
        assert found.cancellation_details.reason == "payment_failed"


def test_a_retry_with_a_new_card_ends_it(api, alice, subscribe, broke, pass_days):
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


def test_paying_by_hand_ends_it_too(api, alice, subscribe, broke, pass_days):
    made = subscribe()
    broke()
    pass_days(32)
    card = api.payment_methods.attach("pm_card_visa", {"customer": alice.id})

    invoice = latest(api, made).latest_invoice.id
    paid = api.invoices.pay(invoice, {"payment_method": card.id, "off_session": False})

    assert paid.status == "paid"
    assert api.subscriptions.retrieve(made.id).status == "active"


def test_an_attempt_by_hand_moves_no_retry(api, subscribe, broke, pass_days):
    made = subscribe()
    broke()
    pass_days(32)
    before = latest(api, made).latest_invoice

    with pytest.raises(stripe.CardError):
        api.invoices.pay(before.id)

    after = latest(api, made).latest_invoice
    assert after.next_payment_attempt == before.next_payment_attempt
    assert after.attempt_count == before.attempt_count


def test_the_next_payment_can_be_ordered_to_fail(api, sandbox, alice, subscribe, pass_days):
    made = subscribe()
    sandbox.fail_next_payment(alice.id)

    pass_days(31.1)
    assert latest(api, made).status == "past_due"
    pass_days(3)
    assert latest(api, made).status == "active"


@pytest.fixture
def asked(api, alice, subscribe, pass_days):
    """A renewal that the bank wants the customer to confirm."""
    made = subscribe()
    card = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": alice.id})
    api.subscriptions.update(made.id, {"default_payment_method": card.id})
    pass_days(31.1)
    return latest(api, made)


def test_a_card_that_asks_every_time_waits_for_the_customer(api, asked, types):
    with pytest.raises(stripe.CardError) as caught:
        api.invoices.pay(asked.latest_invoice.id, {"off_session": False})

    assert caught.value.code == "invoice_payment_intent_requires_action"
    assert asked.status == "past_due"
    assert "invoice.payment_action_required" in types()


def test_the_customer_confirms_in_the_browser_and_it_is_paid(api, sandbox, asked):
    wanted = {"expand": ["confirmation_secret"]}
    secret = api.invoices.retrieve(asked.latest_invoice.id, wanted).confirmation_secret

    sandbox.authenticate(secret.client_secret.partition("_secret_")[0], passed=True)

    found = latest(api, asked)
    assert (found.status, found.latest_invoice.status) == ("active", "paid")


def test_a_card_proven_at_set_up_is_not_asked_again(api, sandbox, alice, subscribe, pass_days):
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


def test_a_card_proven_at_the_first_payment_is_not_asked_again(sandbox, api, alice, subscribe):
    token = "pm_card_authenticationRequiredOnSetup"
    card = api.payment_methods.attach(token, {"customer": alice.id})
    made = subscribe(default_payment_method=card.id, expand=["latest_invoice.confirmation_secret"])
    secret = made.latest_invoice.confirmation_secret.client_secret
    sandbox.authenticate(secret.partition("_secret_")[0], passed=True)

    sandbox.advance(START + 32 * DAY)

    found = latest(api, made)
    assert (made.status, found.status, found.latest_invoice.status) == (
        "incomplete",
        "active",
        "paid",
    )


def test_after_a_cancellation_nothing_is_collected(api, subscribe, broke, pass_days):
    made = subscribe()
    broke()
    pass_days(32)

    api.subscriptions.cancel(made.id)
    pass_days(30)

    invoice = latest(api, made).latest_invoice
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert not invoice.auto_advance


def test_an_invoice_paid_by_hand_is_overdue_after_its_day(api, subscribe, pass_days, types):
    made = subscribe(collection_method="send_invoice", days_until_due=7)

    pass_days(8)

    assert api.subscriptions.retrieve(made.id).status == "past_due"
    assert types()[-2:] == ["invoice.overdue", "customer.subscription.updated"]
