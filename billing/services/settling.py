"""Acts whose outcome nobody knows: Stripe is asked what came of them, and the row says it."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.tenancy import vendor_scope
from billing.errors import BillingError
from billing.models import Action
from billing.services import actions, cancellation, cards, open_invoices, profile

logger = logging.getLogger(__name__)

WORTH_ASKING = timedelta(days=7)
"""Older ones stay as they are, for the vendor to see."""


def settle_what_was_left() -> None:
    """For every vendor. One that Stripe cannot answer for now, or that breaks, waits for the next
    round, and keeps nobody else waiting."""
    with vendor_scope(None):
        left = list(_unfinished()[:100])
    for action in left:
        with vendor_scope(action.vendor):
            try:
                settle(action)
            except BillingError:
                logger.warning("Action %s is not settled yet.", action.pk, exc_info=True)
            except Exception:
                logger.exception("Action %s could not be settled.", action.pk)


def _unfinished() -> QuerySet[Action]:
    now = timezone.now()
    is_a_form = Q(kind=Action.Kind.CHANGE_CARD, state=Action.State.STARTED)
    return (
        Action.objects.filter(state__in=actions.UNFINISHED, started_at__gt=now - WORTH_ASKING)
        .filter(
            Q(is_a_form, started_at__lt=now - cards.LEFT_ALONE)
            | Q(~is_a_form, started_at__lt=now - actions.AT_WORK)
        )
        .select_related("vendor", "customer", "subscription__stripe_customer")
        .order_by("started_at")
    )


def settle(action: Action) -> None:
    if action.kind == Action.Kind.UPDATE_DETAILS:
        profile.settle(action)
    elif action.kind == Action.Kind.CHANGE_CARD:
        cards.settle(action)
    elif action.kind == Action.Kind.PAY:
        open_invoices.settle(action)
    else:
        cancellation.settle(action)
