"""Stripe's events once more, as if they had come just now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import events
from billing.models import StripeEvent


class Command(BaseCommand):
    help = (
        "Handle a vendor's Stripe events again: those named, or those that failed or wait."
        " The objects are read from Stripe again, so this can do no harm."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("vendor", help="its subdomain")
        parser.add_argument("events", nargs="*", help="evt_…; without any, all that failed or wait")
        parser.add_argument("--type", help="only events of this type, such as invoice.paid")
        parser.add_argument("--since", help="only what arrived since this day, such as 2026-11-01")

    def handle(self, *, vendor: str, since: str | None, **options: Any) -> None:
        found = Vendor.objects.filter(subdomain=vendor).first()
        if found is None:
            raise CommandError(f"There is no vendor {vendor!r}.")
        with vendor_scope(found):
            count = self._replay(options["events"], options["type"], since)
        self.stdout.write(f"{count} events replayed.")

    def _replay(self, names: list[str], type_: str | None, since: str | None) -> int:
        rows = StripeEvent.objects.select_related("vendor")
        if names:
            rows = rows.filter(event_id__in=names)
            if unknown := set(names) - set(rows.values_list("event_id", flat=True)):
                raise CommandError(f"There is no event {', '.join(sorted(unknown))}.")
        else:
            rows = rows.filter(handled_at=None) | rows.exclude(failure="")
        if type_:
            rows = rows.filter(type=type_)
        if since:
            if (day := parse_date(since)) is None:
                raise CommandError("--since takes a day, such as 2026-11-01.")
            rows = rows.filter(received_at__date__gte=day)
        count = 0
        for event in rows.order_by("received_at").iterator():
            events.replay(event)
            count += 1
        return count
