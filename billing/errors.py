"""What can go wrong with money. The text of a BillingError is a sentence for the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class BillingError(Exception):
    """str() is for the customer. `code`, `decline_code`, `request_id` are Stripe's, `detail` is
    ours; all of them are for the vendor, and no customer sees them."""

    def __init__(
        self,
        sentence: StrOrPromise,
        *,
        code: str = "",
        decline_code: str = "",
        request_id: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.decline_code = decline_code
        self.request_id = request_id
        self.detail = detail

    def __str__(self) -> str:
        return str(self.args[0])


class CardDeclined(BillingError):
    """The bank or Stripe refused the card."""


class CardNotConfirmed(BillingError):
    """The card, or a payment with it, was not confirmed by its owner.

    With `client_secret` the browser can confirm the open payment (3-D Secure).
    """

    client_secret: str = ""


class TooManyAttempts(BillingError):
    """So many tries at a card that it may be a thief's."""


class BillingUnavailable(BillingError):
    """Stripe cannot be asked now. With `outcome_unknown` it may have done what was asked."""

    outcome_unknown: bool = False


class KeyRefused(BillingUnavailable):
    """Stripe does not accept the vendor's key."""


class StripeRefused(BillingError):
    """Stripe says no to what was asked; the reason is for the vendor."""

    is_missing: bool = False


class PermissionMissing(StripeRefused):
    """The vendor's restricted key may not do this; `code` names the permission it lacks."""


class TaxIdNotValid(StripeRefused):
    """A tax id that is not of its country's form."""


class NotLive(BillingError):
    """The subscription has ended, or never began: there is nothing left to change."""


class BegunByAnother(BillingError):
    """Another member of the vendor's team is at it."""


class CancellationNotAllowed(BillingError):
    """The vendor's rules ask the customer to write to support."""


class AlreadyCancelled(BillingError):
    """It has ended already."""


class NotSupported(BillingError):
    """Stripe told us something that we cannot take in. For the vendor's list of failures."""


class EventNotValid(Exception):
    """A webhook that Stripe did not sign, not for us, or not in an event's shape."""
