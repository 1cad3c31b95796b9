"""The customer's e-mail addresses as the profile page lists them, and those that get no mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer, EmailAddress
from accounts.services import addresses
from hub.presentation.marks import Mark
from hub.presentation.words import near_day

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Trouble = EmailAddress.Trouble
REASONS: dict[str, StrOrPromise] = {
    Trouble.BOUNCED: gettext_lazy("Since %(day)s its mail server sends our mail back."),
    Trouble.COMPLAINED: gettext_lazy(
        "On %(day)s our mail was marked as spam there, so we stopped writing to it."
    ),
    Trouble.REJECTED: gettext_lazy("Since %(day)s our mail provider refuses to deliver to it."),
}


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """`id` is 0 for an address that waits to be confirmed: it is nobody's yet."""

    address: str
    mark: Mark
    id: int = 0
    is_main: bool = False
    may_be_main: bool = False
    may_be_tried: bool = False


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    address: str
    title: str
    text: str
    is_main: bool


def mailboxes(customer: Customer) -> list[Mailbox]:
    """The main address first, those that wait last."""
    rows = customer.addresses.order_by("pk")
    known = [_mailbox(row, is_main=_is_main(row, customer)) for row in rows]
    taken = {mailbox.address.casefold() for mailbox in known}
    waiting = [
        Mailbox(
            address=address,
            mark=Mark(text=_("Waiting: open the mail we sent there"), icon="clock", tone="soon"),
            may_be_tried=True,
        )
        for address in addresses.waiting_to_be_added(customer)
        if address.casefold() not in taken
    ]
    return sorted(known, key=lambda mailbox: not mailbox.is_main) + waiting


def undelivered(customer: Customer) -> list[Undelivered]:
    """What the customer is told of each address that gets no mail from here, the main one first."""
    rows = customer.addresses.exclude(trouble="").order_by("pk")
    told = [_undelivered(row, is_main=_is_main(row, customer)) for row in rows]
    return sorted(told, key=lambda one: not one.is_main)


def _is_main(row: EmailAddress, customer: Customer) -> bool:
    return row.address.casefold() == customer.email.casefold()


def _mailbox(row: EmailAddress, *, is_main: bool) -> Mailbox:
    return Mailbox(
        id=row.pk,
        address=row.address,
        mark=_mark(row, is_main=is_main),
        is_main=is_main,
        may_be_main=not is_main and row.verified_at is not None and not row.trouble,
        may_be_tried=row.verified_at is None or bool(row.trouble),
    )


def _mark(row: EmailAddress, *, is_main: bool) -> Mark:
    if row.trouble:
        return Mark(text=_("Mail does not arrive"), icon="alert", tone="late")
    if is_main:
        return Mark(text=_("Main address: we write here"), icon="check", tone="ok")
    if row.verified_at is None:
        return Mark(text=_("Not confirmed yet"), icon="clock", tone="soon")
    return Mark(text=_("Confirmed"), icon="check", tone="ok")


def _undelivered(row: EmailAddress, *, is_main: bool) -> Undelivered:
    reason = REASONS[row.trouble] % {"day": near_day(row.trouble_at)} if row.trouble_at else ""
    advice = (
        _("Add another address and make it your main one, or have us try this one again.")
        if is_main
        else _("Have us try it again, or remove it.")
    )
    return Undelivered(
        address=row.address,
        title=_("Mail to %(address)s does not arrive.") % {"address": row.address},
        text=f"{reason} {advice}",
        is_main=is_main,
    )
