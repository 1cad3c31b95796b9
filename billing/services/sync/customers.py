"""From Stripe's customer to ours: who it is, their details, their default card."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.languages import supported
from accounts.mail import validate_mailbox
from accounts.models import Customer, EmailAddress, Vendor
from accounts.services import addresses
from accounts.tenancy import current_vendor
from billing import sentences
from billing.errors import NotSupported
from billing.gateway import customers as gateway
from billing.gateway.records import CustomerRecord
from billing.models import Action, StripeCustomer
from billing.services.sync.rows import SavedMeanwhile, card_fields, fill, read_and_save

DETAILS = (
    "name",
    "phone",
    "line1",
    "line2",
    "postcode",
    "city",
    "region",
    "country",
    "company",
    "tax_id",
)


def sync_customer(vendor: Vendor, stripe_customer_id: str) -> StripeCustomer | None:
    """None: it was deleted in Stripe before we ever heard of it."""
    return read_and_save(lambda: gateway.read_customer(vendor, stripe_customer_id), _save)


def ensure_customer(vendor: Vendor, stripe_customer_id: str) -> StripeCustomer:
    """Our row, made now if this is the first we hear of them."""
    if not stripe_customer_id:
        raise NotSupported(sentences.UNAVAILABLE, detail="It belongs to no Stripe customer.")
    known = StripeCustomer.objects.filter(stripe_customer_id=stripe_customer_id).first()
    row = known or sync_customer(vendor, stripe_customer_id)
    if row is None:
        raise NotSupported(sentences.UNAVAILABLE, detail="Its Stripe customer was deleted.")
    return row


def take_in_customer(vendor: Vendor, record: CustomerRecord, *, asked_at: datetime) -> None:
    """Save what Stripe answered to a change."""
    try:
        with transaction.atomic():
            _save(record, asked_at)
    except SavedMeanwhile:
        sync_customer(vendor, record.customer_id)


def _save(record: CustomerRecord, asked_at: datetime) -> StripeCustomer | None:
    row = _locked(record.customer_id)
    if row is None and not record.is_deleted:
        row = _new(record)
    if row is None:
        return None
    if not row._state.adding and row.synced_at > asked_at:
        raise SavedMeanwhile
    if record.is_deleted:
        row.deleted_at = row.deleted_at or timezone.now()
    else:
        _take_over_email(row, _mailbox(record.email))
        fill(row, **card_fields(record.card), balance_minor=record.balance_minor)
    row.save()
    if not record.is_deleted:
        _copy_details(row, record)
    return row


def _locked(stripe_customer_id: str) -> StripeCustomer | None:
    rows = StripeCustomer.objects.select_for_update(of=("self",)).select_related("customer")
    return rows.filter(stripe_customer_id=stripe_customer_id).first()


def _new(record: CustomerRecord) -> StripeCustomer:
    """For a person we know by their address, or for a new one. One worker at a time makes one.

    An address that nobody proved joins nobody who has other ways in: those might be someone
    else's, who would then get at this purchase.
    """
    email = _mailbox(record.email)
    vendor = _vendor_locked()
    if row := _locked(record.customer_id):
        return row
    address = EmailAddress.matching(email).select_related("customer").first() if email else None
    is_known = address is not None and addresses.stands_for(address)
    customer = address.customer if address and is_known else Customer(vendor=vendor, email=email)
    if customer._state.adding:
        customer.save()
    if address and not is_known:
        addresses.hand_over(address, customer)
    created_at = record.created_at or timezone.now()
    return StripeCustomer(
        vendor=vendor,
        customer=customer,
        stripe_customer_id=record.customer_id,
        created_at=created_at,
    )


def _vendor_locked() -> Vendor:
    return Vendor.objects.select_for_update(no_key=True).get(pk=current_vendor().pk)


def _mailbox(address: str) -> str:
    """Stripe takes addresses that no mail server would."""
    try:
        validate_mailbox(address)
    except ValidationError:
        return ""
    return address


def _take_over_email(row: StripeCustomer, email: str) -> None:
    """A new address in Stripe is the vendor's word: it opens the hub, and mails go there.

    One that another person already has stays theirs. An address that the customer confirmed here
    wins over Stripe's, as long as the vendor does not change it there. The address before it
    opens nothing any more, unless its owner has proved it, it is another purchase's, or it was the
    customer who chose the new one as their main address.
    """
    if not email or email == row.email:
        return
    customer, former = row.customer, row.email
    is_ours = customer.email == email
    known = EmailAddress.matching(email).first()
    if known is None:
        known = EmailAddress(vendor_id=row.vendor_id, customer=customer, address=email)
        known.save()
    if known.customer_id == customer.pk and customer.email in ("", row.email):
        customer.email = email
        customer.save(update_fields=["email"])
    row.email = email
    is_taken_back = bool(former) and not is_ours and not _is_used_elsewhere(row, former)
    if known.customer_id == customer.pk and is_taken_back:
        addresses.forget(customer, former)


def _is_used_elsewhere(row: StripeCustomer, email: str) -> bool:
    others = row.customer.stripe_customers.filter(deleted_at=None).exclude(pk=row.pk)
    return others.filter(email__iexact=email).exists()


def _copy_details(row: StripeCustomer, record: CustomerRecord) -> None:
    """The newest of a person's Stripe customers knows best, unless they are changing it now."""
    customer = Customer.objects.select_for_update().get(pk=row.customer_id)
    living = customer.stripe_customers.filter(deleted_at=None)
    is_newest = living.order_by(*StripeCustomer.NEWEST_FIRST).first() == row
    is_changing = Action.objects.filter(
        customer=customer,
        kind=Action.Kind.UPDATE_DETAILS,
        state__in=[Action.State.STARTED, Action.State.UNKNOWN],
    ).exists()
    if is_newest and not is_changing:
        fill(customer, **{name: getattr(record, name) for name in DETAILS})
        if not customer.language:
            customer.language = supported(record.language)
        customer.save()
