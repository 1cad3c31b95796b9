"""Proves that nobody changed what the audit log says."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope


class Command(BaseCommand):
    help = (
        "Work every vendor's audit log and the platform's own out again. Prints how many entries"
        " each has and the hash of the last, to be kept elsewhere; fails where an entry was"
        " changed, removed or put in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--vendor", help="only this vendor's; its subdomain")

    def handle(self, *args: Any, vendor: str | None, **options: Any) -> None:
        vendors = Vendor.objects.order_by("subdomain")
        if vendor:
            vendors = vendors.filter(subdomain=vendor)
            if not vendors:
                raise CommandError(f"There is no vendor {vendor}.")
        verdicts = {found.subdomain: self._of(found) for found in vendors}
        if not vendor:
            verdicts["(platform)"] = audit.verify_platform()
        broken = [name for name, verdict in verdicts.items() if not self._is_whole(name, verdict)]
        if broken:
            raise CommandError(f"The audit log is not as it was written: {', '.join(broken)}")

    def _of(self, vendor: Vendor) -> audit.Verdict:
        with vendor_scope(vendor):
            return audit.verify(vendor)

    def _is_whole(self, name: str, verdict: audit.Verdict) -> bool:
        if verdict.broken_at is None:
            end = f", the last {verdict.last_hash}" if verdict.entries else ""
            self.stdout.write(f"{name}: {verdict.entries} entries{end}")
            return True
        self.stderr.write(f"{name}: broken at entry {verdict.broken_at}")
        return False
