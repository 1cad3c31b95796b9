"""Stripe's subscription schedules: plans that end by themselves, and changes already agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.phases import phases_to_come
from billing.gateway.prices import phase_price
from billing.gateway.reading import id_of, moment, moment_or_none, texts
from billing.gateway.schedule_records import PhasePrice, PhaseRecord, ScheduleRecord

if TYPE_CHECKING:
    from stripe.params import (
        SubscriptionScheduleUpdateParams,
        SubscriptionScheduleUpdateParamsPhase,
    )

ENDED = ("completed", "canceled")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a schedule will do, in Stripe's own parameters (JSON values)."""

    end_behavior: str
    phases: list[dict[str, Any]]


def schedule_record(
    client: stripe.V1Services, schedule: stripe.SubscriptionSchedule
) -> ScheduleRecord:
    prices = _prices(client, schedule)
    return ScheduleRecord(
        schedule_id=schedule.id,
        subscription_id=id_of(schedule.subscription),
        status=schedule.status,
        end_behavior=schedule.end_behavior,
        phases=[
            PhaseRecord(
                starts_at=moment(phase.start_date),
                ends_at=moment(phase.end_date),
                trial_ends_at=moment_or_none(phase.trial_end),
                price=price,
            )
            for phase, price in zip(schedule.phases, prices, strict=True)
        ],
        metadata=texts(schedule.metadata),
    )


def _prices(
    client: stripe.V1Services, schedule: stripe.SubscriptionSchedule
) -> list[PhasePrice | None]:
    """Asked for only where the phases are not priced alike, which few schedules are."""
    phases = schedule.phases
    kinds = {tuple((id_of(item.price), item.quantity) for item in p.items) for p in phases}
    is_told = any(phase.discounts or any(i.discounts for i in phase.items) for phase in phases)
    if len(kinds) == 1 and not is_told:
        return [None] * len(phases)
    return [phase_price(client, phase) for phase in phases]


def subscription_of_schedule(vendor: Vendor, schedule_id: str) -> str:
    """The id of the subscription it steers, or steered until it was released."""
    with asking():
        schedule = client_for(vendor).subscription_schedules.retrieve(schedule_id)
        return id_of(schedule.subscription) or schedule.released_subscription or ""


def find_ended_schedule(
    client: stripe.V1Services, *, customer_id: str, subscription_id: str
) -> ScheduleRecord | None:
    """The schedule that ended this subscription: afterwards the subscription no longer names it."""
    found = client.subscription_schedules.list({"customer": customer_id, "limit": 100})
    for schedule in found.auto_paging_iter():
        if id_of(schedule.subscription) == subscription_id and schedule.status in ENDED:
            return schedule_record(client, schedule)
    return None


def change_card(vendor: Vendor, schedule_id: str, *, payment_method_id: str, key: str) -> None:
    """For what the schedule will charge: its default, and each phase with a card of its own."""
    with asking():
        schedules = client_for(vendor).subscription_schedules
        phases = phases_to_come(schedules.retrieve(schedule_id))
        params: SubscriptionScheduleUpdateParams = {
            "default_settings": {"default_payment_method": payment_method_id}
        }
        if any("default_payment_method" in phase for phase in phases):
            for phase in phases:
                phase["default_payment_method"] = payment_method_id
            params |= {"phases": phases, "proration_behavior": "none"}
        schedules.update(schedule_id, params, {"idempotency_key": key})


def read_plan(vendor: Vendor, schedule_id: str) -> Plan:
    """What the schedule holds in store now, in values that can be kept and put back."""
    with asking():
        schedule = client_for(vendor).subscription_schedules.retrieve(schedule_id)
        phases = [dict(phase) for phase in phases_to_come(schedule)]
        return Plan(end_behavior=schedule.end_behavior, phases=phases)


def cut_short(plan: Plan, *, ends_at: datetime) -> Plan:
    """The same plan, ending the subscription when what is paid for runs out."""
    seconds = int(ends_at.timestamp())
    kept = [phase for phase in plan.phases if phase["start_date"] < seconds]
    return Plan(end_behavior="cancel", phases=[*kept[:-1], {**kept[-1], "end_date": seconds}])


def change_plan(
    vendor: Vendor, schedule_id: str, *, plan: Plan, metadata: dict[str, str], key: str
) -> None:
    params: SubscriptionScheduleUpdateParams = {
        "phases": cast("list[SubscriptionScheduleUpdateParamsPhase]", plan.phases),
        "end_behavior": plan.end_behavior,
        "metadata": metadata,
        "proration_behavior": "none",
    }
    with asking():
        schedules = client_for(vendor).subscription_schedules
        schedules.update(schedule_id, params, {"idempotency_key": key})
