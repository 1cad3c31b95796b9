"""Cards and other means of payment in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from billing.models import CardOnFile

BRANDS: dict[str, StrOrPromise] = {
    "acss_debit": _("Pre-authorised debit"),
    "amazon_pay": "Amazon Pay",
    "amex": "American Express",
    "au_becs_debit": "BECS Direct Debit",
    "bacs_debit": "Bacs Direct Debit",
    "cartes_bancaires": "Cartes Bancaires",
    "cashapp": "Cash App Pay",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "ideal": "iDEAL",
    "jcb": "JCB",
    "kakao_pay": "Kakao Pay",
    "kr_card": _("Korean card"),
    "link": "Link",
    "mastercard": "Mastercard",
    "naver_pay": "Naver Pay",
    "nz_bank_account": _("Bank account"),
    "paypal": "PayPal",
    "revolut_pay": "Revolut Pay",
    "sepa_debit": _("SEPA Direct Debit"),
    "unionpay": "UnionPay",
    "us_bank_account": "ACH Direct Debit",
    "visa": "Visa",
}


def brand_name(brand: str) -> str:
    """Most are names, the same in every language."""
    return str(BRANDS.get(brand, brand.replace("_", " ").capitalize()))


def card_words(brand: str, last4: str, account: str = "") -> str:
    """`Visa •••• 4242`, `Link (alice@example.com)`; without a number it is its name."""
    if last4:
        return f"{brand_name(brand)} •••• {last4}"
    return f"{brand_name(brand)} ({account})" if account else brand_name(brand)


def words_for(card: CardOnFile) -> str:
    return card_words(card.card_brand, card.card_last4, card.card_account)
