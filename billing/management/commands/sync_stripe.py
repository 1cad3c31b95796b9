"""First import and repair: everything that Stripe knows of a vendor's customers."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils.dateparse import parse_date

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.models import SyncRun
from billing.services.sync import runs

A_LINE_EVERY = 500
"""Customers, where nobody watches; a terminal shows each."""


def vendors_named(subdomain: str | None, say: OutputWrapper) -> list[Vendor]:
    """The one, or each that has keys."""
    with_keys = Vendor.objects.filter(pk__in=runs.vendors_with_keys())
    found = list(with_keys.filter(subdomain=subdomain) if subdomain else with_keys)
    if subdomain and not found:
        raise CommandError(f"No such vendor has Stripe keys: {subdomain}.")
    if not found:
        say.write("No vendor has Stripe keys yet.")
    return found


class Command(BaseCommand):
    help = (
        "Read a vendor's customers, subscriptions and payments from Stripe and put right what"
        " differs here. Can be interrupted: called again, it goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--vendor", help="its subdomain; without it, every vendor with keys")
        parser.add_argument(
            "--since",
            help="only customers of whom Stripe has told anything since this day (2026-11-01), at"
            " most 30 days ago",
        )

    def handle(self, *, vendor: str | None, since: str | None, **_options: Any) -> None:
        moment = self._moment(since)
        unfinished = [
            one for one in vendors_named(vendor, self.stdout) if not self._sync(one, moment)
        ]
        if unfinished:
            names = ", ".join(one.subdomain for one in unfinished)
            raise CommandError(f"Not finished: {names}. Call this again to go on.")

    def _moment(self, since: str | None) -> datetime | None:
        if since is None:
            return None
        try:
            day = parse_date(since)
        except ValueError:
            day = None
        if day is None:
            raise CommandError("--since takes a day, such as 2026-11-01.")
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    def _sync(self, vendor: Vendor, since: datetime | None) -> bool:
        with vendor_scope(vendor):
            run = runs.begin_touched(vendor, since) if since else runs.begin(vendor)
            if run.customers:
                self.stdout.write(f"{vendor.subdomain}: going on after {run.customers} customers")
            runs.go_on(run, progress=self._show)
        if sys.stdout.isatty():
            self.stdout.write("")
        self.stdout.write(self._line(run))
        if run.stopped_by:
            self.stderr.write(f"{vendor.subdomain}: {run.stopped_by}")
        return run.finished_at is not None

    def _show(self, run: SyncRun) -> None:
        if sys.stdout.isatty():
            self.stdout.write(f"\r{self._line(run)}", ending="")
            self.stdout.flush()
        elif run.customers % A_LINE_EVERY == 0:
            self.stdout.write(self._line(run))

    def _line(self, run: SyncRun) -> str:
        return (
            f"{run.vendor.subdomain}: {run.customers:,} customers, {run.objects_read:,} objects"
            f" read, {run.differences_found:,} differed, {run.failures_met:,} failed"
        )
