"""Who is asked: the sandbox, and where STRIPE_TEST_SECRET_KEY is set, Stripe itself as well.

The key must be a test key, of an account that may be littered: customers are deleted afterwards,
products and prices stay.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from billing.gateway.client import API_VERSION
from billing.sandbox.machine import Sandbox
from billing.sandbox.transport import InProcessHTTPClient

KEY = os.environ.get("STRIPE_TEST_SECRET_KEY", "")
ASKED = ["sandbox", "stripe"] if KEY else ["sandbox"]

type Api = Any
type Subscribe = Callable[..., Any]


@pytest.fixture(params=ASKED)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    if request.param == "stripe":
        if "_test_" not in KEY:
            raise pytest.UsageError("STRIPE_TEST_SECRET_KEY is no test key.")
        yield stripe.StripeClient(KEY, stripe_version=API_VERSION, max_network_retries=2).v1
        return
    sandbox = Sandbox(verify=True)
    yield stripe.StripeClient("sk_test_acme_1", http_client=InProcessHTTPClient(sandbox)).v1
    sandbox.close()


@pytest.fixture
def alice(api: Api) -> Iterator[Any]:
    """A customer with a Visa card that works."""
    customer = api.customers.create({"name": "Alice", "email": "alice@example.com"})
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    yield api.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": card.id}}
    )
    api.customers.delete(customer.id)


@pytest.fixture
def subscribe(api: Api, alice: Any) -> Subscribe:
    """Alice takes something for 20 euros a month; whatever else is wanted goes into the request."""
    product = api.products.create({"name": "Customer Hub contract test"})
    every_month = {"recurring": {"interval": "month"}, "currency": "eur", "unit_amount": 2000}
    price = api.prices.create(every_month | {"product": product.id})

    def make(**params: Any) -> Any:
        wanted = {"customer": alice.id, "items": [{"price": price.id}]}
        return api.subscriptions.create(wanted | params)

    return make


@pytest.fixture
def refusal() -> Callable[..., stripe.StripeError]:
    """The error that a call brings: `refusal(api.customers.retrieve, "cus_nobody")`."""

    def of(call: Callable[..., Any], *given: Any) -> stripe.StripeError:
        with pytest.raises(stripe.StripeError) as caught:
            call(*given)
        return caught.value

    return of
