"""Cards in words."""

from __future__ import annotations

BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "sepa_debit": "SEPA",
    "unionpay": "UnionPay",
    "us_bank_account": "ACH",
    "visa": "Visa",
}


def brand_name(brand: str) -> str:
    """Brands are names, the same in every language."""
    return BRANDS.get(brand, brand.replace("_", " ").capitalize())


def card_words(brand: str, last4: str) -> str:
    """`Visa •••• 4242`; a means of payment without a number is its name."""
    return f"{brand_name(brand)} •••• {last4}" if last4 else brand_name(brand)
