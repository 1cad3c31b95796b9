"""Customers: who they are, and everything of theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from accounts.languages import supported
from accounts.models import AuditEntry, Customer, EmailAddress, SentMail
from accounts.services import delivery, support_views
from accounts.tenancy import vendor_scope
from billing.models import Action, Failure, OneTimePurchase, Subscription, Transaction
from hub.admin import roles, view_as
from hub.admin.base import RecordAdmin
from hub.admin.columns import lines
from hub.admin.filters import WhenFilter
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
        "undelivered",
        "name",
        "phone",
        "postal_address",
        "company",
        "tax_id",
        "spoken_language",
        "stripe_ids",
        "created_at",
    ]
    change_form_template = "admin/customer.html"
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

    @admin.display(description=_("mail does not arrive"))
    def undelivered(self, customer: Customer) -> SafeString:
        return lines(_trouble(row) for row in customer.addresses.exclude(trouble=""))

    @admin.display(description=_("address"))
    def postal_address(self, customer: Customer) -> SafeString:
        place = f"{customer.postcode} {customer.city}".strip()
        return lines(
            [customer.line1, customer.line2, place, customer.region, customer.country.name]
        )

    @admin.display(description=_("language"))
    def spoken_language(self, customer: Customer) -> str:
        spoken = supported(customer.language)
        return gettext(get_language_info(spoken)["name"]) if spoken else customer.language

    @admin.display(description=_("at Stripe"))
    def stripe_ids(self, customer: Customer) -> SafeString:
        return lines(customer.stripe_customers.values_list("stripe_customer_id", flat=True))

    def get_urls(self) -> list[URLPattern]:
        again = path(
            "<int:customer_id>/mail-again/<int:address_id>/",
            self.admin_site.admin_view(self.mail_again),
            name="accounts_customer_mail_again",
        )
        view_as_page = path(
            "<int:customer_id>/view-as/",
            self.admin_site.admin_view(self.view_as),
            name="accounts_customer_view_as",
        )
        return [again, view_as_page, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        customer: Customer = context["original"]
        if roles.may(request, roles.LINK_SENDERS, customer.vendor_id):
            context["in_trouble"] = customer.addresses.exclude(trouble="")
        context["may_view_as"] = support_views.may_view(roles.staff_of(request), customer.vendor)
        return super().render_change_form(request, context, *args, **kwargs)

    def view_as(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        customer: Customer | None = self.get_object(request, str(customer_id))
        if customer is None:
            raise Http404
        return view_as.page(self.admin_site, request, customer)

    def mail_again(self, request: HttpRequest, customer_id: int, address_id: int) -> HttpResponse:
        """Ask first, then let mail go to the address again."""
        customer: Customer | None = self.get_object(request, str(customer_id))
        if customer is None:
            raise Http404
        if not roles.may(request, roles.LINK_SENDERS, customer.vendor_id):
            raise PermissionDenied
        row = get_object_or_404(EmailAddress, pk=address_id, customer=customer)
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Send mail again"),
                "opts": self.opts,
                "original": customer,
                "address": row,
            }
            return TemplateResponse(request, "admin/mail_again.html", context)
        with vendor_scope(customer.vendor):
            delivery.end_trouble(row, by=roles.staff_of(request))
        messages.success(request, gettext("Mail goes to %(to)s again.") % {"to": row.address})
        return redirect("admin:accounts_customer_change", customer.pk)


def _trouble(row: EmailAddress) -> str:
    """`alice@example.com: sent back since 3 Nov 2026 (550 5.1.1 no such user)`"""
    since = date_format(localtime(row.trouble_at), "SHORT_DATE_FORMAT")
    words = {"address": row.address, "trouble": row.get_trouble_display(), "day": since}
    said = gettext("%(address)s: %(trouble)s since %(day)s") % words
    return f"{said} ({row.trouble_detail})" if row.trouble_detail else said
