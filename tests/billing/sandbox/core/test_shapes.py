"""Every answer and every event is in the shape that stripe-python knows.

Where the variable STRIPE_FIXTURES names Stripe's published examples, the answers have their fields.
"""

import json
import os
from pathlib import Path

import pytest

from billing.sandbox import coercion, shapes
from billing.sandbox.errors import ShapeError
from billing.sandbox.routing import TABLE
from tests.billing.sandbox.core.conftest import START

PUBLISHED = os.environ.get("STRIPE_FIXTURES")

# Whatever a shop or an event puts there.
FREE = (".metadata", "event.data.object")
# Shown by older versions only, or only when expanded.
NOT_IN_ENDIVE = {"invoice.subscription is missing", "charge.refunds is missing"}


@pytest.fixture
def town(request, api, sandbox, alice):
    """One of everything, by its `object`, as it is answered."""
    subscribe, bill, course, vat, pass_days = (
        request.getfixturevalue(name)
        for name in ("subscribe", "bill", "course", "vat", "pass_days")
    )
    rate = vat(19, inclusive=True)
    api.customers.tax_ids.create(alice.id, {"type": "eu_vat", "value": "DE123456789"})
    subscribe(default_tax_rates=[rate], trial_period_days=7)
    subscription = subscribe(default_tax_rates=[rate])
    api.subscription_schedules.create({"from_subscription": subscription.id})
    item = {"pricing": {"price": course.id}, "tax_rates": [rate]}
    paid = api.invoices.pay(bill(item).id)
    api.credit_notes.create({"invoice": paid.id, "amount": 900, "refund_amount": 900})
    api.setup_intents.create(
        {"customer": alice.id, "payment_method": "pm_card_visa", "confirm": True}
    )
    session = api.checkout.sessions.create(
        {
            "mode": "payment",
            "customer": alice.id,
            "line_items": [{"price": course.id, "quantity": 1}],
            "success_url": "https://shop.example/",
        }
    )
    sandbox.checkout_complete(session.id)
    api.webhook_endpoints.create({"url": "https://acme.example/", "enabled_events": ["*"]})
    paid_for = {"amount": 900, "currency": "eur", "confirm": True}
    api.payment_intents.create(paid_for | {"payment_method": "pm_card_createDispute"})
    pass_days(40)

    def ask(method, path, body=""):
        headers = {"Authorization": "Bearer sk_test_acme_1"}
        return json.loads(sandbox.request(method, path, headers=headers, body=body).body)

    lists = (
        "balance_transactions charges checkout/sessions credit_notes customers events "
        "invoice_payments invoiceitems invoices payment_intents payment_methods prices products "
        "disputes refunds setup_intents subscription_schedules subscriptions tax_rates "
        "webhook_endpoints"
    )
    found = [ask("GET", f"/v1/{name}?limit=100")["data"] for name in lists.split()]
    found.append(ask("GET", f"/v1/customers/{alice.id}/tax_ids")["data"])
    found.append(ask("GET", f"/v1/subscription_items?subscription={subscription.id}")["data"])
    found.append(ask("GET", f"/v1/checkout/sessions/{session.id}/line_items")["data"])
    found.append(ask("GET", f"/v1/invoices/{paid.id}/lines")["data"])
    found.append([ask("GET", "/v1/account")])
    found.append([ask("POST", "/v1/billing_portal/sessions", f"customer={alice.id}")])
    return {answer["object"]: answer for answers in found for answer in answers}


def test_all_kinds_of_objects_are_answered_in_shape(town):
    assert len(town) >= 25
    for answer in town.values():
        shapes.verify(answer)


def test_what_events_carry_is_in_shape_too(sandbox, town):
    events = sandbox.events("acct_acme")

    assert len({event["type"] for event in events}) > 25
    for event in events:
        shapes.verify(event)
        shapes.verify(event["data"]["object"])


def unlike(answer, example, path):
    """Where an answer lacks a field of Stripe's example, or has another kind of value in it."""
    if isinstance(example, list) and isinstance(answer, list):
        for inner in answer if example else ():
            yield from unlike(inner, example[0], f"{path}[]")
    elif isinstance(example, dict) and isinstance(answer, dict) and not path.endswith(FREE):
        for field in example:
            if field not in answer:
                yield f"{path}.{field} is missing"
            else:
                yield from unlike(answer[field], example[field], f"{path}.{field}")
    elif None not in (answer, example) and kind_of_value(answer) != kind_of_value(example):
        yield f"{path} is {answer!r}, not as {example!r}"


def kind_of_value(value):
    """A reference may be shown as its id or as a whole object."""
    if isinstance(value, dict) and "id" in value:
        return "str"
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_answers_are_like_stripes_published_examples(town):
    examples = json.loads(Path(PUBLISHED).read_text())["resources"] if PUBLISHED else {}

    differences = {
        problem
        for kind, answer in town.items()
        if kind in examples
        for problem in unlike(answer, examples[kind], kind)
    }

    assert differences <= NOT_IN_ENDIVE


def test_every_request_the_sandbox_serves_has_a_type_at_stripe():
    routes = [route for routes in TABLE.values() for route in routes]

    assert len(routes) > 90
    for route in routes:
        coercion.request_reader(route.params)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"nickname": "Al"}, "customer.nickname is not a field of Customer"),
        ({"email": 5}, "customer.email may not be 5"),
        ({"tax_exempt": "maybe"}, "customer.tax_exempt may not be 'maybe'"),
        ({"created": None}, "customer.created is null"),
        ({"preferred_locales": "de"}, "customer.preferred_locales is no list"),
        ({"address": {"town": "Köln"}}, "customer.address.town is not a field of Address"),
    ],
)
def test_an_answer_out_of_shape_is_a_bug_of_the_sandbox(change, complaint):
    answer = {"id": "cus_1", "object": "customer", "created": START, "livemode": False}
    shapes.verify(answer)

    with pytest.raises(ShapeError, match=complaint):
        shapes.verify(answer | change)


def test_a_field_that_must_be_there_is_missed():
    with pytest.raises(ShapeError, match=r"customer\.livemode is missing"):
        shapes.verify({"id": "cus_1", "object": "customer", "created": START})
