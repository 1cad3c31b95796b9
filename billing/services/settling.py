"""Acts whose outcome nobody knows: Stripe is asked what came of them, and the row says it."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.tenancy import vendor_scope
from accounts.turns import in_turn, wait_after
from billing.errors import BillingError
from billing.models import Action
from billing.services import actions, approvals, cancellation, card_completion, profile

logger = logging.getLogger(__name__)

WORTH_ASKING = timedelta(days=7)
"""Older ones stay as they are, for the vendor to see."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
A_SWEEP = 200
A_VENDORS_SHARE = 20


def settle_what_was_left() -> None:
    """For every vendor, each its share. One that Stripe cannot answer for now, or that breaks,
    waits for twice as long each time, and keeps nobody else waiting."""
    with vendor_scope(None):
        left = in_turn(_unfinished(), at_most=A_SWEEP, each=A_VENDORS_SHARE)
    for action in left:
        with vendor_scope(action.vendor):
            if not _is_ours(action):
                continue
            try:
                settle(action)
            except BillingError:
                logger.warning("Action %s is not settled yet.", action.pk, exc_info=True)
            except Exception:
                logger.exception("Action %s could not be settled.", action.pk)


def _is_ours(action: Action) -> bool:
    """Of two sweeps at once, one settles it; and it is put off before anything can go wrong."""
    wait = wait_after(action.attempts, first=FIRST_WAIT, longest=LONGEST_WAIT)
    rows = Action.objects.filter(
        pk=action.pk, state__in=actions.UNFINISHED, attempts=action.attempts
    )
    return bool(rows.update(attempts=action.attempts + 1, next_try_at=timezone.now() + wait))


def _unfinished() -> QuerySet[Action]:
    now = timezone.now()
    is_a_form = Q(kind=Action.Kind.CHANGE_CARD, state=Action.State.STARTED)
    return (
        Action.objects.filter(
            Q(next_try_at=None) | Q(next_try_at__lte=now),
            state__in=actions.UNFINISHED,
            started_at__gt=now - WORTH_ASKING,
        )
        .filter(
            Q(is_a_form, started_at__lt=now - card_completion.LEFT_ALONE)
            | Q(~is_a_form, started_at__lt=now - actions.AT_WORK)
        )
        .select_related("vendor", "customer", "subscription__stripe_customer")
        .order_by("started_at")
    )


def settle(action: Action) -> None:
    if action.kind == Action.Kind.UPDATE_DETAILS:
        profile.settle(action)
    elif action.kind == Action.Kind.CHANGE_CARD:
        card_completion.settle(action)
    elif action.kind == Action.Kind.PAY:
        approvals.settle(action)
    elif action.kind in (Action.Kind.SEND_UPDATE_LINK, Action.Kind.OPEN_STRIPE_PAGE):
        actions.finish_not_applied(action)  # a link that nobody was given opens nothing
    else:
        cancellation.settle(action)
