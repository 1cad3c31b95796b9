"""What the control pages let a person choose from: the catalogue and test cards."""

from django.utils.translation import gettext as _

from billing.sandbox.acts import PAYMENTS, TRIAL_DAYS
from billing.sandbox.shown import Shown

type Option = tuple[str, str]


def catalogue(shown: Shown) -> list[tuple[str, list[Option]]]:
    """Groups of options: each way to pay, and each active price that can be paid that way."""
    recurring = [(price, text) for price, text, recurs in shown.prices() if recurs]
    once = [(price, text) for price, text, recurs in shown.prices() if not recurs]
    groups = [
        ("subscription", _("Subscriptions"), recurring),
        ("trial", _("Subscriptions after a trial of %s days") % TRIAL_DAYS, recurring),
        ("plan", _("Plans of %s payments") % PAYMENTS, recurring),
        ("once", _("One-time purchases"), once),
    ]
    return [
        (words, [(f"{kind}:{price}", text) for price, text in prices])
        for kind, words, prices in groups
        if prices
    ]


def cards() -> list[Option]:
    """Stripe's test cards that matter to the story."""
    return [
        ("pm_card_visa", _("Visa 4242, works")),
        ("pm_card_mastercard", _("Mastercard 4444, works")),
        ("pm_card_amex", _("American Express 0005, works")),
        ("pm_card_authenticationRequired", _("Visa 3184, asks for 3-D Secure every time")),
        ("pm_card_chargeCustomerFail", _("Visa 0341, can be saved but not charged")),
        ("pm_card_chargeDeclined", _("Visa 0002, declined")),
        ("pm_card_chargeDeclinedInsufficientFunds", _("Visa 9995, insufficient funds")),
        ("pm_card_chargeDeclinedExpiredCard", _("Visa 0069, expired")),
    ]
