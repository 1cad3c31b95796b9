import re

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from invoices.money import (
    MINUS,
    exponent,
    format_money,
    format_rate,
    format_unit_price,
    major,
    name_currency,
    share_out,
)

amounts = st.integers(min_value=-(2**63), max_value=2**63 - 1)
currencies = st.sampled_from(["eur", "usd", "jpy", "kwd", "huf", "all", "mga", "clp"])
languages = st.sampled_from(["en", "de", "fr", "pt-br", "sv", "ja"])


@pytest.mark.parametrize(
    ("amount_minor", "currency", "language", "text"),
    [
        (1900, "eur", "en", "€19.00"),
        (1900, "EUR", "de", "19,00 €"),
        (123456789, "usd", "en", "$1,234,567.89"),
        (0, "eur", "en", "€0.00"),
        (500, "jpy", "en", "¥500"),
        (500, "jpy", "de", "500 ¥"),
        (1234567, "kwd", "en", "KWD 1,234.567"),
        (1234567, "kwd", "de", "1.234,567 KWD"),
        (100050, "all", "en", "ALL 1,000.50"),
        (-950, "eur", "en", f"{MINUS}€9.50"),
        (-950, "eur", "de", f"{MINUS}9,50 €"),
    ],
)
def test_an_amount_is_written_as_its_currency_and_language_ask(
    amount_minor, currency, language, text
):
    assert format_money(amount_minor, currency, language).replace("\xa0", " ") == text


def test_stripe_counts_hundredths_of_currencies_that_have_none():
    assert format_money(50000, "isk", "en") == "ISK\xa0500"
    assert format_money(50000, "ugx", "en") == "UGX\xa0500"
    assert format_money(50050, "isk", "en") == "ISK\xa0500.50"
    assert format_money(500, "mga", "en") == "MGA\xa0500"


def test_the_active_language_counts_if_none_is_named():
    with translation.override("de"):
        assert format_money(1900, "eur") == "19,00\xa0€"


def test_a_template_writes_money():
    template = Template("{% load money %}{{ amount|money:currency }}")
    assert template.render(Context({"amount": 1900, "currency": "eur"})) == "€19.00"


@settings(deadline=None)  # a language is read from a file the first time
@given(amounts, currencies, languages)
def test_no_digit_is_rounded_away_however_large_the_amount(amount_minor, currency, language):
    digits = re.sub(r"\D", "", format_money(amount_minor, currency, language))
    assert int(digits) == abs(amount_minor)


@given(amounts, currencies)
def test_whole_and_smallest_units_agree(amount_minor, currency):
    assert major(amount_minor, currency) * 10 ** exponent(currency) == amount_minor


@settings(deadline=None)
@given(amounts.filter(lambda amount: amount < 0), currencies, languages)
def test_less_than_nothing_is_marked_by_a_true_minus(amount_minor, currency, language):
    text = format_money(amount_minor, currency, language)
    assert text.count(MINUS) == 1
    assert "-" not in text


def test_a_unit_price_that_does_not_come_out_even_gets_more_decimals():
    assert format_unit_price(3000, 3, "eur", "en") == "€10.00"
    assert format_unit_price(2500, 3, "eur", "en") == "€8.3333"
    assert format_unit_price(100, 3, "jpy", "en") == "¥33.33"


def test_rates_and_currencies_have_names():
    assert format_rate(2000, "en") == "20%"
    assert format_rate(550, "de") == "5,5\xa0%"
    assert format_rate(0, "en") == "0%"
    assert name_currency("eur", "en") == "Euro (EUR)"


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.data())
def test_shares_add_up_and_none_is_larger_than_its_part(parts, data):
    if not sum(parts):
        parts = [*parts, 1]
    amount = data.draw(st.integers(0, sum(parts)))
    shares = share_out(amount, parts)
    assert sum(shares) == amount
    assert all(0 <= share <= part for share, part in zip(shares, parts, strict=True))


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20).filter(lambda p: sum(p) > 0),
    st.data(),
)
def test_discounts_are_shared_out_too(parts, data):
    amount = data.draw(st.integers(0, sum(parts)))
    shares = share_out(amount, parts)
    assert sum(shares) == amount
    assert all(abs(share) <= abs(part) for share, part in zip(shares, parts, strict=True))
    assert share_out(sum(parts), parts) == parts
