"""What came of a new card and of what was open, told truly: all of it, a part, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Subscription
from billing.services import cards
from billing.services.card_changes import DEFAULT
from billing.services.card_forms import NewCard
from billing.services.open_invoices import Outcome, Payment, Try
from hub.presentation.words import card_ending
from invoices.money import format_money


@dataclass(frozen=True, kw_only=True)
class Due:
    """An open payment, before it is tried."""

    amount: str
    product: str


def dues_of(overdue: Iterable[Subscription]) -> list[Due]:
    return [
        Due(
            amount=format_money(row.past_due_minor or row.amount_minor, row.currency),
            product=row.product_name,
        )
        for row in overdue
    ]


def names_of(subscriptions: Iterable[Subscription]) -> str:
    """`Photography Monthly and Piano in 30 Days`"""
    return get_text_list([row.product_name for row in subscriptions], _("and"))


def tell_of_card(
    request: HttpRequest, new: NewCard, *, live: list[Subscription], for_all: bool
) -> None:
    """`live`: all that cards pay for. Only what is proven is claimed: with a step that failed, such
    as making it the default, it is not everything."""
    words = {"card": card_ending(new.card.brand, new.card.last4)}
    is_all = for_all and not new.change.failed
    if is_all and all(cards.is_like(row.paying_card, new.card) for row in live):
        messages.success(request, _("%(card)s now pays for everything.") % words)
    elif new.pays_for:
        words["product"] = names_of(new.pays_for)
        messages.success(request, _("%(card)s now pays for %(product)s.") % words)
    if not new.change.failed:
        return
    problem = next(iter(new.change.failed.values()))
    if new.change.is_unfinished:
        unfinished = _("Our payment provider has not confirmed all of it. We complete it for you.")
        messages.warning(request, unfinished)
    elif new.left_out:
        left_out = {"product": names_of(new.left_out)}
        told = _("For %(product)s the card could not be changed.") % left_out
        messages.error(request, f"{told} {problem}")
    elif DEFAULT in new.change.failed:
        told = _("For later purchases the card could not be changed.")
        messages.error(request, f"{told} {problem}")


def tell_of_payment(request: HttpRequest, payment: Payment) -> None:
    """What went through, what is still open and why; what waits for the bank's question is told
    on the page that asks it."""
    paid = payment.with_outcome(Outcome.PAID)
    on_its_way = payment.with_outcome(Outcome.ON_ITS_WAY)
    refused = payment.with_outcome(Outcome.REFUSED)
    unknown = payment.with_outcome(Outcome.UNKNOWN)
    if paid:
        messages.success(request, _("Paid just now: %s.") % _listed(paid))
    if on_its_way:
        words = _("Your bank has been asked for %s. Its answer takes a few days.")
        messages.info(request, words % _listed(on_its_way))
    if unknown:
        words = _("Our payment provider has not answered about %s yet. Look here again shortly.")
        messages.warning(request, words % _listed(unknown))
    if refused:
        messages.error(request, _refusal(refused, len(payment.tries), len(paid)))


def _refusal(refused: list[Try], asked: int, paid: int) -> str:
    """`2 of 3 open payments went through. €29.00 for Photography Monthly is still open. …`"""
    open_still = _("Still open: %s.") % _listed(refused)
    if paid:
        words = ngettext(
            "%(paid)d of %(asked)d open payments went through.",
            "%(paid)d of %(asked)d open payments went through.",
            paid,
        )
        head = words % {"paid": paid, "asked": asked}
    elif asked == 1:
        head = _("The open payment did not go through.")
    else:
        head = _("The open payments did not go through.")
    reasons = dict.fromkeys(str(one.error) for one in refused if one.error)
    return " ".join([head, open_still, *reasons])


def _listed(tries: Iterable[Try]) -> str:
    """`€29.00 for Photography Monthly, €19.00 for Language Lab: Italian`"""
    return ", ".join(
        _("%(amount)s for %(product)s")
        % {"amount": format_money(one.amount_minor, one.currency), "product": one.product_name}
        for one in tries
    )
