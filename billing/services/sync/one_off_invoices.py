"""From Stripe's open invoices of no subscription to the row of the Stripe customer they are for."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Vendor
from billing.gateway import invoices
from billing.models import StripeCustomer
from billing.one_off_invoices import OneOffInvoice
from billing.services.sync.customers import ensure_customer
from billing.services.sync.rows import SavedMeanwhile, read_and_save


def sync_one_off_invoices(vendor: Vendor, stripe_customer_id: str) -> None:
    """All of theirs at once: so one that was paid, voided or given up is simply not among them."""
    owner = ensure_customer(vendor, stripe_customer_id)

    def save(found: list[OneOffInvoice], asked_at: datetime) -> None:
        row = StripeCustomer.objects.select_for_update().get(pk=owner.pk)
        if row.synced_at > asked_at:
            raise SavedMeanwhile
        row.one_off_invoices = [invoice.to_remember() for invoice in found]
        row.save()

    read_and_save(lambda: invoices.open_one_offs(vendor, stripe_customer_id), save)
