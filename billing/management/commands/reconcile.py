"""The nightly comparison, now: what differed from Stripe, and has been put right."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.management.commands.sync_stripe import vendors_named
from billing.services.sync import runs


class Command(BaseCommand):
    help = "Compare everything with Stripe, put right what differs, and say what it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--vendor", help="its subdomain; without it, every vendor with keys")

    def handle(self, *, vendor: str | None, **_options: Any) -> None:
        unfinished = [one for one in vendors_named(vendor, self.stdout) if not self._reconcile(one)]
        if unfinished:
            names = ", ".join(one.subdomain for one in unfinished)
            raise CommandError(f"Not finished: {names}. Call this again to go on.")

    def _reconcile(self, vendor: Vendor) -> bool:
        with vendor_scope(vendor):
            run = runs.reconcile(vendor)
            self.stdout.write(
                f"{vendor.subdomain}: {run.customers:,} customers compared,"
                f" {run.differences_found:,} differences, {run.failures_met:,} failures"
            )
            for difference in run.differences.iterator():
                fields = ", ".join(difference.changes) or "was missing"
                self.stdout.write(f"  {difference.object_id}: {fields}")
        if run.stopped_by:
            self.stderr.write(f"{vendor.subdomain}: {run.stopped_by}")
        return run.finished_at is not None
