"""What a schedule will do, as plain frozen values: its phases, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PhasePrice:
    """What is charged each time in a phase, and how often."""

    amount_minor: int | None
    """None where use decides, or a discount of the phase's own."""
    interval: str
    interval_count: int


@dataclass(frozen=True, kw_only=True)
class PhaseRecord:
    starts_at: datetime
    ends_at: datetime
    trial_ends_at: datetime | None
    price: PhasePrice | None
    """None where all phases cost the same: what the subscription does."""

    @property
    def is_free(self) -> bool:
        return self.price is not None and self.price.amount_minor == 0


@dataclass(frozen=True, kw_only=True)
class ScheduleRecord:
    schedule_id: str
    subscription_id: str
    status: str
    end_behavior: str
    phases: list[PhaseRecord]
    metadata: dict[str, str]

    @property
    def is_running(self) -> bool:
        return self.status in ("active", "not_started")

    @property
    def ends_at(self) -> datetime | None:
        """When the last phase ends the subscription; None: it goes on."""
        return self.phases[-1].ends_at if self.phases and self.end_behavior == "cancel" else None

    def phase_at(self, moment: datetime) -> PhaseRecord | None:
        """The one that what is charged at that moment is for."""
        covering = (phase for phase in self.phases if phase.starts_at <= moment < phase.ends_at)
        return next(covering, None)
