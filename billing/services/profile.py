"""The customer's details: what they change, here and at every Stripe customer that is this person.

Those may differ, as with two companies of one person; what was not changed stays as it is at each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Customer
from billing.errors import StripeRefused
from billing.gateway import customers as gateway
from billing.gateway.customers import Address, CustomerChange
from billing.gateway.records import CustomerRecord
from billing.models import Action, StripeCustomer
from billing.services import actions
from billing.services.failures import record_failure
from billing.services.sync.customers import sync_customer, take_in_customer
from billing.services.sync.rows import fill
from billing.services.tax_ids import canonical, put_tax_id

type Put = Callable[[StripeCustomer, Action], None]


class Refused(dict[str, StripeRefused]):
    """Why Stripe refused a change, by the Stripe customer."""


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


ADDRESS = tuple(Address.__dataclass_fields__)


def update_details(customer: Customer, *, details: Details) -> bool:
    """Stripe first, then here: if Stripe says no, nothing is saved. Raises TaxIdNotValid.

    Of several Stripe customers the newest decides, whose details are those here. All get the tax
    id before any gets the rest, because that is what Stripe may refuse. False: an older one was
    refused, which the vendor is told.
    """
    if details.tax_id != customer.tax_id:
        details = replace(details, tax_id=canonical(details.tax_id, details.country))
    changes = _changes(customer, asdict(details))
    wish = {"details": asdict(details), "changed": _names_of(changes)}
    action = actions.start(Action.Kind.UPDATE_DETAILS, customer, parameters=wish)
    with actions.carried_out(action):
        actions.remember_changes(action, **changes)
        refused = _do(customer, action)
    return _tell(refused, action)


def goes_to_several(customer: Customer) -> bool:
    """Whether a change reaches more than one Stripe customer."""
    return _stripe_customers(customer).count() > 1


def push_email(customer: Customer) -> None:
    """Let every Stripe customer of this person have the address that was just confirmed.

    It holds here already, so Stripe gets it later if it does not answer now.
    """
    wish = {"email": customer.email}
    action = actions.start(Action.Kind.UPDATE_DETAILS, customer, parameters=wish)
    with actions.carried_out(action, until_done=True):
        refused = _do(customer, action)
    _tell(refused, action)


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
            refused = _do(customer, action)
        _tell(refused, action)
    else:
        actions.finish_not_applied(action)
    for record in records:
        sync_customer(customer.vendor, record.customer_id)


def _changes(customer: Customer, wish: dict[str, str]) -> dict[str, actions.Change]:
    """Of what was asked for, that which is not so yet."""
    present = {name: str(getattr(customer, name)) for name in wish}
    return {name: (present[name], wish[name]) for name in wish if present[name] != wish[name]}


def _names_of(changes: dict[str, actions.Change]) -> list[str]:
    """An address is one thing, so it goes as a whole."""
    is_moved = any(name in ADDRESS for name in changes)
    return [*(name for name in changes if name not in ADDRESS), *(ADDRESS if is_moved else ())]


def _do(customer: Customer, action: Action) -> Refused:
    if "email" in action.parameters:
        return _put_everywhere(customer, action, [_put_email])
    wish = _wish(action)
    steps: list[Put] = [_put_tax_id] if "tax_id" in wish else []
    if wish.keys() - {"tax_id"}:
        steps.append(_put_details)
    refused = _put_everywhere(customer, action, steps)
    fill(customer, **wish)
    customer.save(update_fields=list(wish))
    return refused


def _put_everywhere(customer: Customer, action: Action, steps: list[Put]) -> Refused:
    """Whoever was deleted at Stripe meanwhile is left out."""
    rows, refused = list(_stripe_customers(customer)), Refused()
    for put in steps:
        for row in [row for row in rows if row.stripe_customer_id not in refused]:
            try:
                put(row, action)
            except StripeRefused as error:
                if error.is_missing and _is_gone(row):
                    return _put_everywhere(customer, action, steps)
                if row == rows[0]:
                    raise
                refused[row.stripe_customer_id] = error
    return refused


def _is_gone(row: StripeCustomer) -> bool:
    sync_customer(row.vendor, row.stripe_customer_id)
    row.refresh_from_db()
    return row.deleted_at is not None


def _tell(refused: Refused, action: Action) -> bool:
    """Once the act is done, which settles what went wrong before."""
    for key, error in refused.items():
        record_failure(error, action=action, source=f"{action.pk}:{key}", object_id=key)
    return not refused


def _put_tax_id(row: StripeCustomer, action: Action) -> None:
    details = Details(**action.parameters["details"])
    put_tax_id(
        row.vendor,
        row.stripe_customer_id,
        value=details.tax_id,
        country=details.country,
        action=action,
    )


def _put_details(row: StripeCustomer, action: Action) -> None:
    asked_at, key = timezone.now(), action.key(f"{row.stripe_customer_id}:details")
    change = _change(_wish(action), row.customer.language)
    answer = gateway.change_customer(row.vendor, row.stripe_customer_id, change=change, key=key)
    take_in_customer(row.vendor, answer, asked_at=asked_at)


def _put_email(row: StripeCustomer, action: Action) -> None:
    asked_at, key = timezone.now(), action.key(f"{row.stripe_customer_id}:email")
    email = action.parameters["email"]
    answer = gateway.change_email(row.vendor, row.stripe_customer_id, email=email, key=key)
    take_in_customer(row.vendor, answer, asked_at=asked_at)


def _stripe_customers(customer: Customer) -> QuerySet[StripeCustomer]:
    """The newest first."""
    rows = customer.stripe_customers.filter(deleted_at=None)
    return rows.select_related("vendor", "customer").order_by(*StripeCustomer.NEWEST_FIRST)


def _wish(action: Action) -> dict[str, str]:
    """What shall be, of that which the customer changed."""
    if "email" in action.parameters:
        return {"email": action.parameters["email"]}
    details: dict[str, str] = action.parameters["details"]
    return {name: details[name] for name in action.parameters["changed"]}


def _change(wish: dict[str, str], language: str) -> CustomerChange:
    return CustomerChange(
        name=wish.get("name"),
        phone=wish.get("phone"),
        company=wish.get("company"),
        address=Address(**{name: wish[name] for name in ADDRESS}) if "country" in wish else None,
        language=language,
    )


def _has_arrived(action: Action, record: CustomerRecord) -> bool:
    wish = _wish(action)
    return all(getattr(record, name) == value for name, value in wish.items() if name != "tax_id")
