"""Products, prices and tax rates."""

import pytest
import stripe


def test_a_product_may_bring_its_price(api):
    made = api.products.create(
        {
            "name": "Course",
            "default_price_data": {"currency": "EUR", "unit_amount": 4900},
            "expand": ["default_price"],
        }
    )

    assert (made.default_price.unit_amount, made.default_price.currency) == (4900, "eur")
    assert made.default_price.type == "one_time"


def test_a_price_may_bring_its_product(api):
    made = api.prices.create(
        {
            "currency": "eur",
            "unit_amount": 900,
            "recurring": {"interval": "year"},
            "product_data": {"name": "Archive"},
            "expand": ["product"],
        }
    )

    assert made.product.name == "Archive"
    assert (made.recurring.interval, made.recurring.interval_count) == ("year", 1)


def test_a_price_may_be_a_part_of_a_cent(api):
    product = api.products.create({"name": "Call"})

    made = api.prices.create(
        {"currency": "eur", "product": product.id, "unit_amount_decimal": "0.5"}
    )

    assert str(made.unit_amount_decimal) == "0.5"


def test_prices_are_found_by_product_and_lookup_key(api, premium, course):
    api.prices.update(course.id, {"lookup_key": "course"})

    by_product = api.prices.list({"product": premium.product}).data
    by_key = api.prices.list({"lookup_keys": ["course"]}).data
    recurring = api.prices.list({"type": "recurring"}).data

    assert [price.id for price in by_product] == [premium.id]
    assert [price.id for price in by_key] == [course.id]
    assert [price.id for price in recurring] == [premium.id]


def test_what_is_shown_in_a_subscription_is_the_price_as_it_is_now(api, premium, subscribe):
    made = subscribe()

    api.prices.update(premium.id, {"nickname": "Monthly", "active": False})

    price = api.subscriptions.retrieve(made.id)["items"].data[0].price
    assert (price.nickname, price.active) == ("Monthly", False)


def test_a_product_keeps_the_id_it_was_given(api):
    api.products.create({"id": "gold", "name": "Gold"})

    assert api.products.retrieve("gold").name == "Gold"
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.products.create({"id": "gold", "name": "Gold again"})


def test_tiers_are_not_served_and_use_needs_a_meter(api, premium):
    wanted = {"currency": "eur", "product": premium.product, "unit_amount": 1}

    for stray in (
        {"tiers_mode": "volume", "tiers": [{"up_to": "inf", "unit_amount": 1}]},
        {"recurring": {"interval": "month", "usage_type": "metered"}},
    ):
        with pytest.raises(stripe.InvalidRequestError, match=r"sandbox|meter"):
            api.prices.create(wanted | stray)


def test_a_tax_rate_says_what_it_is_of(api):
    made = api.tax_rates.create(
        {
            "display_name": "MwSt.",
            "percentage": 19,
            "inclusive": True,
            "country": "DE",
            "jurisdiction": "DE",
            "tax_type": "vat",
        }
    )

    assert (made.percentage, made.inclusive, made.tax_type) == (19, True, "vat")
    assert api.tax_rates.update(made.id, {"active": False}).active is False
    assert api.tax_rates.list({"active": True}).data == []
