"""Two workers beside each other: each task is one's alone, and nobody hears of anything twice.

FAULTS_SECONDS makes it shorter or longer.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.faults.mix import Shop
from tests.faults.pace import Pace
from tests.faults.running import BUYERS, Running
from tests.figures import Report
from tests.journeys.polling import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

SECONDS = int(os.environ.get("FAULTS_SECONDS", "60"))
RATE = 30
ONE_PAYS_OF = 10
TASKS_OF_EACH = "SELECT CAST(worker_ids AS text), count(*) FROM django_ox_oxtask GROUP BY 1"


def receipts_mailed(hub: Running) -> Counter[str]:
    """How often each went out, by the name of the file."""
    mails = [
        mail
        for buyer in range(BUYERS)
        for mail in hub.stack.mailbox.mails_to(f"buyer{buyer}@example.com")
    ]
    attached = (part for mail in mails for part in mail.message.iter_attachments())
    pdfs = (part for part in attached if part.get_content_type() == "application/pdf")
    return Counter(str(part.get_filename()) for part in pdfs)


def test_two_workers_share_a_busy_hub(hub: Running, customers: list[str], report: Report) -> None:
    hub.start("second worker")
    shop = Shop(hub, customers, "two", every=ONE_PAYS_OF)
    pace = Pace(RATE, SECONDS)
    pace.keep(shop)
    waited = hub.wait_until_handled(300)
    until(
        lambda: hub.count("invoices_document WHERE sent_at IS NULL") == 0, "Some are not mailed yet"
    )

    mailed = receipts_mailed(hub)
    shares = [tasks for _worker, tasks in hub.rows(TASKS_OF_EACH)]
    report(
        f"{pace}; tasks of each {shares}; {mailed.total()} mails of {len(mailed)} receipts; "
        f"all handled {waited:.0f} s after"
    )
    assert pace.outcomes == {200: RATE * SECONDS}
    assert len(mailed) == BUYERS + RATE * SECONDS // ONE_PAYS_OF
    assert set(mailed.values()) == {1}
    assert len(shares) >= 2
