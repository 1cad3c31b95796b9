"""What a customer may do with a subscription in which state, and where not, why: the one table
that pages, services and mails go by.

Rows are Stripe's statuses, once for what is charged automatically and once for what is paid by
invoice. Classic or flexible billing and a schedule decide only how an end is set: see ENDINGS.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from billing.models import Subscription
from billing.models.purchases import CHARGED_BY_ITSELF

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Status = Subscription.Status


class Act(Enum):
    CARD = "card"
    CANCEL = "cancel"
    UNDO = "undo"
    PAY = "pay"


class Way(Enum):
    """Where it is done."""

    HERE = "here"
    INVOICE = "invoice"
    """On Stripe's page of the open invoice."""


type Cell = Way | StrPromise


class Row(NamedTuple):
    card: Cell
    cancel: Cell
    undo: Cell
    pay: Cell


HERE, INVOICE = Way.HERE, Way.INVOICE

ENDED = _("This has ended already.")
ENDED_FOR_GOOD = _("This has ended already. You are welcome to buy it again.")
NO_CARD_ANY_MORE = _("This has ended and is not charged again, so there is no card to change.")
NEVER_BEGAN = _("The first payment was not made, so this did not begin.")
NOT_BEGUN = _("The first payment is still open, so there is nothing to cancel yet.")
FIRST_PAYMENT = _("The first payment is still open. Pay it first; the card can be changed then.")
BY_INVOICE = _("You get an invoice for each payment and pay it yourself, so no card is charged.")
NOTHING_DUE = _("Nothing is open, so there is nothing to pay.")
PAID_OFF = _("Everything is paid, so there is nothing left to cancel.")
NO_CARD_NEEDED = _("Everything is paid and no card is charged again.")
FREE = _("This is free, so it needs no card.")
MANAGED = _("Stripe itself sells this to you, so it is changed on Stripe's own page.")
UNKNOWN = _("This cannot be changed here at present. Please write to us, and we will do it.")

OVER = Row(card=NO_CARD_ANY_MORE, cancel=ENDED, undo=ENDED_FOR_GOOD, pay=INVOICE)
NEVER = Row(card=NEVER_BEGAN, cancel=NEVER_BEGAN, undo=NEVER_BEGAN, pay=NEVER_BEGAN)

AUTOMATIC: dict[str, Row] = {
    Status.INCOMPLETE: Row(card=FIRST_PAYMENT, cancel=NOT_BEGUN, undo=NOT_BEGUN, pay=INVOICE),
    Status.INCOMPLETE_EXPIRED: NEVER,
    Status.TRIALING: Row(card=HERE, cancel=HERE, undo=HERE, pay=NOTHING_DUE),
    Status.ACTIVE: Row(card=HERE, cancel=HERE, undo=HERE, pay=NOTHING_DUE),
    Status.PAST_DUE: Row(card=HERE, cancel=HERE, undo=HERE, pay=HERE),
    Status.UNPAID: Row(card=HERE, cancel=HERE, undo=HERE, pay=HERE),
    Status.PAUSED: Row(card=HERE, cancel=HERE, undo=HERE, pay=NOTHING_DUE),
    Status.CANCELED: OVER,
}

BY_HAND: dict[str, Row] = {
    Status.INCOMPLETE: AUTOMATIC[Status.INCOMPLETE],
    Status.INCOMPLETE_EXPIRED: NEVER,
    Status.TRIALING: Row(card=BY_INVOICE, cancel=HERE, undo=HERE, pay=NOTHING_DUE),
    Status.ACTIVE: Row(card=BY_INVOICE, cancel=HERE, undo=HERE, pay=INVOICE),
    Status.PAST_DUE: Row(card=BY_INVOICE, cancel=HERE, undo=HERE, pay=INVOICE),
    Status.UNPAID: Row(card=BY_INVOICE, cancel=HERE, undo=HERE, pay=INVOICE),
    Status.PAUSED: Row(card=BY_INVOICE, cancel=HERE, undo=HERE, pay=INVOICE),
    Status.CANCELED: OVER,
}

NOBODY_KNOWS = Row(card=UNKNOWN, cancel=UNKNOWN, undo=UNKNOWN, pay=UNKNOWN)


class Ending(Enum):
    """How Stripe is told to let what is paid for run out, and to go on after all."""

    PERIOD_END = "cancel_at_period_end"
    CANCEL_AT = "cancel_at"
    SCHEDULE = "schedule"


ENDINGS: dict[tuple[bool, bool], Ending] = {
    # (flexible billing, under a schedule)
    (False, False): Ending.PERIOD_END,
    (True, False): Ending.CANCEL_AT,
    (False, True): Ending.SCHEDULE,
    (True, True): Ending.SCHEDULE,
}


def cell(act: Act, *, status: str, collection_method: str) -> Cell:
    table = AUTOMATIC if collection_method == CHARGED_BY_ITSELF else BY_HAND
    found: Cell = getattr(table.get(status, NOBODY_KNOWS), act.value)
    return found


def way(subscription: Subscription, act: Act) -> Way | None:
    """Where the customer does it; None: nowhere, and `refusal` says why."""
    found = _found(subscription, act)
    return found if isinstance(found, Way) else None


def refusal(subscription: Subscription, act: Act) -> str | None:
    found = _found(subscription, act)
    return None if isinstance(found, Way) else str(found)


def _found(subscription: Subscription, act: Act) -> Cell:
    """The table's cell, unless more is known of this one subscription."""
    found = cell(act, status=subscription.status, collection_method=subscription.collection_method)
    if act == Act.PAY and found == NOTHING_DUE and subscription.past_due_minor:
        found = HERE  # the status is that of its latest invoice; an older one may be open
    if not isinstance(found, Way):
        return found
    if subscription.is_managed:
        return MANAGED
    if subscription.is_paid_off and act in (Act.CARD, Act.CANCEL):
        return NO_CARD_NEEDED if act == Act.CARD else PAID_OFF
    if subscription.costs_nothing and act == Act.CARD:
        return FREE
    if found == Way.INVOICE and not subscription.open_invoice_url:
        return NOTHING_DUE
    return found
