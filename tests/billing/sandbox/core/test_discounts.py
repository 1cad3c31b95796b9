"""Coupons: what they take off, from what, and for how long."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

Api = Any


def test_a_coupon_takes_off_a_share_or_an_amount(api: Api) -> None:
    coupon = api.coupons.create({"percent_off": 12.5, "name": "Spring"})
    assert api.coupons.retrieve(coupon.id).percent_off == 12.5
    with pytest.raises(stripe.InvalidRequestError):
        api.coupons.create({"percent_off": 10, "amount_off": 100, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="currency"):
        api.coupons.create({"amount_off": 100})


@pytest.mark.parametrize(
    ("duration", "totals"),
    [
        ({"duration": "once"}, [1500, 2000, 2000]),
        ({"duration": "repeating", "duration_in_months": 2}, [1500, 1500, 2000]),
        ({"duration": "forever"}, [1500, 1500, 1500]),
    ],
)
def test_a_discount_lasts_as_long_as_its_coupon_says(
    api: Api,
    subscribe: Callable[..., Any],
    pass_days: Callable[[float], None],
    duration: dict[str, Any],
    totals: list[int],
) -> None:
    coupon = api.coupons.create({"percent_off": 25} | duration).id
    subscribe(discounts=[{"coupon": coupon}])
    pass_days(62)
    found = [invoice.total for invoice in api.invoices.list({}).data]
    assert found[::-1] == totals


def test_amounts_off_are_shared_out_to_the_last_cent(
    api: Api, bill: Callable[..., Any], vat: Callable[..., str]
) -> None:
    coupon = api.coupons.create({"amount_off": 100, "currency": "eur"}).id
    rate = vat(19, inclusive=False)
    items = [{"currency": "eur", "amount": amount, "tax_rates": [rate]} for amount in (333,) * 3]
    invoice = bill(*items, discounts=[{"coupon": coupon}])
    taken = [line.discount_amounts[0].amount for line in invoice.lines.data]
    assert (sum(taken), max(taken) - min(taken)) == (100, 1)
    assert invoice.total_discount_amounts[0].amount == 100
    assert invoice.total == 999 - 100 + sum(tax.amount for tax in invoice.total_taxes)


def test_a_coupon_may_be_for_one_item_only(api: Api, alice: Any, premium: Any) -> None:
    coupon = api.coupons.create({"percent_off": 50, "duration": "forever"}).id
    other = api.prices.create(
        {
            "product": premium.product,
            "currency": "eur",
            "unit_amount": 1000,
            "recurring": {"interval": "month"},
        }
    )
    made = api.subscriptions.create(
        {
            "customer": alice.id,
            "items": [
                {"price": premium.id, "discounts": [{"coupon": coupon}]},
                {"price": other.id},
            ],
        }
    )
    assert api.invoices.retrieve(made.latest_invoice).total == 1000 + 1000


def test_a_deleted_coupon_gives_no_new_discounts(api: Api, subscribe: Callable[..., Any]) -> None:
    coupon = api.coupons.create({"percent_off": 25}).id
    api.coupons.delete(coupon)
    with pytest.raises(stripe.InvalidRequestError, match="coupon"):
        subscribe(discounts=[{"coupon": coupon}])
