"""What is on disk is what there is: a restart changes nothing."""

import pytest
import stripe

from billing.sandbox.machine import Sandbox
from billing.sandbox.transport import InProcessHTTPClient
from tests.billing.sandbox.core.conftest import DAY, START


@pytest.fixture
def start(tmp_path):
    """Starts the sandbox on the same file; the one before is closed first."""
    running = []

    def open_again():
        for before in running:
            before.close()
        running.append(Sandbox(path=tmp_path / "s.sqlite3", now=lambda: float(START), verify=True))
        client = InProcessHTTPClient(running[-1])
        return running[-1], stripe.StripeClient("sk_test_acme_1", http_client=client).v1

    yield open_again
    for before in running:
        before.close()


def sell(api):
    alice = api.customers.create({"name": "Alice", "payment_method": "pm_card_visa"})
    method = api.customers.payment_methods.list(alice.id).data[0].id
    product = api.products.create({"name": "Premium"})
    price = api.prices.create(
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 2000,
            "recurring": {"interval": "month"},
        }
    )
    return api.subscriptions.create(
        {
            "customer": alice.id,
            "items": [{"price": price.id}],
            "default_payment_method": method,
        }
    )


def test_objects_are_as_they_were(start):
    _, api = start()
    sold = sell(api)

    _, again = start()

    assert again.subscriptions.retrieve(sold.id).to_dict() == sold.to_dict()
    assert [event.type for event in again.events.list({"limit": 100}).data][-1] == (
        "payment_method.attached"
    )


def test_the_clock_stands_where_it_stood_and_renewals_go_on(start):
    sandbox, api = start()
    sell(api)
    sandbox.advance(START + 20 * DAY)

    again, api = start()
    assert again.clock.now() == START + 20 * DAY
    again.advance(START + 32 * DAY)

    assert [invoice.status for invoice in api.invoices.list().data] == ["paid", "paid"]


def test_webhooks_that_waited_still_wait(start):
    _, api = start()
    api.webhook_endpoints.create({"url": "https://acme.example/", "enabled_events": ["*"]})
    api.customers.create({"name": "Bob"})

    again, _ = start()

    heard = []
    assert again.deliver_pending(heard.append) == 1
    assert heard[0].type == "customer.created"


def test_an_idempotency_key_is_remembered(start):
    _, api = start()
    first = api.customers.create({"name": "Bob"}, {"idempotency_key": "one"})

    _, api = start()

    assert api.customers.create({"name": "Bob"}, {"idempotency_key": "one"}).id == first.id


def test_settings_are_remembered(start):
    sandbox, api = start()
    sold = sell(api)
    sandbox.settings("acct_acme", after_last_retry="unpaid")
    card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": sold.customer})
    api.subscriptions.update(sold.id, {"default_payment_method": card.id})

    again, api = start()
    again.advance(START + 50 * DAY)

    assert api.subscriptions.retrieve(sold.id).status == "unpaid"


def test_a_refused_request_leaves_no_trace_on_disk(start):
    _, api = start()
    alice = api.customers.create({"name": "Alice"})
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.update(alice.id, {"name": "Bob", "email": "no address"})

    _, api = start()

    assert api.customers.retrieve(alice.id).name == "Alice"


def test_a_failed_payment_is_kept(start):
    _, api = start()
    intent = {"amount": 500, "currency": "eur", "confirm": True}
    with pytest.raises(stripe.CardError):
        api.payment_intents.create(intent | {"payment_method": "pm_card_chargeCustomerFail"})

    _, api = start()

    assert api.charges.list().data[0].status == "failed"


def test_a_move_in_time_that_breaks_is_as_if_it_had_never_begun(start, monkeypatch):
    sandbox, api = start()
    sell(api)

    def break_down(account, invoice):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("billing.sandbox.collecting.begin_collection", break_down)
        with pytest.raises(ZeroDivisionError):
            sandbox.advance(START + 40 * DAY)

    assert sandbox.clock.now() == START
    assert len(api.invoices.list().data) == 1
    sandbox.advance(START + 40 * DAY)
    assert [invoice.status for invoice in api.invoices.list().data] == ["paid", "paid"]
