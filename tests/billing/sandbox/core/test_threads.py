"""Many at once: the sandbox takes one request after the other."""

from concurrent.futures import ThreadPoolExecutor

from tests.billing.sandbox.core.conftest import DAY, START


def test_one_key_from_many_threads_makes_one_customer(api):
    def create(_):
        return api.customers.create({"name": "Alice"}, {"idempotency_key": "one"}).id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(40)))

    assert len(made) == 1
    assert len(api.customers.list().data) == 1


def test_requests_deliveries_and_the_clock_do_not_trip_over_each_other(api, sandbox, subscribe):
    api.webhook_endpoints.create({"url": "https://acme.example/", "enabled_events": ["*"]})
    before = {event["id"] for event in sandbox.events("acct_acme")}
    subscription = subscribe()
    heard = []

    def change(number):
        api.subscriptions.update(subscription.id, {"metadata": {"number": str(number)}})
        sandbox.deliver_pending(lambda delivery: heard.append(delivery.event))
        sandbox.tick()

    with ThreadPoolExecutor(8) as pool:
        move = pool.submit(sandbox.advance, START + 100 * DAY)
        list(pool.map(change, range(40)))
        move.result()
    sandbox.deliver_pending(lambda delivery: heard.append(delivery.event))

    made = {event["id"] for event in sandbox.events("acct_acme")} - before
    assert len(heard) == len(set(heard))
    assert set(heard) == made
    assert all(event["pending_webhooks"] == 0 for event in sandbox.events("acct_acme"))
