"""Stripe's customers: read, and changed where the person changed their details."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import stripe

from accounts.models import Vendor
from billing.gateway.client import asking, client_for
from billing.gateway.reading import address_of, card_of, first_text, moment_or_none
from billing.gateway.records import CustomerRecord, TaxIdRecord

if TYPE_CHECKING:
    from stripe.params import CustomerUpdateParams, CustomerUpdateParamsAddress

EXPAND = ["invoice_settings.default_payment_method", "default_source", "tax_ids"]


@dataclass(frozen=True, kw_only=True)
class Address:
    """Stripe replaces an address as a whole. All empty: cleared."""

    line1: str
    line2: str
    postcode: str
    city: str
    region: str
    country: str


@dataclass(frozen=True, kw_only=True)
class CustomerChange:
    """What Stripe shall have. None: as it is there; empty: cleared."""

    name: str | None
    phone: str | None
    company: str | None
    address: Address | None
    language: str


def read_customer(vendor: Vendor, customer_id: str) -> CustomerRecord:
    with asking():
        return _record(client_for(vendor).customers.retrieve(customer_id, {"expand": EXPAND}))


def change_customer(
    vendor: Vendor, customer_id: str, *, change: CustomerChange, key: str
) -> CustomerRecord:
    params: CustomerUpdateParams = {"expand": EXPAND}
    if change.name is not None:
        params["name"] = change.name
    if change.phone is not None:
        params["phone"] = change.phone
    if change.company is not None:
        params["business_name"] = change.company
    if change.address is not None:
        params["address"] = _address(change.address)
    if change.language:
        params["preferred_locales"] = [change.language]
    return _update(vendor, customer_id, params, key)


def _address(address: Address) -> CustomerUpdateParamsAddress | Literal[""]:
    """Stripe takes no empty parts."""
    parts: CustomerUpdateParamsAddress = {}
    if address.line1:
        parts["line1"] = address.line1
    if address.line2:
        parts["line2"] = address.line2
    if address.postcode:
        parts["postal_code"] = address.postcode
    if address.city:
        parts["city"] = address.city
    if address.region:
        parts["state"] = address.region
    if address.country:
        parts["country"] = address.country
    return parts or ""


def change_email(vendor: Vendor, customer_id: str, *, email: str, key: str) -> CustomerRecord:
    return _update(vendor, customer_id, {"email": email, "expand": EXPAND}, key)


def change_default_card(
    vendor: Vendor, customer_id: str, *, payment_method_id: str, key: str
) -> CustomerRecord:
    params: CustomerUpdateParams = {
        "invoice_settings": {"default_payment_method": payment_method_id},
        "expand": EXPAND,
    }
    return _update(vendor, customer_id, params, key)


def _update(
    vendor: Vendor, customer_id: str, params: CustomerUpdateParams, key: str
) -> CustomerRecord:
    with asking():
        customers = client_for(vendor).customers
        return _record(customers.update(customer_id, params, {"idempotency_key": key}))


def read_tax_ids(vendor: Vendor, customer_id: str) -> list[TaxIdRecord]:
    with asking():
        found = client_for(vendor).customers.tax_ids.list(customer_id, {"limit": 100})
        return [
            TaxIdRecord(tax_id_id=tax_id.id, type=tax_id.type, value=tax_id.value)
            for tax_id in found.auto_paging_iter()
        ]


def add_tax_id(vendor: Vendor, customer_id: str, *, kind: str, value: str, key: str) -> None:
    """Raises TaxIdNotValid where Stripe says that the value is not of its kind's form."""
    with asking():
        client_for(vendor).customers.tax_ids.create(
            customer_id, {"type": kind, "value": value}, {"idempotency_key": key}
        )


def remove_tax_id(vendor: Vendor, customer_id: str, *, tax_id_id: str, key: str) -> None:
    with asking():
        client_for(vendor).customers.tax_ids.delete(
            customer_id, tax_id_id, options={"idempotency_key": key}
        )


def _record(customer: stripe.Customer) -> CustomerRecord:
    if getattr(customer, "deleted", None):
        return CustomerRecord(customer_id=customer.id, created_at=None, is_deleted=True)
    settings = customer.invoice_settings
    tax_ids = customer.tax_ids.data if customer.tax_ids else []
    return CustomerRecord(
        customer_id=customer.id,
        created_at=moment_or_none(customer.created),
        is_deleted=False,
        email=customer.email or "",
        name=first_text(customer.name, customer.individual_name),
        phone=customer.phone or "",
        **address_of(customer.address),
        company=customer.business_name or "",
        tax_id=tax_ids[0].value if tax_ids else "",
        language=(customer.preferred_locales or [""])[0],
        balance_minor=customer.balance or 0,
        card=card_of(
            settings.default_payment_method if settings else None, customer.default_source
        ),
    )
