"""What happened: mails, self-service acts, the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, PlatformEntry, SentMail
from billing.models import Action
from hub.admin.base import RecordAdmin
from hub.admin.filters import Choices, Filter, WhenFilter
from hub.presentation.activity import ACTS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MESSAGES: dict[str, StrOrPromise] = {
    "add_email": _("Further e-mail address to be confirmed"),
    "cancellation": _("Cancellation"),
    "cancellation_undone": _("Cancellation undone"),
    "card_changed": _("Card changed"),
    "card_expiring": _("Card expiring"),
    "confirm_email": _("New e-mail address to be confirmed"),
    "credit_note": _("Credit note"),
    "reversal": _("Reversal"),
    "domain_missing": _("Domain without its DNS record"),
    "email_changed": _("E-mail addresses changed"),
    "magic_link": _("Sign-in link"),
    "payment_failed": _("Payment failed"),
    "profile_link": _("Profile link"),
    "receipt": _("Receipt"),
    "staff_invitation": _("Invitation to the team"),
    "staff_removal": _("Removal from the team"),
    "update_link": _("Card update link"),
}

STAFF_ACTS: dict[str, StrOrPromise] = {
    "domain_added": _("Domain added"),
    "domain_in_links": _("Domain for links chosen"),
    "domain_lapsed": _("Domain no longer proved"),
    "domain_removed": _("Domain removed"),
    "domain_verified": _("Domain proved"),
    "stripe_keys_changed": _("Stripe keys changed"),
    "stripe_connected": _("Stripe account connected"),
    "stripe_connection_begun": _("Connecting a Stripe account begun"),
    "stripe_disconnected": _("Stripe account disconnected"),
    "stripe_events_replayed": _("Stripe events replayed"),
    "password_chosen": _("Password chosen"),
    "proof_added": _("Second factor set up"),
    "proof_removed": _("Second factor removed"),
    "second_factor_removed": _("Second factor removed by an operator"),
    "staff_added": _("Person added to the staff"),
    "staff_changed": _("Person or role changed by an operator"),
    "staff_password_set": _("Password set by an operator"),
    "vendor_added": _("Vendor added"),
    "vendor_changed": _("Settings changed"),
}


def as_json(value: object) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


@admin.register(SentMail)
class SentMailAdmin(RecordAdmin):
    list_display = ["subject", "to", "what", "who", "sent_at", "outcome"]
    list_filter = ["held_back", ("sent_at", WhenFilter)]
    list_select_related = ["customer"]
    search_fields = ["to", "subject", "message"]
    search_help_text = _("Address, subject or kind of message")
    fields = ["subject", "to", "what", "who", "sent_at", "outcome"]

    @admin.display(description=_("message"), ordering="message")
    def what(self, mail: SentMail) -> StrOrPromise:
        return MESSAGES.get(mail.message, mail.message)

    @admin.display(description=_("outcome"), ordering="held_back")
    def outcome(self, mail: SentMail) -> str:
        return gettext("Held back") if mail.held_back else gettext("Handed over")


class FailureFilter(Filter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, _request: HttpRequest, _admin: Any) -> Choices:
        return [("failed", gettext("Failures only"))]

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(state__in=[Action.State.REFUSED, Action.State.UNKNOWN])


@admin.register(Action)
class ActionAdmin(RecordAdmin):
    list_display = [
        "kind",
        "state",
        "who",
        "subscription",
        "failure_code",
        "decline_code",
        "request_id",
        "started_at",
    ]
    list_filter = [FailureFilter, "kind", ("started_at", WhenFilter)]
    list_select_related = ["customer", "subscription"]
    search_fields = ["customer__email", "customer__name", "failure_code", "request_id"]
    search_help_text = _("Customer, Stripe's code or request id (req_…)")
    fields = [
        "kind",
        "state",
        "who",
        "subscription",
        "failure_code",
        "decline_code",
        "request_id",
        "reason",
        "sent_to_stripe",
        "parameters_hash",
        "started_at",
        "finished_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Whoever only looked at the form for a new card did nothing yet."""
        only_opened = Q(kind=Action.Kind.CHANGE_CARD, state=Action.State.STARTED, failure_code="")
        return super().get_queryset(request).exclude(only_opened & ~Q(parameters__has_key="card"))

    @admin.display(description=_("sent to Stripe"))
    def sent_to_stripe(self, action: Action) -> SafeString:
        return as_json(action.parameters)


class EntryAdmin(RecordAdmin):
    list_filter = [("at", WhenFilter)]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["subtitle"] = self.what(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("action"), ordering="action")
    def what(self, entry: AuditEntry | PlatformEntry) -> StrOrPromise:
        return (ACTS | STAFF_ACTS).get(entry.action, entry.action)

    @admin.display(description=_("by"))
    def by(self, entry: AuditEntry | PlatformEntry) -> str:
        if entry.by_user:
            return entry.by_user.email
        return gettext("the customer") if _by_customer(entry) else gettext("the hub")

    @admin.display(description=_("detail"))
    def details(self, entry: AuditEntry | PlatformEntry) -> SafeString | str:
        return as_json(entry.detail) if entry.detail else ""


def _by_customer(entry: AuditEntry | PlatformEntry) -> bool:
    return isinstance(entry, AuditEntry) and entry.by_customer


@admin.register(AuditEntry)
class AuditEntryAdmin(EntryAdmin):
    list_display = ["what", "subject", "who", "by", "client", "at"]
    list_select_related = ["customer", "by_user"]
    search_fields = ["action", "subject", "customer__email", "by_user__email"]
    search_help_text = _("Action, subject, customer or staff member")
    fields = [
        "number",
        "what",
        "subject",
        "customer",
        "by",
        "client",
        "details",
        "at",
        "previous_hash",
        "hash",
    ]


@admin.register(PlatformEntry)
class PlatformEntryAdmin(EntryAdmin):
    """What was done to staff, whosever team they are in: for operators."""

    is_a_vendors = False
    viewers = frozenset()
    vendor_path = "pk"
    list_display = ["what", "subject", "by", "client", "at"]
    list_select_related = ["by_user"]
    search_fields = ["action", "subject", "by_user__email"]
    search_help_text = _("Action, or the address of a staff member")
    fields = [
        "number",
        "what",
        "subject",
        "by",
        "client",
        "details",
        "at",
        "previous_hash",
        "hash",
    ]
