"""What follows for the customer from the state of a subscription, in one line."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from billing import states
from billing.last_bill import last_bill
from billing.models import Subscription
from billing.states import Act
from billing.still_open import still_open
from hub.presentation.cards import card_label
from hub.presentation.prices import next_charge_of
from hub.presentation.words import near_day
from invoices.money import format_money


def note_of(subscription: Subscription) -> str:
    """The one consequence that matters in this state: the next charge, or that there is none."""
    notes = {
        Subscription.State.INCOMPLETE: _incomplete_note,
        Subscription.State.NEVER_BEGAN: _never_began_note,
        Subscription.State.PAST_DUE: _past_due_note,
        Subscription.State.ENDING: _ending_note,
        Subscription.State.PAUSED: _paused_note,
        Subscription.State.TRIAL: _trial_note,
        Subscription.State.ACTIVE: _charge_note,
        Subscription.State.CANCELLED: _cancelled_note,
    }
    note = notes.get(subscription.state)
    return note(subscription) if note else ""


def _incomplete_note(subscription: Subscription) -> str:
    return _("It begins once that is paid") if states.way(subscription, Act.PAY) else ""


def _never_began_note(_subscription: Subscription) -> str:
    return _("The first payment was not made")


def _past_due_note(subscription: Subscription) -> str:
    if subscription.waits_for_approval:
        return _("Your bank wants you to approve this payment")
    card = card_label(subscription)
    if subscription.next_attempt_at and card:
        words = {"card": card, "day": near_day(subscription.next_attempt_at)}
        return _("We try %(card)s again on %(day)s") % words
    return _("Pay to keep your access")


def _ending_note(subscription: Subscription) -> str:
    bill, due = last_bill(subscription), still_open(subscription)
    to_come = [due.short] if due else []
    if subscription.next_charge_at:  # some of it falls due before the end
        to_come.append(_next_charge(subscription))
    if bill:
        to_come.append(bill.short)
    if to_come:
        sentences = ". ".join(to_come)
        return sentences if due or subscription.is_paused else _("Yours until then. %s") % sentences
    if subscription.is_paused:
        return _paused_note(subscription)
    if subscription.status == Subscription.Status.TRIALING:
        return _("Yours until then, nothing is charged")
    return _("Yours until then, no further charge")


def _paused_note(subscription: Subscription) -> str:
    if subscription.resumes_at:
        return _("No charge while paused. Goes on %s") % near_day(subscription.resumes_at)
    return _("No charge while paused")


def _trial_note(subscription: Subscription) -> str:
    if not subscription.next_charge_at or subscription.costs_nothing:
        return ""
    words = {
        "day": near_day(subscription.next_charge_at),
        "amount": next_charge_of(subscription),
    }
    if subscription.paying_card is not None or not states.way(subscription, Act.CARD):
        return _("First charge %(day)s, %(amount)s") % words
    without_card = {
        "cancel": _("Ends then, unless you add a card"),
        "pause": _("Pauses then, unless you add a card"),
    }
    billed = _("First charge %(day)s, %(amount)s. Please add a card before then") % words
    return without_card.get(subscription.without_card, billed)


def _charge_note(subscription: Subscription) -> str:
    if subscription.drafted_at:
        amount = format_money(subscription.drafted_minor, subscription.currency)
        return _charge(subscription, subscription.drafted_at, amount)
    is_charged = subscription.next_charge_at and not subscription.costs_nothing
    return _next_charge(subscription) if is_charged else ""


def _next_charge(subscription: Subscription) -> str:
    assert subscription.next_charge_at is not None  # noqa: S101 - who calls has looked
    return _charge(subscription, subscription.next_charge_at, next_charge_of(subscription))


def _charge(subscription: Subscription, moment: datetime, amount: str) -> str:
    words = {"day": near_day(moment), "amount": amount}
    if subscription.is_charged_by_itself:
        return _("Next charge %(day)s, %(amount)s") % words
    return _("Next invoice %(day)s, %(amount)s") % words


def _cancelled_note(subscription: Subscription) -> str:
    due = still_open(subscription)
    return due.short if due else ""
