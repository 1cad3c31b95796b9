"""Waiting for what a person would see, and no longer."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator

PATIENCE = 30
TICK = 0.05


def until[T](look: Callable[[], T], otherwise: str | Callable[[], str]) -> T:
    """The first thing seen that is not nothing; AssertionError if nothing comes."""
    give_up_at = time.monotonic() + PATIENCE
    while not (seen := look()):
        if time.monotonic() > give_up_at:
            raise AssertionError(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(TICK)
    return seen


def reload_until_visible(locator: Locator) -> None:
    """As a customer does who waits for news on the page."""

    def look() -> bool:
        locator.page.reload()
        return locator.first.is_visible()

    until(look, f"{locator} is not to be seen on {locator.page.url}")
