"""Why someone is not let in, or an address cannot be had."""

from __future__ import annotations

from typing import Literal

type Reason = Literal["unknown", "expired", "used", "locked"]


class LinkNotValid(Exception):
    """A link that no longer works, or never did; its purpose, where there was such a link."""

    def __init__(self, reason: Reason, *, purpose: str = "") -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.purpose = purpose


class ProofNotRight(Exception):
    """The code (or address) typed beside a link is not the one of its mail."""


class SupportViewNotValid(Exception):
    """This person may not, or not any more, look at this customer's hub."""


type NoDomain = Literal["no_domain", "platforms_own", "too_many", "not_verified"]


class DomainNotAllowed(Exception):
    """What was typed cannot be a vendor's own domain, or not yet be used as one."""

    def __init__(self, reason: NoDomain) -> None:
        super().__init__(reason)
        self.reason: NoDomain = reason


class DomainTaken(Exception):
    """Another vendor has proved that the domain is its own."""


class AddressTaken(Exception):
    """The address already belongs to another customer of this vendor."""


class AddressNotUsable(Exception):
    """The address cannot be removed, or made the main one, as it is now."""


class AskedTooOften(Exception):
    """No more mail may be asked for just now, by this customer or to this mailbox."""


class TooManyChanges(Exception):
    """The customer's addresses were changed too often today."""
