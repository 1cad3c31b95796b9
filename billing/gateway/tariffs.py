"""How a price comes about: per unit or pack, or in steps (Stripe's tiers)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Tier:
    """So much for each, and so much besides, in minor units that may be broken."""

    up_to: int | None
    """The last unit of it; None: all beyond."""
    unit: Decimal
    flat: Decimal


class TariffMode(StrEnum):
    UNIT = "unit"
    """The same for each, or for each full or begun pack."""
    GRADUATED = "graduated"
    """Each unit at the price of its own tier."""
    VOLUME = "volume"
    """All units at the price of the tier that the last one reaches."""


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """How a price comes about. `pack`: how many units one price buys; `rounds_up`: a begun pack
    counts as a full one."""

    mode: TariffMode
    tiers: list[Tier]
    pack: int = 1
    rounds_up: bool = True

    def cost(self, quantity: int) -> Decimal:
        """Of the first tier the flat amount is due even where nothing is used."""
        if self.mode == TariffMode.GRADUATED:
            return self._graduated(quantity)
        packs, rest = divmod(quantity, self.pack)
        count = packs + (1 if rest and self.rounds_up else 0)
        tier = next(t for t in self.tiers if t.up_to is None or count <= t.up_to)
        return tier.flat + tier.unit * count

    def _graduated(self, quantity: int) -> Decimal:
        total, below = Decimal(0), 0
        for tier in self.tiers:
            upto = quantity if tier.up_to is None else min(quantity, tier.up_to)
            total += tier.flat + tier.unit * (upto - below)
            below = upto
            if below >= quantity:
                break
        return total
