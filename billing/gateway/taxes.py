"""Taxes as Stripe tells them: an amount of each rate, and the rate itself by its id."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import stripe

type Rates = dict[str, stripe.TaxRate]
type Tax = stripe.InvoiceLineItem.Tax | stripe.CreditNoteLineItem.Tax

UNTAXED = frozenset({"customer_exempt", "reverse_charge"})
"""The rate is named, but does not apply to this customer."""


def rates_of(client: stripe.V1Services, taxes: Iterable[Tax]) -> Rates:
    ids = dict.fromkeys(rate_id for tax in taxes if (rate_id := id_of_rate(tax)))
    return {rate_id: client.tax_rates.retrieve(rate_id) for rate_id in ids}


def id_of_rate(tax: Tax) -> str:
    return tax.tax_rate_details.tax_rate if tax.tax_rate_details else ""


def rate_of(
    taxes: list[tuple[Tax | stripe.LineItem.Tax, stripe.TaxRate | None]],
) -> tuple[int | None, str]:
    """Together in hundredths of a percent, and by name: several on one line are one rate."""
    known = [(tax, rate) for tax, rate in taxes if rate is not None]
    if not known or any(rate.rate_type == "flat_amount" for _tax, rate in known):
        return None, ""
    percentages = [
        Decimal(0) if tax.taxability_reason in UNTAXED else Decimal(str(rate.percentage))
        for tax, rate in known
    ]
    names = dict.fromkeys(rate.display_name for _tax, rate in known)
    return round(sum(percentages, Decimal(0)) * 100), " + ".join(names)
