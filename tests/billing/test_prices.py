"""What the sandbox has not: a price in steps, in a currency that is not its first."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import stripe as sdk

from billing.gateway.prices import tariff_of

GIVEN = {"id": "price_1", "currency": "eur", "billing_scheme": "tiered", "tiers_mode": "volume"}
TIERS = [{"up_to": None, "unit_amount_decimal": "12.5", "flat_amount_decimal": None}]


def test_its_tiers_come_only_when_those_of_that_currency_are_asked_for() -> None:
    asked: list[Any] = []

    def retrieve(*args: Any) -> sdk.Price:
        asked.append(args)
        whole = GIVEN | {"currency_options": {"usd": {"tiers": TIERS}}}
        return sdk.Price.construct_from(whole, "sk_test_1")

    client = cast("sdk.V1Services", SimpleNamespace(prices=SimpleNamespace(retrieve=retrieve)))
    tariff = tariff_of(client, sdk.Price.construct_from(GIVEN, "sk_test_1"), "usd")
    assert asked == [("price_1", {"expand": ["currency_options.usd.tiers"]})]
    assert tariff.cost(3) == Decimal("37.5")
