"""Customers: who they are, and everything of theirs."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Customer, SentMail
from billing.models import Action, Failure, OneTimePurchase, Subscription, Transaction
from hub.admin.base import RecordAdmin, WhenFilter
from hub.admin.columns import lines
from hub.admin.panels import Panel
from invoices.models import Document


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    list_display = ["email", "name", "company", "country", "created_at"]
    list_filter = [("created_at", WhenFilter)]
    search_fields = [
        "email",
        "name",
        "company",
        "addresses__address",
        "stripe_customers__stripe_customer_id",
    ]
    search_help_text = _("E-mail, name, company or Stripe's id (cus_…)")
    fields = [
        "email",
        "further_addresses",
        "name",
        "phone",
        "postal_address",
        "company",
        "tax_id",
        "language",
        "stripe_ids",
        "created_at",
    ]
    panels = [
        Panel(Subscription, by="customer"),
        Panel(OneTimePurchase, by="customer"),
        Panel(Transaction, by="customer"),
        Panel(Document, by="customer"),
        Panel(SentMail, by="customer"),
        Panel(Action, by="customer"),
        Panel(Failure, by="customer", even_if_empty=False),
        Panel(AuditEntry, by="customer"),
    ]

    @admin.display(description=_("further addresses"))
    def further_addresses(self, customer: Customer) -> SafeString:
        known = customer.addresses.exclude(address__iexact=customer.email)
        return lines(known.values_list("address", flat=True))

    @admin.display(description=_("address"))
    def postal_address(self, customer: Customer) -> SafeString:
        place = f"{customer.postcode} {customer.city}".strip()
        return lines(
            [customer.line1, customer.line2, place, customer.region, customer.country.name]
        )

    @admin.display(description=_("at Stripe"))
    def stripe_ids(self, customer: Customer) -> SafeString:
        return lines(customer.stripe_customers.values_list("stripe_customer_id", flat=True))
