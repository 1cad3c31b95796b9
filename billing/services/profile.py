"""The customer's details, the same here and at every Stripe customer that is this person."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Customer
from billing.gateway import customers as gateway
from billing.gateway.customers import CustomerChange
from billing.gateway.records import CustomerRecord
from billing.models import Action, StripeCustomer
from billing.services import actions
from billing.services.sync.customers import sync_customer, take_in_customer
from billing.services.sync.rows import fill
from billing.services.tax_ids import put_tax_id


@dataclass(frozen=True, kw_only=True)
class Details:
    name: str = ""
    phone: str = ""
    line1: str = ""
    line2: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    company: str = ""
    tax_id: str = ""


def update_details(customer: Customer, *, details: Details) -> None:
    """Stripe first, then here: if Stripe says no, nothing is saved. Raises TaxIdNotValid.

    Of several Stripe customers all get the tax id before any gets the rest, because that is what
    Stripe may refuse.
    """
    wish = {"details": asdict(details)}
    action = actions.start(Action.Kind.UPDATE_DETAILS, customer, parameters=wish)
    with actions.carried_out(action):
        _do(customer, action)


def push_email(customer: Customer) -> None:
    """Let every Stripe customer of this person have the address that was just confirmed.

    It holds here already, so Stripe gets it later if it does not answer now.
    """
    wish = {"email": customer.email}
    action = actions.start(Action.Kind.UPDATE_DETAILS, customer, parameters=wish)
    with actions.carried_out(action, until_done=True):
        _do(customer, action)


def settle(action: Action) -> None:
    """Nobody knows how far it came. If a part of it arrived, or it is a confirmed address, the
    rest follows with the same keys; if nothing did, or the customer has tried again since, let it
    be. Here will be what Stripe has.
    """
    customer, is_address = action.customer, "email" in action.parameters
    newer = customer.actions.filter(kind=action.kind, started_at__gt=action.started_at)
    records = [
        gateway.read_customer(customer.vendor, row.stripe_customer_id)
        for row in _stripe_customers(customer)
    ]
    has_begun = is_address or any(_has_arrived(action, record) for record in records)
    if has_begun and not newer.exists():
        with actions.carried_out(action, until_done=is_address):
            _do(customer, action)
    else:
        actions.finish_not_applied(action)
    for record in records:
        sync_customer(customer.vendor, record.customer_id)


def _do(customer: Customer, action: Action) -> None:
    if "email" in action.parameters:
        _put_email(customer, action)
        return
    details = Details(**action.parameters["details"])
    for row in _stripe_customers(customer):
        put_tax_id(
            customer.vendor,
            row.stripe_customer_id,
            value=details.tax_id,
            country=details.country,
            action=action,
        )
    for row in _stripe_customers(customer):
        asked_at, key = timezone.now(), action.key(f"{row.stripe_customer_id}:details")
        change = _change(details, customer.language)
        answer = gateway.change_customer(
            customer.vendor, row.stripe_customer_id, change=change, key=key
        )
        take_in_customer(customer.vendor, answer, asked_at=asked_at)
    fill(customer, **asdict(details))
    customer.save(update_fields=list(asdict(details)))


def _put_email(customer: Customer, action: Action) -> None:
    email = action.parameters["email"]
    for row in _stripe_customers(customer):
        asked_at, key = timezone.now(), action.key(f"{row.stripe_customer_id}:email")
        answer = gateway.change_email(customer.vendor, row.stripe_customer_id, email=email, key=key)
        take_in_customer(customer.vendor, answer, asked_at=asked_at)


def _stripe_customers(customer: Customer) -> QuerySet[StripeCustomer]:
    return customer.stripe_customers.filter(deleted_at=None).order_by("created_at", "pk")


def _change(details: Details, language: str) -> CustomerChange:
    values = {name: value for name, value in asdict(details).items() if name != "tax_id"}
    return CustomerChange(**values, language=language)


def _has_arrived(action: Action, record: CustomerRecord) -> bool:
    wish = action.parameters.get("details", {"email": action.parameters.get("email")})
    return all(getattr(record, name) == value for name, value in wish.items() if name != "tax_id")
