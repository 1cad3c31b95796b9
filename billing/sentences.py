"""What a customer reads when Stripe says no: what is so, and what to do next.

Stripe's own text is for the vendor. Lost and stolen cards and suspected fraud get the plain
sentence, so that a thief learns nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from billing.errors import (
    BillingError,
    BillingUnavailable,
    CardDeclined,
    CardNotConfirmed,
    KeyRefused,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

UNAVAILABLE = _(
    "We cannot reach our payment provider just now, so changes must wait. "
    "Please try again in a few minutes."
)
UNANSWERED = _(
    "Our payment provider has not confirmed this yet, so we do not know whether it worked. "
    "We ask again in a few minutes. Please look here again then."
)
UNANSWERED_MAILED = _(
    "Our payment provider has not confirmed this yet, so we do not know whether it worked. "
    "We ask again in a few minutes. If it worked, you get an e-mail."
)
REFUSED = _("This could not be changed. Please write to us, and we will do it for you.")
DECLINED = _(
    "Your bank declined this card. Try another card, or ask your bank to allow the payment."
)
NOT_CONFIRMED = _("Your bank did not confirm the card. Please try again, or use another card.")

_FUNDS = _("There is not enough money on this card. Try another card, or try again later.")
_LIMIT = _("This payment is above the card's limit. Try another card, or ask your bank.")
_EXPIRED = _("This card has expired. Please use another card.")
_CVC = _("The security code is not right. Please check the three or four digits on the card.")
_NUMBER = _("The card number is not right. Please check it and try again.")
_EXPIRY = _("The expiry date is not right. Please check it and try again.")
_POSTCODE = _("The postcode does not fit this card. Please check it and try again.")
_PIN = _("The card asks for a PIN, which is not possible here. Please use another card.")
_KIND = _("Cards of this kind are not accepted here. Please use another card.")
_CURRENCY = _("This card does not support this currency. Please use another card.")
_LATER = _("The bank could not answer just now. Please try again in a few minutes.")
_TOO_OFTEN = _("This card was declined too often. Please use another card, or wait until tomorrow.")
_TEST_CARD = _("This is a test card, and this is a real payment. Please use another card.")
_ASK_BANK = _("Your bank wants to hear from you first. Call the number on the card.")
_AGAIN = _("This took too long, so your bank's approval expired. Please enter the card again.")
_RELOAD = _("This form was used already. Please reload the page to see whether the card is saved.")
_TOO_MANY_CARDS = _("Too many cards are stored for you. Please write to us; we will remove some.")
BUSY = _("Another change is being made right now. Please try again in a moment.")
_TAX_ID = _("This tax ID is not valid in the country of your address. Please check both.")

BY_DECLINE_CODE: dict[str, StrPromise] = {
    "approve_with_id": _LATER,
    "authentication_required": NOT_CONFIRMED,
    "authentication_not_handled": NOT_CONFIRMED,
    "call_issuer": _ASK_BANK,
    "card_not_supported": _KIND,
    "card_velocity_exceeded": _LIMIT,
    "currency_not_supported": _CURRENCY,
    "expired_card": _EXPIRED,
    "incorrect_address": _POSTCODE,
    "incorrect_cvc": _CVC,
    "incorrect_number": _NUMBER,
    "incorrect_pin": _PIN,
    "incorrect_zip": _POSTCODE,
    "insufficient_funds": _FUNDS,
    "invalid_amount": _LIMIT,
    "invalid_cvc": _CVC,
    "invalid_expiry_month": _EXPIRY,
    "invalid_expiry_year": _EXPIRY,
    "invalid_number": _NUMBER,
    "invalid_pin": _PIN,
    "issuer_not_available": _LATER,
    "mobile_device_authentication_required": NOT_CONFIRMED,
    "offline_pin_required": _PIN,
    "online_or_offline_pin_required": _PIN,
    "pin_try_exceeded": _PIN,
    "processing_error": _LATER,
    "reenter_transaction": _LATER,
    "testmode_decline": _TEST_CARD,
    "try_again_later": _LATER,
    "withdrawal_count_limit_exceeded": _LIMIT,
}

BY_CODE: dict[str, StrPromise] = {
    "authentication_required": NOT_CONFIRMED,
    "card_declined": DECLINED,
    "card_decline_rate_limit_exceeded": _TOO_OFTEN,
    "customer_max_payment_methods": _TOO_MANY_CARDS,
    "expired_card": _EXPIRED,
    "expired_payment_method": _EXPIRED,
    "idempotency_key_in_use": BUSY,
    "incorrect_address": _POSTCODE,
    "incorrect_cvc": _CVC,
    "incorrect_number": _NUMBER,
    "incorrect_zip": _POSTCODE,
    "invalid_cvc": _CVC,
    "invalid_expiry_month": _EXPIRY,
    "invalid_expiry_year": _EXPIRY,
    "invalid_number": _NUMBER,
    "lock_timeout": BUSY,
    "payment_method_customer_decline": DECLINED,
    "payment_method_provider_decline": DECLINED,
    "payment_method_restricted": _KIND,
    "processing_error": _LATER,
    "rate_limit": UNAVAILABLE,
    "setup_attempt_failed": DECLINED,
    "setup_intent_authentication_failure": NOT_CONFIRMED,
    "setup_intent_setup_attempt_expired": _AGAIN,
    "setup_intent_unexpected_state": _RELOAD,
    "tax_id_invalid": _TAX_ID,
}

BY_KIND: dict[type[BillingError], StrPromise] = {
    BillingUnavailable: UNAVAILABLE,
    CardDeclined: DECLINED,
    CardNotConfirmed: NOT_CONFIRMED,
    KeyRefused: UNAVAILABLE,
}


def sentence_for(kind: type[BillingError], code: str, decline_code: str) -> StrPromise:
    """The bank's reason says more than Stripe's code, and that more than the kind of error."""
    return BY_DECLINE_CODE.get(decline_code) or BY_CODE.get(code) or BY_KIND.get(kind) or REFUSED
