"""Stripe's test cards: which work, which are declined and when, which ask for 3-D Secure."""

from typing import Literal, NamedTuple

from billing.sandbox.errors import ApiError, card
from billing.sandbox.store import Obj

type Risk = Literal["normal", "elevated", "highest"]


class Card(NamedTuple):
    """`setup` and `charge` name the decline when it is saved and when it is charged.

    `asks` is when 3-D Secure is asked for: on every use, whenever the customer is there, or until
    the card has been set up. `dispute` is the reason its owner gives for one as soon as it is
    charged; `refund` is how its bank takes one a day later.
    """

    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    setup: str | None = None
    charge: str | None = None
    asks: Literal["never", "until_set_up", "on_session", "always"] = "never"
    risk: Risk = "normal"
    cvc_check: Literal["pass", "fail"] = "pass"
    dispute: Literal["fraudulent", "product_not_received"] | None = None
    inquiry: bool = False
    refund: Literal["pending", "failing"] | None = None


class Decline(NamedTuple):
    code: str
    decline_code: str
    message: str


DECLINED = "Your card was declined."
DECLINES = {
    "generic_decline": Decline("card_declined", "generic_decline", DECLINED),
    "insufficient_funds": Decline(
        "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "lost_card": Decline("card_declined", "lost_card", DECLINED),
    "stolen_card": Decline("card_declined", "stolen_card", DECLINED),
    "fraudulent": Decline("card_declined", "fraudulent", DECLINED),
    "card_velocity_exceeded": Decline(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
    ),
    "expired_card": Decline("expired_card", "expired_card", "Your card has expired."),
    "incorrect_cvc": Decline(
        "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."
    ),
    "processing_error": Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "authentication_required": Decline(
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
}


def _always_declined(name: str) -> Card:
    return Card(setup=name, charge=name)


BLOCKED = Card(charge="fraudulent", risk="highest")

# https://docs.stripe.com/testing, in the order of that page.
CARDS = {
    # Brands and countries
    "4242424242424242": Card(),
    "4000056655665556": Card(funding="debit"),
    "5555555555554444": Card("mastercard"),
    "2223003122003222": Card("mastercard"),
    "5200828282828210": Card("mastercard", "debit"),
    "5105105105105100": Card("mastercard", "prepaid"),
    "378282246310005": Card("amex"),
    "371449635398431": Card("amex"),
    "6011111111111117": Card("discover"),
    "6011000990139424": Card("discover"),
    "3056930009020004": Card("diners"),
    "3566002020360505": Card("jcb", country="JP"),
    "6200000000000005": Card("unionpay", country="CN"),
    "4000000400000008": Card(country="AT"),
    "4000000560000004": Card(country="BE"),
    "4000007560000009": Card(country="CH"),
    "4000002760000016": Card(country="DE"),
    "4000007240000007": Card(country="ES"),
    "4000002500000003": Card(country="FR"),
    "4000008260000000": Card(country="GB"),
    "4000003720000005": Card(country="IE"),
    "4000003800000008": Card(country="IT"),
    "4000005280000002": Card(country="NL"),
    # Declined
    "4000000000000002": _always_declined("generic_decline"),
    "4000000000009995": _always_declined("insufficient_funds"),
    "4000000000009987": _always_declined("lost_card"),
    "4000000000009979": _always_declined("stolen_card"),
    "4000000000000069": _always_declined("expired_card"),
    "4000000000000127": _always_declined("incorrect_cvc"),
    "4000000000000119": _always_declined("processing_error"),
    "4000000000006975": _always_declined("card_velocity_exceeded"),
    "4000000000000341": Card(charge="generic_decline"),
    # Stripe's own judgement
    "4100000000000019": BLOCKED,
    "4000000000004954": BLOCKED,
    "4000000000009235": Card(risk="elevated"),
    "4000000000000101": Card(cvc_check="fail"),
    # Disputed as soon as they are charged
    "4000000000000259": Card(dispute="fraudulent"),
    "4000000000002685": Card(dispute="product_not_received"),
    "4000000000001976": Card(dispute="fraudulent", inquiry=True),
    # Refunds that take their time
    "4000000000007726": Card(refund="pending"),
    "4000000000005126": Card(refund="failing"),
    # 3-D Secure
    "4000002500003155": Card(asks="until_set_up"),
    "4000002760003184": Card(country="DE", asks="always"),
    "4000003800000446": Card(country="IT", asks="on_session"),
    "4000008260003178": Card(country="GB", charge="insufficient_funds", asks="always"),
    "4000000000003220": Card(asks="always"),
    "4000008400001629": Card(charge="generic_decline", asks="always"),
    "4000008400001280": _always_declined("generic_decline"),
    "4000000000003055": Card(),
    "4000000000003097": Card(),
}

# The ends of Stripe's test tokens, `pm_card_...` and `tok_...`.
TOKENS = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "mastercard_prepaid": "5105105105105100",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "diners": "3056930009020004",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "at": "4000000400000008",
    "be": "4000000560000004",
    "ch": "4000007560000009",
    "de": "4000002760000016",
    "es": "4000007240000007",
    "fr": "4000002500000003",
    "gb": "4000008260000000",
    "ie": "4000003720000005",
    "it": "4000003800000008",
    "nl": "4000005280000002",
    "visa_chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedLostCard": "4000000000009987",
    "visa_chargeDeclinedStolenCard": "4000000000009979",
    "visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "chargeDeclined": "4000000000000002",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "chargeCustomerFail": "4000000000000341",
    "radarBlock": "4100000000000019",
    "riskLevelHighest": "4000000000004954",
    "riskLevelElevated": "4000000000009235",
    "cvcCheckFail": "4000000000000101",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
    "authenticationRequiredOnSetup": "4000002500003155",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredSetupForOffSession": "4000003800000446",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "threeDSecureRequiredProcessingError": "4000008400001280",
    "threeDSecureOptional": "4000000000003055",
    "threeDSecureOptionalProcessingError": "4000000000003097",
}


def number_of_token(token: str) -> str | None:
    """The card behind `pm_card_visa` or `tok_visa`, None for what is no test token."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return TOKENS.get(token.removeprefix(prefix))
    return None


def check_number(number: str) -> str:
    """The digits of a test card; refused as Stripe refuses what is none."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdecimal() or not 12 <= len(digits) <= 19 or not _luhn(digits):
        raise card("Your card number is incorrect.", "incorrect_number", param="number")
    if digits not in CARDS:
        raise card(
            "Your card was declined. Your request was in test mode, but used a non test (live) "
            "card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
            "card_declined",
            "test_mode_live_card",
        )
    return digits


def check_expiry(month: int, year: int, today: tuple[int, int]) -> None:
    """`today` is the present (year, month)."""
    if not 1 <= month <= 12:
        message = "Your card's expiration month is invalid."
        raise card(message, "invalid_expiry_month", param="exp_month")
    if (year, month) < today or year > today[0] + 50:
        message = "Your card's expiration year is invalid."
        raise card(message, "invalid_expiry_year", param="exp_year")


def check_cvc(cvc: str | None) -> None:
    if cvc is not None and not (cvc.isdecimal() and len(cvc) in (3, 4)):
        raise card("Your card's security code is invalid.", "invalid_cvc", param="cvc")


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def error(decline: Decline, **details: Obj | str | None) -> ApiError:
    """The 402 for a decline."""
    shown = None if decline.decline_code == decline.code else decline.decline_code
    if decline.code == "authentication_required":
        shown = decline.decline_code
    return card(decline.message, decline.code, shown, **details)


def behaviour(method: Obj) -> Card:
    """How the card of a payment method behaves; what is no card always works."""
    return CARDS[method["_number"]] if method["type"] == "card" else Card()
