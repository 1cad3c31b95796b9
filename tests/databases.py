"""A look into the running product's database from outside, on a connection of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import psycopg

from accounts.postgresql.roles import EVERY_VENDOR, SETTING

SQLITE = "sqlite:///"


def rows_of(database_url: str, query: str) -> list[Any]:
    """Of every vendor."""
    if database_url.startswith(SQLITE):
        with closing(sqlite3.connect(database_url.removeprefix(SQLITE), timeout=30)) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(database_url) as server:
        server.execute(f"SET {SETTING} = '{EVERY_VENDOR}'")
        return server.execute(query.encode()).fetchall()
