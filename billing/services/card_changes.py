"""Putting a confirmed card to work, step by step, each step under its own key."""

from __future__ import annotations

from dataclasses import asdict

from django.utils import timezone

from billing.gateway import customers, schedules, subscriptions
from billing.gateway.records import CardRecord
from billing.models import Action, StripeCustomer, Subscription
from billing.services import actions
from billing.services.sync.customers import take_in_customer
from billing.services.sync.subscriptions import sync_subscription, take_in_subscription


def put_to_work(
    action: Action, owner: StripeCustomer, card: CardRecord, subscription: Subscription | None
) -> None:
    """For the one subscription, or as the default and for each that has a card of its own: those
    would go on with the old one."""
    action.subscription = subscription
    action.save(update_fields=["subscription"])
    actions.remember(action, card=asdict(card))
    if subscription is not None:
        _use_for(action, subscription.stripe_subscription_id, card)
        return
    vendor, asked_at = owner.vendor, timezone.now()
    answer = customers.change_default_card(
        vendor,
        owner.stripe_customer_id,
        payment_method_id=card.payment_method_id,
        key=action.key("default"),
    )
    take_in_customer(vendor, answer, asked_at=asked_at)
    for subscription_id in subscriptions.live_with_own_card(vendor, owner.stripe_customer_id):
        _use_for(action, subscription_id, card)


def card_from(action: Action) -> CardRecord:
    """The card that this action put, or is putting, to work."""
    return CardRecord(**action.parameters["card"])


def _use_for(action: Action, subscription_id: str, card: CardRecord) -> None:
    vendor, asked_at = action.vendor, timezone.now()
    answer = subscriptions.change_card(
        vendor,
        subscription_id,
        payment_method_id=card.payment_method_id,
        key=action.key(subscription_id),
    )
    if answer.schedule is not None and answer.schedule.is_running:
        schedules.change_card(
            vendor,
            answer.schedule.schedule_id,
            payment_method_id=card.payment_method_id,
            key=action.key(answer.schedule.schedule_id),
        )
        sync_subscription(vendor, subscription_id)
    else:
        take_in_subscription(vendor, answer, asked_at=asked_at)
