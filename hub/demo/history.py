"""Fourteen months of both shops, ending now."""

from __future__ import annotations

from datetime import datetime

from billing.sandbox.story import Shop
from hub.demo import acme, globex
from hub.demo.calendar import Days
from hub.demo.cast import ACME, GLOBEX
from hub.demo.catalogue import ACME_PRODUCTS, GLOBEX_PRODUCTS


def shops(now: datetime) -> list[Shop]:
    days = Days(now)
    return [
        Shop(ACME.secret_key, ACME_PRODUCTS, acme.purchases(days)),
        Shop(GLOBEX.secret_key, GLOBEX_PRODUCTS, globex.purchases(days)),
    ]
