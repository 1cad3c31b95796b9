"""Cancelling: what is paid for runs out, and until then it can be undone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.mail import Attachment
from accounts.models import Vendor
from billing import emails, sentences, states
from billing.errors import BillingUnavailable, NotLive, StripeRefused
from billing.gateway import schedules
from billing.gateway import subscriptions as gateway
from billing.gateway.client import for_a_page
from billing.gateway.records import SubscriptionRecord
from billing.last_bill import last_bill
from billing.models import Action, Subscription
from billing.services import actions
from billing.services.cancellation_rules import check, refusal
from billing.services.sync import terms
from billing.services.sync.subscriptions import sync_subscription, take_in_subscription
from billing.states import Ending
from billing.still_open import still_open

ABOUT_ENDS = (Action.Kind.CANCEL, Action.Kind.UNDO_CANCEL)

REASONS = [
    ("finished", _("I have what I wanted")),
    ("time", _("I do not have the time")),
    ("price", _("It costs too much")),
    ("quality", _("It is not what I expected")),
    ("other", _("Something else")),
]

FEEDBACK = {
    "finished": "unused",
    "time": "unused",
    "price": "too_expensive",
    "quality": "low_quality",
    "other": "other",
}
"""Our reasons in Stripe's words."""


def cancel(subscription: Subscription, *, reason: str = "") -> datetime:
    """Let what is paid for run out, and say when. Asking twice changes nothing and mails once."""
    check(subscription)
    given = reason if reason in FEEDBACK else ""
    with for_a_page():
        action = _alone(Action.Kind.CANCEL, subscription, reason=given)
        with actions.carried_out(action):
            record, current = _as_it_is(subscription)
            if current.is_ending or refusal(current):
                actions.forget(action)
            check(current)
            if current.cancels_at is None:
                actions.remember(action, **_to_put_back(current.vendor, record))
                current = _end(current, record, action)
            ends_at = current.ended_at or current.cancels_at
            if ends_at is None:
                raise StripeRefused(sentences.REFUSED, detail="Stripe did not set an end.")
            return ends_at


def ends_at_once(subscription: Subscription) -> bool:
    """Whether cancelling leaves nothing to run out: it is paused, and its paid time is over."""
    ends_at = subscription.access_ends_at
    return ends_at is not None and ends_at <= timezone.now()


def record_of(subscription: Subscription) -> Attachment | None:
    """The record of the cancellation made here, as it goes out by mail: name, content, type."""
    action = made_here(subscription)
    return emails.cancellation_record(action, subscription) if action else None


def undo(subscription: Subscription) -> None:
    """Let it go on as before. Until it ends this can be done; asking twice changes nothing."""
    with for_a_page():
        action = _alone(Action.Kind.UNDO_CANCEL, subscription)
        with actions.carried_out(action):
            record, current = _as_it_is(subscription)
            sentence = states.refusal(current, states.Act.UNDO)
            if sentence or not current.is_ending:
                actions.forget(action)
            if sentence:
                raise NotLive(sentence)
            if current.is_ending:
                actions.remember_changes(action, ends_at=(current.cancels_at, None))
                current = _go_on(current, record, action)
            if current.is_ending:
                raise StripeRefused(sentences.REFUSED, detail="Stripe kept the end.")


def _alone(kind: Action.Kind, subscription: Subscription, *, reason: str = "") -> Action:
    """The action, of which the database allows one at a time: what is read after it stays true.

    One whose outcome is not known is settled first. Raises BillingUnavailable while another one
    is at work.
    """
    if action := _started(kind, subscription, reason):
        return action
    others = subscription.actions.filter(kind__in=ABOUT_ENDS, state__in=actions.UNFINISHED)
    for other in others.select_related("vendor", "subscription"):
        if actions.is_left(other):
            settle(other)
    if action := _started(kind, subscription, reason):
        return action
    raise BillingUnavailable(sentences.BUSY, detail="Another change of its end is at work.")


def _started(kind: Action.Kind, subscription: Subscription, reason: str) -> Action | None:
    customer = subscription.customer
    try:
        return actions.start(kind, customer, subscription=subscription, reason=reason)
    except IntegrityError:
        return None


def _as_it_is(subscription: Subscription) -> tuple[SubscriptionRecord, Subscription]:
    """Read again: someone may have changed it in Stripe a moment ago."""
    vendor, asked_at = subscription.vendor, timezone.now()
    record = gateway.read_subscription(vendor, subscription.stripe_subscription_id)
    return record, take_in_subscription(vendor, record, asked_at=asked_at)


# --- Cancelling ---


def _to_put_back(vendor: Vendor, record: SubscriptionRecord) -> dict[str, Any]:
    """What undoing will need, kept before anything is changed."""
    if record.schedule and record.ending == Ending.SCHEDULE:
        return {"plan": asdict(schedules.read_plan(vendor, record.schedule.schedule_id))}
    return {"cancel_at": int(record.cancel_at.timestamp()) if record.cancel_at else None}


def _end(subscription: Subscription, record: SubscriptionRecord, action: Action) -> Subscription:
    """Let all run out that is paid for: with items of different intervals, the longest."""
    vendor, key, asked_at = subscription.vendor, action.key("cancel"), timezone.now()
    subscription_id, total = subscription.stripe_subscription_id, subscription.payments_total
    if record.ending == Ending.SCHEDULE:
        plan = schedules.cut_short(_plan(action), ends_at=record.period_ends_at)
        metadata = {terms.INSTALLMENTS: str(total or terms.ONGOING)}
        schedules.change_plan(
            vendor, subscription.stripe_schedule_id, plan=plan, metadata=metadata, key=key
        )
        current = sync_subscription(vendor, subscription_id)
    else:
        feedback = FEEDBACK.get(action.reason, "")
        if record.period_ends_at <= asked_at:  # paused: nothing is paid for any more
            answer = gateway.cancel_now(vendor, subscription_id, feedback=feedback, key=key)
        else:
            answer = gateway.cancel_at_period_end(
                vendor,
                subscription_id,
                ending=record.ending,
                feedback=feedback,
                metadata={terms.INSTALLMENTS: str(total)} if total else {},
                key=key,
            )
        current = take_in_subscription(vendor, answer, asked_at=asked_at)
    _remember_end(action, current)
    return current


def _remember_end(action: Action, subscription: Subscription) -> None:
    """For the mail and its record, which may leave after the customer has thought better of it."""
    if ends_at := subscription.ended_at or subscription.cancels_at:
        due, bill = still_open(subscription), last_bill(subscription)
        actions.remember(
            action,
            ends_at=ends_at.isoformat(),
            still_open=due.to_remember() if due else None,
            last_bill=bill.to_remember() if bill else None,
        )
        actions.remember_changes(action, ends_at=(None, ends_at))


# --- Undoing ---


def made_here(subscription: Subscription) -> Action | None:
    """The cancellation that set the present end; None: it was set in Stripe."""
    done = subscription.actions.filter(kind__in=ABOUT_ENDS, state=Action.State.DONE)
    last = done.select_related("vendor", "customer").order_by("-finished_at").first()
    end = subscription.cancels_at.isoformat() if subscription.cancels_at else ""
    is_it = last and last.kind == Action.Kind.CANCEL and last.parameters.get("ends_at") == end
    return last if is_it else None


def _to_take_back(subscription: Subscription) -> Action | None:
    """None: there was no end before the present one, as far as anybody knows."""
    before = made_here(subscription)
    if before is None and (subscription.is_split_pay or subscription.stripe_schedule_id):
        detail = "It was cancelled in Stripe, so its plan is not known here."
        raise StripeRefused(sentences.REFUSED, detail=detail)
    return before


def _go_on(subscription: Subscription, record: SubscriptionRecord, action: Action) -> Subscription:
    vendor, asked_at = subscription.vendor, timezone.now()
    before = _to_take_back(subscription)
    if before and "plan" in before.parameters:
        schedules.change_plan(
            vendor,
            subscription.stripe_schedule_id,
            plan=_plan(before),
            metadata={},
            key=action.key("undo"),
        )
        return sync_subscription(vendor, subscription.stripe_subscription_id)
    answer = gateway.undo_cancel(
        vendor,
        subscription.stripe_subscription_id,
        at_period_end=record.cancels_at_period_end,
        cancel_at=before.parameters["cancel_at"] if before else None,
        key=action.key("undo"),
    )
    return take_in_subscription(vendor, answer, asked_at=asked_at)


def _plan(action: Action) -> schedules.Plan:
    return schedules.Plan(**action.parameters["plan"])


# --- When nobody knows ---


def settle(action: Action) -> None:
    """A cancellation or its undoing: Stripe says whether it is to end now."""
    if action.subscription is None:
        raise ValueError(f"{action} is about no subscription.")
    current = sync_subscription(action.vendor, action.subscription.stripe_subscription_id)
    is_ending = current.cancels_at is not None or not current.is_live
    if is_ending == (action.kind == Action.Kind.CANCEL):
        _remember_end(action, current)
        actions.finish(action, Action.State.DONE)
    else:
        actions.finish_not_applied(action)
