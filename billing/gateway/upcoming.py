"""What Stripe will bill a subscription for next, as it says itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import stripe

from accounts.models import Vendor
from billing.errors import StripeRefused
from billing.gateway.client import asking, client_for
from billing.gateway.reading import moment

PRICE = "lines.data.pricing.price_details.price"


@dataclass(frozen=True, kw_only=True)
class UpcomingInvoice:
    """With all that waits to be billed, with tax, and after the customer's balance.

    `pending_minor`: what of it is not for the period that begins, such as prorations; negative
    where they give something back. `balance_minor`: what the customer owes besides; negative where
    their credit pays for some of it.
    """

    due_at: datetime
    amount_minor: int
    pending_minor: int
    balance_minor: int
    is_by_use: bool
    """The amount is that of the use so far."""


def upcoming_invoice(vendor: Vendor, subscription_id: str) -> UpcomingInvoice | None:
    """None: nothing more comes, or Stripe does not say."""
    try:
        with asking():
            preview = client_for(vendor).invoices.create_preview(
                {"subscription": subscription_id, "expand": [PRICE]}
            )
            return UpcomingInvoice(
                due_at=moment(preview.period_end),
                amount_minor=preview.amount_due,
                pending_minor=sum(map(_pending_minor, preview.lines.data)),
                balance_minor=preview.amount_due - max(preview.total, 0),
                is_by_use=any(_is_by_use(line) for line in preview.lines.data),
            )
    except StripeRefused:
        return None


def _pending_minor(line: stripe.InvoiceLineItem) -> int:
    parent = line.parent
    item = parent.subscription_item_details if parent else None
    if item is not None and not item.proration:
        return 0
    off = sum(discount.amount for discount in line.discount_amounts or [])
    on_top = sum(tax.amount for tax in line.taxes or [] if tax.tax_behavior == "exclusive")
    return line.amount - off + on_top


def _is_by_use(line: stripe.InvoiceLineItem) -> bool:
    details = line.pricing and line.pricing.price_details
    price = details.price if details else None
    recurring = price.recurring if isinstance(price, stripe.Price) else None
    return recurring is not None and recurring.usage_type == "metered"
