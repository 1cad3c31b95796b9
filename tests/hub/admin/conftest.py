"""A full set of records for each vendor, and a member of Acme's team in every role."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Customer, SentMail, TeamMember, Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope
from billing.models import Action, Difference, Failure, StripeEvent, SyncRun
from tests.clients import HubClient, staff
from tests.factories import (
    make_document,
    make_one_time_purchase,
    make_transaction,
    make_user,
    stripe_id,
)

PLATFORM_URLS = "config.platform_urls"
CANARY = "Quetzalcoatl"


def admin_url(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args, urlconf=PLATFORM_URLS)


@dataclass
class Records:
    """One of each, all of this customer."""

    customer: Customer
    rows: dict[str, Any]

    def url(self, model: str) -> str:
        """Of the record's own page, such as `billing_transaction`."""
        return admin_url(f"{model}_change", self.rows[model].pk)


def make_records(customer: Customer, word: str) -> Records:
    """Every one of them says the word."""
    vendor = customer.vendor
    purchase = make_one_time_purchase(customer, product_name=word)
    with vendor_scope(vendor):
        subscription = customer.subscriptions.get()
    document = make_document(customer, title=word)
    common = {"vendor": vendor, "customer": customer}
    with vendor_scope(vendor):
        type(subscription).objects.filter(pk=subscription.pk).update(product_name=word)
        rows = {
            "accounts_customer": customer,
            "accounts_sentmail": SentMail.objects.create(
                **common, message="receipt", to=customer.email, subject=word
            ),
            "accounts_auditentry": audited(customer, word),
            "billing_subscription": subscription,
            "billing_onetimepurchase": purchase,
            "billing_transaction": make_transaction(
                customer, description=word, document=document, subscription=subscription
            ),
            "billing_action": Action.objects.create(
                **common,
                kind=Action.Kind.CANCEL,
                state=Action.State.REFUSED,
                failure_code=f"code_{word}",
                request_id="req_123",
                subscription=subscription,
            ),
            "billing_stripeevent": StripeEvent.objects.create(
                vendor=vendor,
                event_id=stripe_id("evt"),
                type="invoice.paid",
                object_id=f"in_{word}",
                created_at=timezone.now(),
            ),
            "billing_failure": Failure.objects.create(
                **common,
                source=stripe_id("req"),
                code=f"code_{word}",
                object_id="sub_1",
                happened_at=timezone.now(),
            ),
            "billing_syncrun": (run := SyncRun.objects.create(vendor=vendor, kind="everything")),
            "billing_difference": Difference.objects.create(
                vendor=vendor, run=run, object_id=f"cus_{word}", changes={"name": ["", word]}
            ),
            "invoices_document": document,
        }
    return Records(customer, rows)


def audited(customer: Customer, subject: str) -> AuditEntry:
    audit.record("x", customer=customer, subject=subject)
    return AuditEntry.objects.latest("number")


RECORD_MODELS = [
    "accounts_customer",
    "accounts_sentmail",
    "accounts_auditentry",
    "billing_subscription",
    "billing_onetimepurchase",
    "billing_transaction",
    "billing_action",
    "billing_stripeevent",
    "billing_failure",
    "billing_syncrun",
    "billing_difference",
    "invoices_document",
]


@pytest.fixture
def acmes(alice: Customer) -> Records:
    return make_records(alice, "Watercolour")


@pytest.fixture
def globexes(carol: Customer) -> Records:
    with vendor_scope(carol.vendor):
        Customer.objects.filter(pk=carol.pk).update(name=CANARY, email="carol@quetzalcoatl.example")
        carol.refresh_from_db()
    return make_records(carol, CANARY)


@pytest.fixture
def team(acme: Vendor) -> dict[str, HubClient]:
    """A browser for each role at Acme."""
    return {
        role: staff(make_user(f"{role}@team.example", vendor=acme, role=role))
        for role in TeamMember.Role.values
    }
