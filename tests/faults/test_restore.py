"""A backup is taken under load and restored on an empty host, by the words of docs/operating.md.

FAULTS_CUSTOMERS says how many customers the database has, FAULTS_AT_STRIPE how many of them Stripe
knows and the comparison reads.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.run_demo import ROOT
from scripts.with_postgres import find_binaries, throwaway_cluster
from tests.databases import rows_of
from tests.faults.mix import Shop
from tests.faults.pace import Pace
from tests.faults.running import Running
from tests.figures import Report

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

CUSTOMERS = int(os.environ.get("FAULTS_CUSTOMERS", "100000"))
AT_STRIPE = int(os.environ.get("FAULTS_AT_STRIPE", "500"))
RATE = 10
SECONDS = 40
WITHIN = 600

BLOCKS = re.compile(r"(?:^ {4}\S.*\n)+", re.MULTILINE)
DIFFERENCES = re.compile(r"acme: [\d,]+ customers compared, ([\d,]+) differences, 0 failures")
COMPARED = [
    *(
        "accounts_customer",
        "accounts_emailaddress",
        "accounts_auditentry",
        "billing_stripecustomer",
    ),
    *("billing_subscription", "billing_transaction", "invoices_document", "invoices_line"),
]
"""What must be there again. Of the audit log: at least what there was when the backup began."""


def commands(section: str, *, postgresql: bool) -> Iterator[list[str]]:
    """Each block of them, for one of the two databases."""
    other = "sqlite" if postgresql else "pg_"
    text = (ROOT / "docs" / "operating.md").read_text().partition(f"## {section}")[2]
    for block in BLOCKS.findall(text.partition("\n## ")[0]):
        yield [line.strip() for line in block.splitlines() if other not in line]


@dataclass
class Host:
    """A machine's folder and environment, as somebody who runs the hub has them."""

    folder: Path
    environment: dict[str, str]

    def install(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for name in (".venv", "manage.py"):
            (self.folder / name).symlink_to(ROOT / name)
        binaries = find_binaries()
        self.environment["PATH"] = f"{binaries}:{self.environment['PATH']}"

    def do(self, lines: list[str]) -> tuple[str, float]:
        """What they said, and the seconds they took."""
        began = time.monotonic()
        done = subprocess.run(
            ["/bin/sh", "-euc", "\n".join(lines)],
            check=False,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout, time.monotonic() - began

    def rows(self, query: str) -> list[Any]:
        return rows_of(self.environment["DATABASE_URL"], query)

    def counts(self) -> Counter[str]:
        return Counter(
            {table: self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in COMPARED}
        )

    def without_bytes(self) -> int:
        """Documents whose file is not there."""
        media = Path(self.environment["MEDIA_ROOT"])
        paths = self.rows("SELECT DISTINCT pdf FROM invoices_document WHERE pdf <> ''")
        return sum(not (media / path).is_file() for (path,) in paths)


@pytest.fixture
def old_host(hub: Running, tmp_path: Path) -> Host:
    host = Host(tmp_path / "old", dict(hub.stack.processes.environment))
    host.install()
    (host.folder / "var").symlink_to(hub.stack.demo.folder)
    return host


@contextmanager
def empty_host(old: Host, folder: Path) -> Iterator[Host]:
    """The same version, the same keys, and another database that is empty."""
    media = {"MEDIA_ROOT": str(folder / "media")}
    if old.environment["DATABASE_URL"].startswith("sqlite"):
        database = {"DATABASE_URL": f"sqlite:///{folder}/var/hub.sqlite3"}
        host = Host(folder, old.environment | media | database)
        host.install()
        (folder / "var").mkdir()
        yield host
        return
    binaries = find_binaries()
    assert binaries
    with throwaway_cluster(binaries) as urls:
        host = Host(folder, old.environment | media | urls)
        host.install()
        yield host


def know_many(hub: Running) -> None:
    """At Stripe, and in the database."""
    for number in range(AT_STRIPE):
        hub.stripe.customers.create({"email": f"known{number}@example.com", "name": "Known"})
    code = f"from tests.faults.many import make_many; make_many({CUSTOMERS})"
    hub.stack.manage("shell", "-v0", "-c", code)
    hub.wait_until_handled(600)


def test_a_backup_under_load_is_restored_on_an_empty_host(
    hub: Running, customers: list[str], old_host: Host, tmp_path: Path, report: Report
) -> None:
    know_many(hub)
    on_postgresql = bool(hub.stack.demo.database_url)
    backup, restore = itertools.islice(commands("6. Backups", postgresql=on_postgresql), 2)
    *restore, compare = restore
    before, spent = old_host.counts(), []
    backing_up = threading.Timer(5, lambda: spent.append(old_host.do(backup)[1]))
    backing_up.start()
    pace = Pace(RATE, SECONDS)
    pace.keep(Shop(hub, customers, "backup", every=10))
    backing_up.join()
    hub.wait_until_handled(600)
    with empty_host(old_host, tmp_path / "new") as new_host:
        for file in old_host.folder.glob("*.*"):
            if file.is_file() and not file.is_symlink():
                file.rename(new_host.folder / file.name)
        spent.append(new_host.do(restore)[1])
        missing = old_host.counts() - new_host.counts()
        said, seconds = new_host.do([compare])
        spent.append(seconds)
        again = new_host.do([compare])[0]
        left = old_host.counts() - new_host.counts()
        without_bytes = new_host.without_bytes()
        restored = new_host.counts()
    found, found_again = (DIFFERENCES.findall(text) for text in (said, again))
    report(
        f"{restored['accounts_customer']:,} customers ({AT_STRIPE} of them at Stripe), "
        f"{restored['billing_transaction']:,} transactions: backup {spent[0]:.0f} s under {pace}; "
        f"restored in {spent[1]:.0f} s, audit log whole, {without_bytes} documents without bytes; "
        f"{found} differences put right in {spent[2]:.0f} s, then {found_again}"
    )
    assert sum(spent) < WITHIN
    assert pace.outcomes == {200: RATE * SECONDS}
    assert missing.keys() >= {"billing_transaction"}, "nothing happened after the backup"
    assert without_bytes == 0
    assert found_again == ["0"]
    assert restored["accounts_auditentry"] >= before["accounts_auditentry"]
    del left["accounts_auditentry"]
    assert not left
