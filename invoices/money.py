"""Amounts travel as integers of the currency's smallest unit, and become text only here."""

import re
from collections.abc import Sequence
from copy import copy
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_percent, get_currency_name
from django.utils.translation import get_language

MINUS = "\N{MINUS SIGN}"
CODE_BEFORE_NUMBER = re.compile(rf"(?<=[^\W\d])(?=[{MINUS}\d])")  # "KWD5" wants a space, "$5" none

# What Stripe's amounts count, where it is not hundredths: ISO 4217, but for ISK and UGX, which
# stay hundredths there although nothing below one is in use, and MGA, which counts whole ariary.
# https://docs.stripe.com/currencies
WHOLE_UNITS = {
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
}
THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
WHOLE_IN_PRACTICE = {"ISK", "UGX"}
FINEST = 12
"""Decimals of the smallest unit that a price may have."""


def exponent(currency: str) -> int:
    """How many decimals the smallest unit has: 2 for EUR, 0 for JPY, 3 for KWD."""
    code = currency.upper()
    if code in WHOLE_UNITS:
        return 0
    return 3 if code in THOUSANDTHS else 2


def major(amount_minor: int, currency: str) -> Decimal:
    """1900, "eur" -> Decimal("19.00")"""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def format_money(amount_minor: int, currency: str, language: str | None = None) -> str:
    """1900, "eur" -> "€19.00", in the active language if none is named."""
    return _written(amount_minor, currency, language or get_language() or "en")


@lru_cache(maxsize=4096)
def _written(amount_minor: int, currency: str, language: str) -> str:
    """Kept, because a shop has few prices and many rows."""
    return _format(major(amount_minor, currency), currency, language)


def format_unit_price(
    amount_minor: int, quantity: int, currency: str, language: str | None = None
) -> str:
    """What one of several costs, with up to two decimals more where it does not come out even."""
    exact = major(amount_minor, currency) / (quantity or 1)
    finest = Decimal(1).scaleb(-exponent(currency) - 2)
    price = exact.quantize(finest, rounding=ROUND_HALF_EVEN)
    return _format(price, currency, language, more_decimals=2)


def format_exact(amount_minor: Decimal, currency: str, language: str | None = None) -> str:
    """Decimal("0.2"), "eur" -> "€0.002": a price finer than the smallest unit, in full."""
    price = amount_minor.scaleb(-exponent(currency))
    return _format(price, currency, language, more_decimals=FINEST)


def format_rate(rate: int, language: str | None = None) -> str:
    """A tax rate in hundredths of a percent: 550 -> "5.5%"."""
    return format_percent(
        Decimal(rate).scaleb(-4), locale=locale_of(language), decimal_quantization=False
    )


def name_currency(currency: str, language: str | None = None) -> str:
    """ "eur" -> "Euro (EUR)" """
    code = currency.upper()
    return f"{get_currency_name(code, locale=locale_of(language))} ({code})"


def share_out(amount: int, parts: Sequence[int]) -> list[int]:
    """Split an amount in proportion to the parts, to the last unit: the shares add up to it.

    No share is larger than its part, as long as the amount is no larger than all of them.
    """
    whole = sum(parts)
    shares = [amount * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: -(amount * parts[i] % whole))
    for i in by_remainder[: amount - sum(shares)]:
        shares[i] += 1
    return shares


def locale_of(language: str | None = None) -> Locale:
    """Babel's locale for a language of Django's ("pt-br"), or for the active one."""
    return _locale(language or get_language() or "en")


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


def _format(value: Decimal, currency: str, language: str | None, *, more_decimals: int = 0) -> str:
    code = currency.upper()
    locale = locale_of(language)
    decimals = exponent(code)
    fewest = 0 if code in WHOLE_IN_PRACTICE and value == int(value) else decimals
    pattern = _pattern(language or get_language() or "en", fewest, decimals + more_decimals)
    text = pattern.apply(value, locale, currency=code, currency_digits=False)
    return CODE_BEFORE_NUMBER.sub("\N{NO-BREAK SPACE}", text.replace("-", MINUS))


@lru_cache
def _pattern(language: str, fewest: int, most: int) -> NumberPattern:
    """How the language writes amounts, with this many decimals whatever the currency has."""
    pattern: NumberPattern = copy(locale_of(language).currency_formats["standard"])
    pattern.frac_prec = (fewest, most)
    return pattern
