"""Two roles: the owner makes the tables, the application reads and writes their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connections

SETTING = "hub.vendors"
"""Whose rows this connection may see: ids with commas between, nothing, or EVERY_VENDOR."""
EVERY_VENDOR = "all"


@contextmanager
def as_owner(using: str = "default") -> Iterator[None]:
    """Sign in as the owner of the tables, where DATABASE_OWNER_URL names one."""
    with signed_in_as(settings.DATABASE_OWNER, using):
        yield


@contextmanager
def signed_in_as(login: dict[str, str], using: str = "default") -> Iterator[None]:
    """`login`: USER and PASSWORD, or nothing, which changes nothing."""
    present = {name: connections[using].settings_dict[name] for name in login}
    _sign_in(login, using)
    try:
        yield
    finally:
        _sign_in(present, using)


def _sign_in(login: dict[str, str], using: str) -> None:
    connection = connections[using]
    if not login.items() <= connection.settings_dict.items():
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
        connection.settings_dict.update(login)
