"""What a customer has to pay beside their subscriptions: open invoices that belong to none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

MOMENTS = ("charged_at", "due_at")


@dataclass(frozen=True, kw_only=True)
class OneOffInvoice:
    """`amount_minor`: what is left to pay. `charged_at`: when Stripe next tries to charge it by
    itself. `due_at`: until when to pay one that was sent. `is_on_its_way`: a bank has been asked,
    and answers in days. `card`: its own, as brand, last four digits and account; empty where it is
    the Stripe customer's that pays. `url`: Stripe's page."""

    invoice_id: str
    amount_minor: int
    currency: str
    charged_at: datetime | None
    due_at: datetime | None
    is_on_its_way: bool
    card: list[str]
    url: str

    @classmethod
    def remembered(cls, kept: dict[str, Any]) -> Self:
        """From what `to_remember` gave."""
        moments = {
            name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in MOMENTS
        }
        return cls(**kept | moments)

    def to_remember(self) -> dict[str, Any]:
        moments = {name: getattr(self, name) for name in MOMENTS}
        return vars(self) | {name: at.isoformat() if at else "" for name, at in moments.items()}
