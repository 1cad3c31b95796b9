"""Stripe's subscriptions and their schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.prices import COUPON_PARTS, discount_records, item_record, tax_is_added
from billing.gateway.reading import card_of, customer_of, id_of, moment, moment_or_none, texts
from billing.gateway.records import SubscriptionRecord
from billing.gateway.schedule_records import ScheduleRecord
from billing.gateway.schedules import find_ended_schedule, schedule_record
from billing.states import Ending

if TYPE_CHECKING:
    from stripe.params import SubscriptionCancelParams, SubscriptionUpdateParams

EXPAND = [
    "items.data.price.product",
    "items.data.price.currency_options",
    "items.data.price.tiers",
    *(f"discounts.source.coupon{part}" for part in COUPON_PARTS),
    "default_payment_method",
    "default_source",
    "schedule",
]

CARD = "card"
NOT_LIVE = ("incomplete", "incomplete_expired", "canceled")


def read_subscription(vendor: Vendor, subscription_id: str) -> SubscriptionRecord:
    with asking():
        client = client_for(vendor)
        return _record(client, client.subscriptions.retrieve(subscription_id, {"expand": EXPAND}))


class ToChange(NamedTuple):
    """What a new default card does not reach by itself, by id."""

    with_own_card: list[str]
    without_cards: list[str]
    """They would use it, but are paid by other means only."""


def live_to_change(vendor: Vendor, customer_id: str) -> ToChange:
    with asking():
        found = client_for(vendor).subscriptions.list({"customer": customer_id, "limit": 100})
        live = [s for s in found.auto_paging_iter() if s.status not in NOT_LIVE]
        own = [s for s in live if s.default_payment_method or s.default_source]
        narrow = [s for s in live if s not in own and not _takes_cards(s)]
        return ToChange([s.id for s in own], [s.id for s in narrow])


def _takes_cards(subscription: stripe.Subscription) -> bool:
    return not (types := _means_of(subscription)) or CARD in types


def _means_of(subscription: stripe.Subscription) -> list[str]:
    """By what its invoices can be paid; empty: Stripe's settings decide."""
    settings = subscription.payment_settings
    return list((settings and settings.payment_method_types) or [])


def take_cards(vendor: Vendor, subscription_id: str, *, key: str) -> SubscriptionRecord:
    """Let cards pay its invoices, besides all that may pay them now."""
    with asking():
        means = _means_of(client_for(vendor).subscriptions.retrieve(subscription_id))
    types: Any = means if CARD in means else [*means, CARD]
    settings: SubscriptionUpdateParams = {"payment_settings": {"payment_method_types": types}}
    return _update(vendor, subscription_id, settings, key)


def change_card(
    vendor: Vendor, subscription_id: str, *, payment_method_id: str, key: str
) -> SubscriptionRecord:
    return _update(vendor, subscription_id, {"default_payment_method": payment_method_id}, key)


def cancel_at_period_end(
    vendor: Vendor,
    subscription_id: str,
    *,
    ending: Ending,
    feedback: str,
    metadata: dict[str, str],
    key: str,
) -> SubscriptionRecord:
    """Let what is paid for run out, the longest of its periods; a trial ends with the trial."""
    details: SubscriptionUpdateParams = {"metadata": metadata}
    if feedback:
        details["cancellation_details"] = {"feedback": feedback}
    if ending == Ending.CANCEL_AT:
        details["cancel_at"] = "max_period_end"
    else:
        details["cancel_at_period_end"] = True
    return _update(vendor, subscription_id, details, key)


def cancel_now(
    vendor: Vendor, subscription_id: str, *, feedback: str, key: str
) -> SubscriptionRecord:
    """At once, with no invoice and nothing given back."""
    params: SubscriptionCancelParams = {"prorate": False, "invoice_now": False, "expand": EXPAND}
    if feedback:
        params["cancellation_details"] = {"feedback": feedback}
    with asking():
        client = client_for(vendor)
        ended = client.subscriptions.cancel(subscription_id, params, {"idempotency_key": key})
        return _record(client, ended)


def undo_cancel(
    vendor: Vendor, subscription_id: str, *, at_period_end: bool, cancel_at: int | None, key: str
) -> SubscriptionRecord:
    """`at_period_end`: how it was cancelled. `cancel_at`: when it was to end before that."""
    params: SubscriptionUpdateParams = {}
    if cancel_at is not None:
        params |= {"cancel_at": cancel_at, "proration_behavior": "none"}
    elif at_period_end:
        params["cancel_at_period_end"] = False
    else:
        params["cancel_at"] = ""
    return _update(vendor, subscription_id, params, key)


def _update(
    vendor: Vendor, subscription_id: str, params: SubscriptionUpdateParams, key: str
) -> SubscriptionRecord:
    params["expand"] = EXPAND
    with asking():
        client = client_for(vendor)
        changed = client.subscriptions.update(subscription_id, params, {"idempotency_key": key})
        return _record(client, changed)


def _record(client: stripe.V1Services, subscription: stripe.Subscription) -> SubscriptionRecord:
    items = list(subscription.items.auto_paging_iter())
    if not items:
        raise ValueError(f"the subscription {subscription.id} has no items")
    pause, managed = subscription.pause_collection, getattr(subscription, "managed_payments", None)
    paused = subscription.status_details.paused if subscription.status_details else None
    return SubscriptionRecord(
        subscription_id=subscription.id,
        customer_id=customer_of(subscription),
        status=subscription.status,
        is_flexible=subscription.billing_mode.type == "flexible",
        is_managed=bool(managed and managed.enabled),
        items=[item_record(client, item, subscription.currency) for item in items],
        discounts=discount_records(subscription.discounts, subscription.currency),
        tax_is_added=tax_is_added(subscription, items),
        currency=subscription.currency,
        collection_method=subscription.collection_method,
        schedule=_schedule(client, subscription),
        created_at=moment(subscription.created),
        started_at=moment(subscription.start_date),
        cycle_anchored_at=moment(subscription.billing_cycle_anchor),
        trial_ends_at=moment_or_none(subscription.trial_end),
        without_card=_without_card(subscription),
        takes_cards=_takes_cards(subscription),
        cancel_at=moment_or_none(subscription.cancel_at),
        cancels_at_period_end=subscription.cancel_at_period_end,
        cancel_requested_at=moment_or_none(subscription.canceled_at),
        ended_at=moment_or_none(subscription.ended_at),
        paused_at=moment_or_none(paused.transitioned_at if paused else None),
        collection_paused=pause is not None,
        resumes_at=moment_or_none(pause.resumes_at if pause else None),
        card=card_of(subscription.default_payment_method, subscription.default_source),
        metadata=texts(subscription.metadata),
    )


def _without_card(subscription: stripe.Subscription) -> str:
    settings = subscription.trial_settings
    return settings.end_behavior.missing_payment_method if settings else ""


def _schedule(
    client: stripe.V1Services, subscription: stripe.Subscription
) -> ScheduleRecord | None:
    if isinstance(subscription.schedule, stripe.SubscriptionSchedule):
        return schedule_record(client, subscription.schedule)
    if subscription.ended_at is None:
        return None
    return find_ended_schedule(
        client, customer_id=id_of(subscription.customer), subscription_id=subscription.id
    )
