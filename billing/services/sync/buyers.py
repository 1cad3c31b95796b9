"""Who stands on a receipt as its buyer: whom Stripe billed, whoever else the person may be."""

from __future__ import annotations

from accounts.models import Customer, Vendor
from billing.gateway import customers as gateway
from billing.gateway.records import PartyRecord
from billing.models import StripeCustomer
from billing.services.sync.customers import DETAILS
from billing.services.sync.rows import fill

IDENTITY = frozenset(DETAILS) - {"phone"}


def read_party(vendor: Vendor, owner: StripeCustomer) -> PartyRecord | None:
    """This very Stripe customer's details. None: they are the person's here, who has no other, or
    Stripe has them no more."""
    others = StripeCustomer.objects.filter(customer=owner.customer_id).exclude(pk=owner.pk)
    if not others.exists():
        return None
    record = gateway.read_customer(vendor, owner.stripe_customer_id)
    return None if record.is_deleted else record


def buyer_of(
    customer: Customer, *, party: PartyRecord | None, billed: PartyRecord | None
) -> Customer:
    """As the invoice has it, else as this Stripe customer, else as the person. An invoice says one
    name only; where that is still theirs, person and company both stand there."""
    own = _as_customer(party, customer) if party and _is_told(party) else customer
    if billed is None or not _is_told(billed):
        return own
    buyer = _as_customer(billed, own)
    if buyer.name in (own.name, own.company):
        buyer.name, buyer.company = own.name, own.company
    return buyer


def _is_told(party: PartyRecord) -> bool:
    return any(getattr(party, name) for name in IDENTITY)


def _as_customer(party: PartyRecord, otherwise: Customer) -> Customer:
    """Of no row: it only stands on a document."""
    buyer = Customer(email=party.email or otherwise.email)
    fill(buyer, **{name: getattr(party, name) for name in DETAILS})
    return buyer
