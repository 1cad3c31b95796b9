"""One function per thing a test may need. Say only what the test is about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Customer, EmailAddress, TeamMember, User, Vendor
from accounts.tenancy import vendor_scope
from billing.models import OneTimePurchase, StripeAccount, StripeCustomer, Subscription, Transaction
from invoices.models import Document, DocumentSettings, Line

LONG_AGO = datetime(2025, 9, 3, 9, 30, tzinfo=UTC)

_numbers = count(1)


def stripe_id(prefix: str) -> str:
    return f"{prefix}_{next(_numbers):06}"


def make_vendor(name: str = "Acme", **fields: Any) -> Vendor:
    word = name.lower()
    given = {
        "subdomain": word,
        "support_email": f"help@{word}.example",
        "legal_name": f"{name} Ltd",
        "legal_address": "14 Harcourt Street\nDublin 2",
    }
    return Vendor.objects.create(name=name, **given | fields)


def make_stripe_account(vendor: Vendor, **fields: Any) -> StripeAccount:
    given = {
        "secret_key": f"sk_test_{vendor.subdomain}",
        "publishable_key": f"pk_test_{vendor.subdomain}",
        "webhook_secret": f"whsec_{vendor.subdomain}",
    }
    with vendor_scope(vendor):
        return StripeAccount.objects.create(vendor=vendor, **given | fields)


def make_document_settings(vendor: Vendor, **fields: Any) -> DocumentSettings:
    with vendor_scope(vendor):
        return DocumentSettings.objects.create(vendor=vendor, **fields)


def make_customer(vendor: Vendor, name: str = "Alice", **fields: Any) -> Customer:
    """With the one address it signs in with."""
    given = {"email": f"{name.lower()}@example.com"}
    with vendor_scope(vendor):
        customer = Customer.objects.create(vendor=vendor, name=name, **given | fields)
        EmailAddress.objects.create(vendor=vendor, customer=customer, address=customer.email)
    return customer


def make_stripe_customer(customer: Customer, **fields: Any) -> StripeCustomer:
    given = {
        "stripe_customer_id": stripe_id("cus"),
        "created_at": LONG_AGO,
        "stripe_payment_method_id": stripe_id("pm"),
        "card_brand": "visa",
        "card_last4": "4242",
        "card_exp_month": 8,
        "card_exp_year": 2027,
    }
    with vendor_scope(customer.vendor):
        return StripeCustomer.objects.create(
            vendor=customer.vendor, customer=customer, **given | fields
        )


def stripe_customer_of(customer: Customer) -> StripeCustomer:
    with vendor_scope(customer.vendor):
        return customer.stripe_customers.first() or make_stripe_customer(customer)


def item_of(**fields: Any) -> dict[str, Any]:
    """One of a subscription's items, 19 euros a month."""
    given = {
        "name": "Lab",
        "plan": "",
        "quantity": 1,
        "amount_minor": 1900,
        "off_minor": 0,
        "interval": "month",
        "interval_count": 1,
        "is_metered": False,
        "tariff": None,
    }
    return given | fields


def one_item(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """What a subscription with these fields is made of, if of one thing."""
    names = ("amount_minor", "interval", "interval_count")
    return [item_of(**{name: fields[name] for name in names if name in fields})]


def make_subscription(customer: Customer, **fields: Any) -> Subscription:
    """Ongoing, active, 19 euros a month, next charged in ten days."""
    ends_at = datetime.now(UTC) + timedelta(days=10)
    given = {
        "stripe_customer": stripe_customer_of(customer),
        "stripe_subscription_id": stripe_id("sub"),
        "product_name": "Language Lab: Italian",
        "amount_minor": 1900,
        "currency": "eur",
        "interval": "month",
        "status": Subscription.Status.ACTIVE,
        "started_at": LONG_AGO,
        "period_ends_at": ends_at,
        "next_charge_at": ends_at,
    }
    wanted = given | fields
    given |= {
        "items": one_item(wanted),
        "next_price_minor": wanted["amount_minor"],
        "next_amount_minor": wanted["amount_minor"],
        "open_minor": wanted.get("past_due_minor", 0),
    }
    with vendor_scope(customer.vendor):
        return Subscription.objects.create(
            vendor=customer.vendor, customer=customer, **given | fields
        )


def make_one_time_purchase(customer: Customer, **fields: Any) -> OneTimePurchase:
    given = {
        "stripe_customer": stripe_customer_of(customer),
        "stripe_payment_intent_id": stripe_id("pi"),
        "product_name": "Travel Phrases",
        "amount_minor": 4900,
        "currency": "eur",
        "paid_at": LONG_AGO,
    }
    with vendor_scope(customer.vendor):
        return OneTimePurchase.objects.create(
            vendor=customer.vendor, customer=customer, **given | fields
        )


def make_transaction(customer: Customer, **fields: Any) -> Transaction:
    given = {
        "kind": Transaction.Kind.CHARGE,
        "status": Transaction.Status.SUCCEEDED,
        "stripe_id": stripe_id("ch"),
        "description": "Language Lab: Italian",
        "amount_minor": 1900,
        "currency": "eur",
        "card_brand": "visa",
        "card_last4": "4242",
        "happened_at": LONG_AGO,
    }
    with vendor_scope(customer.vendor):
        return Transaction.objects.create(
            vendor=customer.vendor, customer=customer, **given | fields
        )


def make_document(customer: Customer, **fields: Any) -> Document:
    """A receipt of one line, not yet rendered; `total_minor` is all net unless told otherwise."""
    number = next(_numbers)
    total = fields.get("total_minor", 1900)
    given = {
        "kind": Document.Kind.RECEIPT,
        "number": f"{customer.vendor.subdomain.upper()}-{number:05}",
        "source": f"invoice in_{number:06}",
        "language": "en",
        "title": "Language Lab: Italian",
        "seller": {"name": customer.vendor.legal_name, "lines": [], "tax_id": "", "email": ""},
        "buyer": {"name": customer.name, "lines": [], "tax_id": "", "email": customer.email},
        "currency": "eur",
        "net_minor": total,
        "tax_minor": 0,
        "total_minor": total,
        "paid_at": LONG_AGO,
        "paid_with": "Visa •••• 4242",
        "issued_at": LONG_AGO,
    }
    with vendor_scope(customer.vendor):
        document = Document.objects.create(
            vendor=customer.vendor, customer=customer, **given | fields
        )
        Line.objects.create(
            vendor=customer.vendor,
            document=document,
            position=1,
            description=document.title,
            net_minor=document.net_minor,
            tax_minor=document.tax_minor,
        )
    return document


def make_user(
    email: str, *, vendor: Vendor | None = None, role: str = TeamMember.Role.OWNER, **fields: Any
) -> User:
    """Staff of this vendor; without one, a user who works for nobody."""
    user = User.objects.create_user(email, "correct horse", is_staff=True, **fields)
    if vendor:
        TeamMember.objects.create(vendor=vendor, user=user, role=role)
    return user
