"""The product as ./hub.sh run starts it, in a temporary folder, with vendors and no history."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from billing.sandbox.worlds import OverHTTP
from scripts.processes import Processes
from scripts.run_demo import MANAGE, ROOT, Demo, prepare, start
from scripts.with_postgres import free_port
from tests.databases import rows_of
from tests.journeys.mailbox import Mailbox

# The demo's vendors and staff, with webhooks from the sandbox, before their first sale.
SET_UP_VENDORS = """
from accounts.tenancy import vendor_scope
from billing.services import keys
from hub.demo import setting_up
for vendor in setting_up.vendors():
    with vendor_scope(vendor):
        keys.ensure_webhook_endpoint(vendor)
"""
# Each browser says in X-Forwarded-For that it is somewhere else: the limits are per client.
BEHIND_A_PROXY = {"TRUSTED_PROXIES": "1"}


@dataclass
class Stack:
    demo: Demo
    processes: Processes
    sandbox: OverHTTP
    mailbox: Mailbox

    def origin(self, name: str) -> str:
        """`acme`, `globex`, or `hub` for the platform."""
        return f"http://{name}.localhost:{self.demo.port}"

    def rows(self, query: str) -> list[Any]:
        return rows_of(self.demo.environment()["DATABASE_URL"], query)

    def manage(self, *arguments: str) -> None:
        """What an operator does at the server."""
        self.processes.finish(arguments[0], [*MANAGE, *arguments])


@contextmanager
def running_stack(**variables: str) -> Iterator[Stack]:
    """`variables`: more of the environment."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-journeys-") as folder,
        own_database() as database,
    ):
        demo = Demo(
            port=free_port(),
            sandbox_url=f"http://localhost:{free_port()}",
            database_url=database.get("DATABASE_URL"),
            folder=Path(folder) / "demo",
        )
        demo.folder.mkdir()
        environment = {**demo.environment(), **BEHIND_A_PROXY, **database, **variables}
        with Processes(folder=ROOT, logs=demo.folder / "log", environment=environment) as processes:
            prepare(demo, processes)
            start(demo, processes)
            processes.finish("vendors", [*MANAGE, "shell", "-c", SET_UP_VENDORS])
            sandbox = OverHTTP(demo.sandbox_url)
            begin_early_in_a_month(sandbox)
            yield Stack(demo, processes, sandbox, Mailbox(demo.folder / "mail"))


def begin_early_in_a_month(sandbox: OverHTTP) -> None:
    """On a day that every month has, so that a month later is where a renewal is."""
    now = datetime.now(UTC)
    if now.day > 26:
        first = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
        sandbox.advance(int(first.timestamp()))


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """On PostgreSQL one more database beside the tests' own, as its owner and as the application
    find it; else nothing, for a file."""
    owner = os.environ.get("DATABASE_OWNER_URL")
    if not owner:
        yield {}
        return
    name = f"journeys_{os.getpid()}"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield {
            variable: urlsplit(os.environ[variable])._replace(path=f"/{name}").geturl()
            for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
        }
    finally:
        with psycopg.connect(owner, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)
