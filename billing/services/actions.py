"""A row before every change in Stripe, so that no outcome is ever lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Customer
from accounts.services import audit
from billing import sentences
from billing.errors import BillingError, BillingUnavailable, StripeRefused
from billing.gateway.client import for_a_page
from billing.gateway.sent import noting_changes
from billing.models import Action, Subscription
from billing.services import notices
from billing.services.failures import record_failure, settle_failures

type Change = tuple[object, object]
"""Before and after."""

UNFINISHED = (Action.State.STARTED, Action.State.UNKNOWN)
NOT_APPLIED = "not_applied"
CHANGES = "changes"
"""The parameter that keeps `{name: [before, after]}`."""
AT_WORK = timedelta(minutes=2)
"""Younger ones may still be under way in a page."""
MAILED = (Action.Kind.CHANGE_CARD, Action.Kind.CANCEL, Action.Kind.UNDO_CANCEL)
UNANSWERED = dict.fromkeys(MAILED, sentences.UNANSWERED_MAILED) | {
    Action.Kind.UPDATE_DETAILS: sentences.UNANSWERED
}
"""By kind; a link or a page that nobody was given is simply asked for again."""


def start(
    kind: Action.Kind,
    customer: Customer,
    *,
    subscription: Subscription | None = None,
    parameters: dict[str, Any] | None = None,
    reason: str = "",
) -> Action:
    """The row, committed before Stripe hears anything; refuses to run inside a transaction."""
    asked = {
        "kind": str(kind),
        "customer": customer.pk,
        "subscription": subscription.stripe_subscription_id if subscription else "",
        "reason": reason,
        "parameters": parameters or {},
    }
    with transaction.atomic(durable=True):
        action = Action(
            vendor_id=customer.vendor_id,
            kind=kind,
            customer=customer,
            subscription=subscription,
            parameters=parameters or {},
            parameters_hash=_hash(asked),
            reason=reason,
        )
        action.save()
    return action


def _hash(asked: dict[str, Any]) -> str:
    """What was asked for and for whom, provable after the parameters themselves are gone."""
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def carried_out(action: Action, *, until_done: bool = False) -> Iterator[Action]:
    """Do it within, and how it went is in the row. If we die in the middle, the sweep finds out.

    `until_done`: while Stripe is away it stays open, for the sweep to do it again.
    """
    try:
        with for_a_page(), in_true_words(action):
            yield action
    except BillingError as error:
        give_up(action, error, until_done=until_done)
        raise
    finish(action, Action.State.DONE)


@contextmanager
def in_true_words(action: Action) -> Iterator[None]:
    """Where Stripe may have done it, or a part of it, nobody reads that it must wait."""
    with noting_changes() as sent:
        try:
            yield
        except BillingUnavailable as error:
            if sent:
                error.outcome_unknown = True
                error.args = (UNANSWERED.get(Action.Kind(action.kind), error.args[0]),)
            raise


def give_up(action: Action, error: BillingError, *, until_done: bool = False) -> None:
    """It failed, or nobody knows: then the sweep finds out."""
    is_unknown = isinstance(error, BillingUnavailable) and (until_done or error.outcome_unknown)
    finish(action, Action.State.UNKNOWN if is_unknown else Action.State.REFUSED, error=error)


def is_left(action: Action) -> bool:
    """Whether nobody is at work on it any more, and how it went is not known."""
    is_old = action.started_at < timezone.now() - AT_WORK
    return action.state == Action.State.UNKNOWN or (action.state == Action.State.STARTED and is_old)


def forget(action: Action) -> None:
    """There was nothing to do after all, and Stripe was not asked to."""
    action.delete()


def finish(action: Action, state: Action.State, *, error: BillingError | None = None) -> None:
    """Settle it once: who comes second changes nothing and mails nothing."""
    outcome: dict[str, Any] = {
        "state": state,
        "finished_at": timezone.now(),
        "mail_wanted": state == Action.State.DONE and action.kind in MAILED,
    }
    if error is not None:
        outcome |= _failure_fields(error)
    wish = action.parameters
    if action.kind == Action.Kind.UPDATE_DETAILS and state not in UNFINISHED:
        outcome["parameters"] = {}  # the details themselves are nobody's business any more
    settled = Action.objects.filter(pk=action.pk, state__in=UNFINISHED).update(**outcome)
    if not settled:
        return
    action.refresh_from_db()
    if state == Action.State.DONE:
        settle_failures(action=action)
        _record(action, wish)
    elif error is not None and error.detail != NOT_APPLIED:
        record_failure(error, action=action)
    if action.mail_wanted:
        notices.confirm_action.enqueue(action.vendor_id, str(action.pk))


def _record(action: Action, wish: dict[str, Any]) -> None:
    """As the customer's doing; sending a link is staff's, and recorded where they are known, as a
    confirmed address is where it was confirmed."""
    if action.kind != Action.Kind.SEND_UPDATE_LINK and "email" not in wish:
        about = str(action.subscription or "")
        detail = wish.get(CHANGES)
        audit.record(action.kind, customer=action.customer, subject=about, detail=detail)


def finish_not_applied(action: Action) -> None:
    """Nobody knew, and Stripe shows that it did not happen."""
    error = StripeRefused(sentences.REFUSED, detail=NOT_APPLIED)
    finish(action, Action.State.REFUSED, error=error)


def note(action: Action, error: BillingError, *, source: str = "", object_id: str = "") -> None:
    """It failed once, and may yet succeed; `source` made it known."""
    record_failure(error, source=source, action=action, object_id=object_id)
    Action.objects.filter(pk=action.pk, state__in=UNFINISHED).update(**_failure_fields(error))


def _failure_fields(error: BillingError) -> dict[str, str]:
    """Stripe's code, or what kept us from getting one; for the vendor."""
    return {
        "failure_code": (error.code or error.detail or type(error).__name__)[:80],
        "decline_code": error.decline_code[:80],
        "request_id": error.request_id[:80],
    }


def remember_changes(action: Action, **changes: Change) -> None:
    """For the audit log, before Stripe's answer takes the place of what was here. Who finishes what
    another began leaves what was noted first: only that is how it was before."""
    if CHANGES not in action.parameters:
        told = {name: [str(side or "") for side in sides] for name, sides in changes.items()}
        remember(action, **{CHANGES: told})


def remember(action: Action, **parameters: Any) -> None:
    """Keep what settling or undoing it will need, before the next call."""
    action.parameters |= parameters
    action.save(update_fields=["parameters"])
