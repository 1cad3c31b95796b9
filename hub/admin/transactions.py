"""Transactions, and the profile link that support sends from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import AskedTooOften
from accounts.services import sign_in
from accounts.tenancy import vendor_scope
from billing.models import Transaction
from hub.admin import roles
from hub.admin.base import RecordAdmin
from hub.admin.columns import short_day
from hub.admin.filters import WhenFilter
from hub.admin.panels import Panel

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Kind, Status = Transaction.Kind, Transaction.Status
OUTCOMES: dict[tuple[str, str], StrOrPromise] = {
    (Kind.CHARGE, Status.SUCCEEDED): gettext_lazy("Paid"),
    (Kind.CHARGE, Status.PENDING): gettext_lazy("Pending"),
    (Kind.CHARGE, Status.FAILED): gettext_lazy("Failed"),
    (Kind.REFUND, Status.SUCCEEDED): gettext_lazy("Refunded"),
    (Kind.REFUND, Status.PENDING): gettext_lazy("Refund pending"),
    (Kind.REFUND, Status.FAILED): gettext_lazy("Refund failed"),
    (Kind.DISPUTE, Status.SUCCEEDED): gettext_lazy("Dispute lost"),
    (Kind.DISPUTE, Status.PENDING): gettext_lazy("Disputed"),
    (Kind.DISPUTE, Status.FAILED): gettext_lazy("Dispute won"),
    (Kind.CREDIT, Status.SUCCEEDED): gettext_lazy("Credited"),
}


@admin.register(Transaction)
class TransactionAdmin(RecordAdmin):
    list_display = [
        "description",
        "who",
        "amount",
        "outcome",
        "document",
        "day",
    ]
    list_filter = ["kind", "status", ("happened_at", WhenFilter)]
    list_select_related = ["customer", "document", "subscription", "one_time_purchase", "charge"]
    search_fields = [
        "stripe_id",
        "stripe_invoice_id",
        "one_time_purchase__stripe_payment_intent_id",
        "customer__email",
        "customer__name",
        "customer__addresses__address",
        "document__number",
    ]
    search_help_text = gettext_lazy("E-mail, name, document number or Stripe's id (pi_…, re_…)")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "description",
                    "customer",
                    "amount",
                    "card",
                    "kind",
                    "status",
                    "happened_at",
                ]
            },
        ),
        (
            gettext_lazy("At Stripe"),
            {
                "fields": [
                    "stripe_status",
                    "reason",
                    "respond_by",
                    "failure_code",
                    "stripe_id",
                    "stripe_invoice_id",
                ]
            },
        ),
        (
            gettext_lazy("Belongs to"),
            {"fields": ["subscription", "one_time_purchase", "document", "charge"]},
        ),
    ]
    panels = [
        Panel(
            Transaction,
            by="charge",
            title=gettext_lazy("Refunds, disputes and credits"),
            even_if_empty=False,
        )
    ]
    change_form_template = "admin/transaction.html"

    @admin.display(description=gettext_lazy("outcome"), ordering="status")
    def outcome(self, transaction: Transaction) -> StrOrPromise:
        return OUTCOMES[transaction.kind, transaction.status]

    @admin.display(description=gettext_lazy("date"), ordering="happened_at")
    def day(self, transaction: Transaction) -> str:
        return short_day(transaction.happened_at)

    def get_urls(self) -> list[URLPattern]:
        send = path(
            "<int:transaction_id>/send-profile-link/",
            self.admin_site.admin_view(self.send_profile_link),
            name="billing_transaction_send_profile_link",
        )
        return [send, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        vendor_id = context["original"].vendor_id
        context["may_send_link"] = roles.may(request, roles.LINK_SENDERS, vendor_id)
        return super().render_change_form(request, context, *args, **kwargs)

    def send_profile_link(self, request: HttpRequest, transaction_id: int) -> HttpResponse:
        """Ask first, then mail. The customer alone gets the link; nothing of it comes back here."""
        transaction: Transaction | None = self.get_object(request, str(transaction_id))
        if transaction is None:
            raise Http404
        if not roles.may(request, roles.LINK_SENDERS, transaction.vendor_id):
            raise PermissionDenied
        if not transaction.customer.email:
            messages.error(request, _("This customer has no e-mail address to send a link to."))
            return redirect("admin:billing_transaction_change", transaction.pk)
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "title": _("Send profile link"),
                "opts": self.opts,
                "original": transaction,
            }
            return TemplateResponse(request, "admin/send_profile_link.html", context)
        self._send(request, transaction)
        return redirect("admin:billing_transaction_change", transaction.pk)

    def _send(self, request: HttpRequest, transaction: Transaction) -> None:
        """Staff know that there is this customer: why nothing was sent tells them nothing new."""
        customer, by = transaction.customer, roles.staff_of(request)
        source = f"transaction {transaction.stripe_id}"
        try:
            with vendor_scope(transaction.vendor):
                sign_in.send_profile_link(customer, by=by, source=source)
        except AskedTooOften:
            said = _(
                "No link was sent: %(email)s was mailed several just now or today. At most three"
                " in 15 minutes and ten a day go to one mailbox. Try again later."
            )
            messages.error(request, said % {"email": customer.email})
        else:
            said = _("Profile link sent to %(email)s")
            messages.success(request, said % {"email": customer.email})
