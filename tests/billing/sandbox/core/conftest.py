"""A shop at the sandbox, asked by the real SDK in this process. Every answer is verified."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from billing.sandbox.machine import Sandbox
from billing.sandbox.transport import InProcessHTTPClient

# Thursday, 1 January 2026, noon.
START = 1_767_268_800
DAY = 86_400
HOUR = 3_600

type Api = Any
type Connect = Callable[..., Api]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(now=lambda: float(START), verify=True)
    yield made
    made.close()


@pytest.fixture
def connect(sandbox: Sandbox) -> Connect:
    """The SDK with some other key."""

    def with_key(key: str = "sk_test_acme_1", **options: Any) -> Api:
        client = InProcessHTTPClient(sandbox)
        options = {"max_network_retries": 0} | options
        return stripe.StripeClient(key, http_client=client, **options).v1

    return with_key


@pytest.fixture
def api(connect: Connect) -> Api:
    return connect()


@pytest.fixture
def alice(api: Api) -> Any:
    """A customer with a Visa card that works."""
    return api.customers.create(
        {
            "name": "Alice",
            "email": "alice@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )


@pytest.fixture
def premium(api: Api) -> Any:
    """A price of 20 euros a month."""
    product = api.products.create({"name": "Premium"})
    return api.prices.create(
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 2000,
            "recurring": {"interval": "month"},
        }
    )


@pytest.fixture
def course(api: Api) -> Any:
    """A price of 49 euros, once."""
    product = api.products.create({"name": "Course"})
    return api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 4900})


@pytest.fixture
def subscribe(api: Api, alice: Any, premium: Any) -> Callable[..., Any]:
    """Alice takes Premium; whatever else is wanted goes into the request."""

    def make(**params: Any) -> Any:
        wanted = {"customer": alice.id, "items": [{"price": premium.id}]} | params
        return api.subscriptions.create(wanted)

    return make


@pytest.fixture
def pass_days(sandbox: Sandbox) -> Callable[[float], None]:
    def move(days: float) -> None:
        sandbox.advance(sandbox.clock.now() + int(days * DAY))

    return move


@pytest.fixture
def types(sandbox: Sandbox) -> Callable[[], list[str]]:
    """The types of Acme's events so far, oldest first."""
    return lambda: [event["type"] for event in sandbox.events("acct_acme")]


@pytest.fixture
def vat(api: Api) -> Callable[..., str]:
    """A German tax rate."""

    def make(percentage: float, *, inclusive: bool) -> str:
        params = {"percentage": percentage, "inclusive": inclusive, "country": "DE"}
        return str(api.tax_rates.create({"display_name": "VAT"} | params).id)

    return make


@pytest.fixture
def bill(api: Api, alice: Any, course: Any) -> Callable[..., Any]:
    """A draft for Alice with these invoice items."""

    def make(*items: Any, **params: Any) -> Any:
        invoice = api.invoices.create({"customer": alice.id, "currency": "eur"} | params)
        for item in items or ({"pricing": {"price": course.id}},):
            api.invoice_items.create({"customer": alice.id, "invoice": invoice.id} | item)
        return api.invoices.retrieve(invoice.id)

    return make
