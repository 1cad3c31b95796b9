"""Fills the demo: vendors and staff by hand, everything else through Stripe's sandbox."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.models import Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.models import StripeEvent
from billing.sandbox.story import tell
from billing.sandbox.worlds import OverHTTP
from billing.services import keys
from hub.demo import history, setting_up
from hub.demo.calendar import Days
from invoices.models import Document

PATIENCE = 90
PAUSE = 0.5


class Command(BaseCommand):
    help = "Fill the running demo with two vendors and fourteen months of their customers' lives."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO and settings.STRIPE_SANDBOX):
            raise CommandError("This fills demos only: it needs DEMO=1 and STRIPE_SANDBOX=1.")
        began = time.monotonic()
        sandbox = OverHTTP(settings.STRIPE_SANDBOX_URL)
        vendors = setting_up.vendors()
        now = datetime.now(UTC)
        if sandbox.begin(Days(now).first):
            self._tell(sandbox, vendors, now)
        elif not sandbox.is_on_time():
            raise CommandError("Filling was interrupted half way. Begin anew with --fresh.")
        self._wait(sandbox)
        with vendor_scope(None):
            if not Customer.objects.exists():
                raise CommandError("Nobody has bought anything. Begin anew with --fresh.")
        self.stdout.write(f"The demo is filled ({time.monotonic() - began:.0f} s).")

    def _tell(self, sandbox: OverHTTP, vendors: list[Vendor], now: datetime) -> None:
        for vendor in vendors:
            with vendor_scope(vendor):
                keys.ensure_webhook_endpoint(vendor)
        for at in tell(sandbox, history.shops(now), until=now):
            self._show(f"Two shops live through {at:%B %Y}")
        self._show("")

    def _wait(self, sandbox: OverHTTP) -> None:
        """Until every webhook has arrived and been handled, and every document has its PDF."""
        most, left, since = 1, -1, time.monotonic()
        while (now_left := self._left(sandbox)) > 0:
            if now_left != left:
                most, left, since = max(most, now_left), now_left, time.monotonic()
                self._show(f"Handling webhooks and making PDFs: {100 - 100 * left // most} %")
            elif time.monotonic() - since > PATIENCE:
                raise CommandError("Nothing moves any more. Does the worker run?")
            time.sleep(PAUSE)
        self._show("")

    def _show(self, progress: str) -> None:
        """One line that is written over, and nothing where nobody looks on."""
        if self.stdout.isatty():
            self.stdout.write(f"\r\x1b[K  {progress}" if progress else "\r\x1b[K", ending="")
            self.stdout.flush()

    def _left(self, sandbox: OverHTTP) -> int:
        with vendor_scope(None):
            events = StripeEvent.objects.filter(handled_at=None).count()
            papers = Document.objects.filter(Q(pdf="") | Q(mail_wanted=True, sent_at=None)).count()
        return sandbox.waiting() + events + papers
