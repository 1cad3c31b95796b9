"""Putting a confirmed card to work, step by step, each step under its own key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

from django.utils import timezone

from billing.errors import BillingError, BillingUnavailable
from billing.gateway import customers, schedules, subscriptions
from billing.gateway.client import for_a_page
from billing.gateway.records import CardRecord, SubscriptionRecord
from billing.gateway.subscriptions import ToChange
from billing.models import Action, CardOnFile, StripeCustomer, Subscription
from billing.services import actions
from billing.services.failures import record_failure
from billing.services.sync.customers import take_in_customer
from billing.services.sync.subscriptions import sync_subscription, take_in_subscription

DEFAULT, LIST = "default", "list"


@dataclass(kw_only=True)
class Change:
    """How far it came: which steps are done (Stripe's ids, or the default), and which are not."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, BillingError] = field(default_factory=dict)

    @property
    def is_unfinished(self) -> bool:
        """Whether the sweep can still complete it."""
        return any(isinstance(error, BillingUnavailable) for error in self.failed.values())


def put_to_work(
    action: Action,
    owner: StripeCustomer,
    card: CardRecord,
    subscription: Subscription | None,
    *,
    again: bool = False,
) -> Change:
    """For the one subscription, or as the default and for each that has a card of its own: those
    would go on with the old one. A step that fails does not keep the others from being done.

    `again`: nobody knows how far it came, so each step looks first, and takes a key of its own:
    under the old one Stripe may repeat an old answer for ever.
    """
    action.subscription = subscription
    action.save(update_fields=["subscription"])
    rounds = action.parameters.get("rounds", 0) + again
    actions.remember(action, card=asdict(card), rounds=rounds)
    before = _in_short(subscription.paying_card if subscription else owner)
    actions.remember_changes(action, card=(before, _in_short(card)))
    change, suffix = Change(), f":{rounds}" if rounds else ""
    with for_a_page():
        if subscription is None:
            _take(action, change, DEFAULT, partial(_make_default, action, owner, card, suffix))
            to_change = _to_change(change, owner)
            for key in to_change.without_cards:
                _take(action, change, key, partial(_take_cards, action, key, suffix))
        else:
            to_change = ToChange([subscription.stripe_subscription_id], [])
        for key in to_change.with_own_card:
            _take(action, change, key, partial(_use_for, action, key, card, suffix))
    return change


def _in_short(card: CardOnFile | CardRecord | None) -> str:
    """`visa •••• 4242`: whose account it is otherwise known by stays out of the audit log."""
    match card:
        case CardOnFile():
            brand, last4 = card.card_brand, card.card_last4
        case CardRecord():
            brand, last4 = card.brand, card.last4
        case None:
            return ""
    return f"{brand} •••• {last4}" if last4 else brand


def _to_change(change: Change, owner: StripeCustomer) -> ToChange:
    try:
        return subscriptions.live_to_change(owner.vendor, owner.stripe_customer_id)
    except BillingError as error:
        change.failed[LIST] = error
        return ToChange([], [])


def _take(action: Action, change: Change, step: str, do: Callable[[], None]) -> None:
    try:
        with actions.in_true_words(action):
            do()
    except BillingError as error:
        change.failed[step] = error
    else:
        change.done.append(step)


def conclude(action: Action, change: Change) -> None:
    """Write down how it went: what is partly done is told, and finished by the sweep."""
    first = next(iter(change.failed.values()), None)
    if first is None:
        actions.finish(action, Action.State.DONE)
    elif change.is_unfinished:
        actions.finish(action, Action.State.UNKNOWN, error=first)
    elif change.done:
        actions.finish(action, Action.State.DONE)
        record_failure(first, action=action)
    else:
        actions.finish(action, Action.State.REFUSED, error=first)


def card_from(action: Action) -> CardRecord:
    """The card that this action put, or is putting, to work."""
    return CardRecord(**action.parameters["card"])


def _make_default(action: Action, owner: StripeCustomer, card: CardRecord, suffix: str) -> None:
    vendor, key, asked_at = owner.vendor, owner.stripe_customer_id, timezone.now()
    record = customers.read_customer(vendor, key) if suffix else None
    if record is None or not _is_used(record.card, card):
        asked_at = timezone.now()
        record = customers.change_default_card(
            vendor,
            key,
            payment_method_id=card.payment_method_id,
            key=action.key(f"{DEFAULT}{suffix}"),
        )
    take_in_customer(vendor, record, asked_at=asked_at)


def _use_for(action: Action, subscription_id: str, card: CardRecord, suffix: str) -> None:
    vendor, asked_at = action.vendor, timezone.now()
    record = subscriptions.read_subscription(vendor, subscription_id) if suffix else None
    if record is None or not _is_used(record.card, card):
        asked_at = timezone.now()
        record = subscriptions.change_card(
            vendor,
            subscription_id,
            payment_method_id=card.payment_method_id,
            key=action.key(f"{subscription_id}{suffix}"),
        )
    if not record.takes_cards:
        asked_at = timezone.now()
        record = _with_cards(action, subscription_id, suffix)
    if record.schedule is not None and record.schedule.is_running:
        schedules.change_card(
            vendor,
            record.schedule.schedule_id,
            payment_method_id=card.payment_method_id,
            key=action.key(f"{record.schedule.schedule_id}{suffix}"),
        )
        sync_subscription(vendor, subscription_id)
    else:
        take_in_subscription(vendor, record, asked_at=asked_at)


def _take_cards(action: Action, subscription_id: str, suffix: str) -> None:
    """One that uses the default card, but is paid by other means only, such as direct debit."""
    asked_at = timezone.now()
    record = _with_cards(action, subscription_id, suffix)
    take_in_subscription(action.vendor, record, asked_at=asked_at)


def _with_cards(action: Action, subscription_id: str, suffix: str) -> SubscriptionRecord:
    key = action.key(f"{subscription_id}:cards{suffix}")
    return subscriptions.take_cards(action.vendor, subscription_id, key=key)


def _is_used(present: CardRecord | None, card: CardRecord) -> bool:
    return present is not None and present.payment_method_id == card.payment_method_id
