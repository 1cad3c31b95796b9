"""The mails that must leave: a row says that one is wanted, this sends it and says when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.tasks import task
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from accounts.turns import in_turn, wait_after
from billing import emails
from billing.models import Action, ExpiryNotice, Subscription, Transaction
from billing.services import cards, expiring_cards

WORTH_TELLING = timedelta(days=3)
"""An import brings years of history, and nobody wants to hear of last year's declined card."""
LEASE = timedelta(minutes=5)
"""How long who sends a mail has its row to itself; after a failure, the wait for the next try,
which doubles each time."""
LONGEST_WAIT = timedelta(minutes=10)
A_SWEEP = 200
A_VENDORS_SHARE = 50


@contextmanager
def _vendor(vendor_id: int) -> Iterator[None]:
    with vendor_scope(Vendor.objects.get(pk=vendor_id)):
        yield


@task()
def confirm_action(vendor_id: int, action_id: str) -> None:
    """Tell the customer what they did."""
    with _vendor(vendor_id):
        unsent = Action.objects.filter(pk=action_id, mail_wanted=True, mailed_at=None)
        if _is_ours(unsent) and (action := _with_all(unsent).first()):
            _confirm(action)
            unsent.update(mailed_at=timezone.now())


def _is_ours(unsent: QuerySet[Any]) -> bool:
    """Whether the row was free: of two workers with the same task, one sends."""
    now = timezone.now()
    row = unsent.filter(_is_due(now)).first()
    if row is None:
        return False
    wait = wait_after(row.mail_attempts, first=LEASE, longest=LONGEST_WAIT)
    ours = unsent.filter(mail_attempts=row.mail_attempts)
    return bool(ours.update(mail_attempts=row.mail_attempts + 1, next_mail_at=now + wait))


def _is_due(now: datetime) -> Q:
    return Q(next_mail_at=None) | Q(next_mail_at__lte=now)


def _with_all[M: Model](rows: QuerySet[M]) -> QuerySet[M]:
    return rows.select_related("vendor", "customer", "subscription__stripe_customer")


def _confirm(action: Action) -> None:
    subscription = action.subscription
    if action.kind == Action.Kind.CHANGE_CARD:
        emails.card_changed(action, [subscription] if subscription else _paid_by_the_card(action))
    elif subscription and action.kind == Action.Kind.CANCEL:
        emails.cancellation(action, subscription)
    elif subscription and action.kind == Action.Kind.UNDO_CANCEL:
        emails.cancellation_undone(action, subscription)


def _paid_by_the_card(action: Action) -> list[Subscription]:
    method = action.parameters["card"]["payment_method_id"]
    return cards.paid_with(method, cards.live_subscriptions(action.customer))


@task()
def tell_of_failure(vendor_id: int, transaction_id: int) -> None:
    """Tell the customer that a payment failed, and how to put it right."""
    with _vendor(vendor_id):
        unsent = Transaction.objects.filter(pk=transaction_id, mail_wanted=True, mailed_at=None)
        failed = _with_all(unsent).first() if _is_ours(unsent) else None
        if failed and failed.subscription:
            emails.payment_failed(failed, failed.subscription)
            unsent.update(mailed_at=timezone.now())


@task()
def tell_of_expiry(vendor_id: int, notice_id: int) -> None:
    """Tell the customer that the card expires, unless that has come right meanwhile."""
    with _vendor(vendor_id):
        unsent = ExpiryNotice.objects.filter(pk=notice_id, mail_wanted=True, mailed_at=None)
        notice = unsent.select_related("vendor", "customer").first() if _is_ours(unsent) else None
        if notice is None:
            return
        if found := expiring_cards.still_expiring(notice):
            card, charged = found
            emails.card_expiring(notice, card, charged)
            unsent.update(mailed_at=timezone.now())
        else:
            unsent.update(mail_wanted=False)


def enqueue_what_was_left() -> None:
    """For every vendor: mails whose task was lost, or whose mail server was down."""
    moment = timezone.now()
    left = Q(mail_wanted=True, mailed_at=None) & _is_due(moment)
    span = (moment - WORTH_TELLING, moment - timedelta(minutes=1))
    with vendor_scope(None):
        actions = Action.objects.filter(left, finished_at__range=span).order_by("finished_at")
        unconfirmed = in_turn(actions, at_most=A_SWEEP, each=A_VENDORS_SHARE)
        failed = Transaction.objects.filter(left, mail_wanted_at__range=span)
        untold = in_turn(failed.order_by("mail_wanted_at"), at_most=A_SWEEP, each=A_VENDORS_SHARE)
        noted = ExpiryNotice.objects.filter(left, created_at__range=span).order_by("created_at")
        unwarned = in_turn(noted, at_most=A_SWEEP, each=A_VENDORS_SHARE)
    for action in unconfirmed:
        confirm_action.enqueue(action.vendor_id, str(action.pk))
    for charge in untold:
        tell_of_failure.enqueue(charge.vendor_id, charge.pk)
    for notice in unwarned:
        tell_of_expiry.enqueue(notice.vendor_id, notice.pk)
