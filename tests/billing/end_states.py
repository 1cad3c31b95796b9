"""What there is in the end: all rows about money, without our own ids and clocks."""

from typing import Any

from accounts.models import Customer, Vendor
from billing.models import StripeCustomer, Subscription, Transaction
from billing.services.sync.customers import sync_customer
from billing.services.sync.one_off_invoices import sync_one_off_invoices
from billing.services.sync.payments import sync_charge
from billing.services.sync.subscriptions import sync_subscription
from invoices.models import Document

OURS = frozenset({"id", "synced_at", "created_at", "issued_at", "mailed_at"})


def end_state() -> list[list[dict[str, Any]]]:
    rows = []
    for model in (Customer, StripeCustomer, Subscription, Transaction, Document):
        fields = [field for field in model._meta.concrete_fields if not field.is_relation]
        names = [field.name for field in fields if field.name not in OURS]
        rows.append(sorted(model.objects.values(*names), key=repr))
    return rows


def differs_from_stripe(vendor: Vendor) -> bool:
    """Whether reading everything again from Stripe changes anything here."""
    before = end_state()
    for customer in StripeCustomer.objects.filter(deleted_at=None):
        sync_customer(vendor, customer.stripe_customer_id)
        sync_one_off_invoices(vendor, customer.stripe_customer_id)
    for subscription in Subscription.objects.all():
        sync_subscription(vendor, subscription.stripe_subscription_id)
    for charge in Transaction.objects.filter(kind=Transaction.Kind.CHARGE):
        sync_charge(vendor, charge.stripe_id)
    return end_state() != before
