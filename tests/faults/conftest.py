"""The product as it runs, for the tests of a module, and somebody who pays."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.running import BUYERS, Running, running


@pytest.fixture(scope="module")
def hub() -> Iterator[Running]:
    with running() as hub:
        yield hub


@pytest.fixture(scope="module")
def customers(hub: Running) -> list[str]:
    """Some who pay monthly."""
    made = []
    price: Any = {"currency": "eur", "unit_amount": 1900, "recurring": {"interval": "month"}}
    price["product_data"] = {"name": "Language Lab: Italian"}
    price_id = hub.stripe.prices.create(price).id
    for number in range(BUYERS):
        about = {"email": f"buyer{number}@example.com", "name": f"Buyer {number}"}
        customer = hub.stripe.customers.create(about)
        card = hub.stripe.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        hub.stripe.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": card.id}}
        )
        hub.stripe.subscriptions.create({"customer": customer.id, "items": [{"price": price_id}]})
        made.append(customer.id)
    hub.wait_until_handled(180)
    return made
