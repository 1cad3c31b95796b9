"""Who may cancel what by themselves; cancelling at the period's end, and undoing it until then."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Vendor
from billing import sentences
from billing.errors import (
    AlreadyCancelled,
    CancellationNotAllowed,
    NotLive,
    StripeRefused,
)
from billing.gateway import schedules
from billing.gateway import subscriptions as gateway
from billing.gateway.client import for_a_page
from billing.gateway.records import SubscriptionRecord
from billing.models import Action, CancellationRules, Subscription
from billing.services import actions, regions
from billing.services.sync import terms
from billing.services.sync.subscriptions import sync_subscription, take_in_subscription

REASONS = [
    ("finished", gettext_lazy("I have what I wanted")),
    ("time", gettext_lazy("I do not have the time")),
    ("price", gettext_lazy("It costs too much")),
    ("quality", gettext_lazy("It is not what I expected")),
    ("other", gettext_lazy("Something else")),
]

FEEDBACK = {
    "finished": "unused",
    "time": "unused",
    "price": "too_expensive",
    "quality": "low_quality",
    "other": "other",
}
"""Our reasons in Stripe's words."""


def rules_of(vendor: Vendor) -> CancellationRules:
    found = CancellationRules.objects.filter(vendor=vendor).first()
    rules = found or CancellationRules()
    rules.vendor = vendor
    return rules


def refusal(subscription: Subscription, *, rules: CancellationRules | None = None) -> str | None:
    """Why the customer may not cancel it here, in a sentence; None: they may.

    A page with many subscriptions reads the rules once.
    """
    if subscription.status in Subscription.ENDED_STATUSES:
        return _("This has ended already.")
    if not subscription.is_live:
        return _("The first payment is still open, so there is nothing to cancel yet.")
    if subscription.is_paid_off:
        return _("Everything is paid, so there is nothing left to cancel.")
    rules = rules or rules_of(subscription.vendor)
    if _is_allowed(subscription, rules):
        return None
    if subscription.is_split_pay:
        return _("A split-pay plan cannot be cancelled here. Please write to %(email)s.") % {
            "email": rules.vendor.support_email
        }
    return _("This subscription cannot be cancelled here. Please write to %(email)s.") % {
        "email": rules.vendor.support_email
    }


def _is_allowed(subscription: Subscription, rules: CancellationRules) -> bool:
    if subscription.is_split_pay:
        return rules.split_pay
    return rules.ongoing or subscription.customer.country.code in regions.MAY_ALWAYS_CANCEL


def cancel(subscription: Subscription, *, reason: str = "") -> datetime:
    """Let what is paid for run out, and say when. Asking twice changes nothing and mails once."""
    with for_a_page():
        _check(subscription)
        record, current = _as_it_is(subscription)
        if current.cancels_at is not None:
            return current.cancels_at
        _check(current)
        action = actions.start(
            Action.Kind.CANCEL,
            current.customer,
            subscription=current,
            parameters=_to_put_back(current.vendor, record),
            reason=reason if reason in FEEDBACK else "",
        )
        with actions.carried_out(action):
            current = _end(current, record, action)
            if current.cancels_at is None:
                raise StripeRefused(sentences.REFUSED, detail="Stripe did not set an end.")
            _remember_end(action, current)
            return current.cancels_at


def undo(subscription: Subscription) -> None:
    """Let it go on as before. Until it ends this can be done; asking twice changes nothing."""
    with for_a_page():
        record, current = _as_it_is(subscription)
        if not current.is_live:
            raise NotLive(_("This has ended already. You are welcome to buy it again."))
        if current.cancels_at is None:
            return
        before = _what_was_there_before(current)
        action = actions.start(Action.Kind.UNDO_CANCEL, current.customer, subscription=current)
        with actions.carried_out(action):
            current = _go_on(current, record, action, before)
            if current.cancels_at is not None:
                raise StripeRefused(sentences.REFUSED, detail="Stripe kept the end.")


def _check(subscription: Subscription) -> None:
    if (sentence := refusal(subscription)) is None:
        return
    if subscription.status in Subscription.ENDED_STATUSES:
        raise AlreadyCancelled(sentence)
    if not subscription.is_live or subscription.is_paid_off:
        raise NotLive(sentence)
    raise CancellationNotAllowed(sentence)


def _as_it_is(subscription: Subscription) -> tuple[SubscriptionRecord, Subscription]:
    """Read again: someone may have changed it in Stripe a moment ago."""
    vendor, asked_at = subscription.vendor, timezone.now()
    record = gateway.read_subscription(vendor, subscription.stripe_subscription_id)
    return record, take_in_subscription(vendor, record, asked_at=asked_at)


# --- Cancelling ---


def _to_put_back(vendor: Vendor, record: SubscriptionRecord) -> dict[str, Any]:
    """What undoing will need, kept before anything is changed."""
    if record.schedule is not None and record.schedule.is_running:
        return {"plan": asdict(schedules.read_plan(vendor, record.schedule.schedule_id))}
    return {"cancel_at": int(record.cancel_at.timestamp()) if record.cancel_at else None}


def _end(subscription: Subscription, record: SubscriptionRecord, action: Action) -> Subscription:
    vendor, asked_at = subscription.vendor, timezone.now()
    total = subscription.payments_total
    if record.schedule is not None and record.schedule.is_running:
        schedules.change_plan(
            vendor,
            record.schedule.schedule_id,
            plan=schedules.cut_short(_plan(action), ends_at=record.next_period_at),
            metadata={terms.INSTALLMENTS: str(total or terms.ONGOING)},
            key=action.key("cancel"),
        )
        return sync_subscription(vendor, subscription.stripe_subscription_id)
    answer = gateway.cancel_at_period_end(
        vendor,
        subscription.stripe_subscription_id,
        is_flexible=record.is_flexible,
        feedback=FEEDBACK.get(action.reason, ""),
        metadata={terms.INSTALLMENTS: str(total)} if total else {},
        key=action.key("cancel"),
    )
    return take_in_subscription(vendor, answer, asked_at=asked_at)


def _remember_end(action: Action, subscription: Subscription) -> None:
    """For the mail and its record, which may leave after the customer has thought better of it."""
    if ends_at := subscription.ended_at or subscription.cancels_at:
        actions.remember(action, ends_at=ends_at.isoformat())


# --- Undoing ---


def _what_was_there_before(subscription: Subscription) -> Action | None:
    """The cancellation to take back. None: it was not cancelled here, and had no end of its own."""
    cancelled = subscription.actions.filter(kind=Action.Kind.CANCEL)
    before = cancelled.exclude(state=Action.State.REFUSED).order_by("-started_at").first()
    if before is None and (subscription.is_split_pay or subscription.stripe_schedule_id):
        detail = "It was cancelled in Stripe, so its plan is not known here."
        raise StripeRefused(sentences.REFUSED, detail=detail)
    return before


def _go_on(
    subscription: Subscription, record: SubscriptionRecord, action: Action, before: Action | None
) -> Subscription:
    vendor, asked_at = subscription.vendor, timezone.now()
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
