"""What customers bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.models import Action, OneTimePurchase, Subscription, Transaction
from hub.admin.base import RecordAdmin, WhenFilter
from hub.admin.panels import Panel

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

State = Subscription.State
STATES: dict[State, StrOrPromise] = {
    State.INCOMPLETE: _("Incomplete"),
    State.TRIAL: _("Trial"),
    State.ACTIVE: _("Active"),
    State.PAST_DUE: _("Past due"),
    State.PAUSED: _("Paused"),
    State.ENDING: _("Cancels on a date"),
    State.CANCELLED: _("Cancelled"),
    State.COMPLETED: _("Completed"),
}


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    list_display = [
        "product_name",
        "who",
        "amount",
        "interval",
        "standing",
        "payments",
        "next_charge_at",
        "cancels_at",
        "started_at",
    ]
    list_filter = ["status", ("started_at", WhenFilter)]
    list_select_related = ["customer"]
    search_fields = [
        "product_name",
        "stripe_subscription_id",
        "reference",
        "customer__email",
        "customer__name",
    ]
    search_help_text = _("Product, order, customer or Stripe's id (sub_…)")
    fieldsets = [
        (None, {"fields": ["product_name", "plan_name", "customer", "reference", "standing"]}),
        (
            _("Money"),
            {
                "fields": [
                    "amount",
                    "interval",
                    "payments",
                    "card",
                    "next_charge_at",
                    "past_due_since",
                    "next_attempt_at",
                ]
            },
        ),
        (
            _("Dates"),
            {
                "fields": [
                    "started_at",
                    "trial_ends_at",
                    "period_ends_at",
                    "paused_at",
                    "resumes_at",
                    "cancel_requested_at",
                    "cancels_at",
                    "ended_at",
                ]
            },
        ),
        (_("At Stripe"), {"fields": ["stripe_subscription_id", "stripe_schedule_id", "synced_at"]}),
    ]
    panels = [Panel(Transaction, by="subscription"), Panel(Action, by="subscription")]

    @admin.display(description=_("state"), ordering="status")
    def standing(self, subscription: Subscription) -> StrOrPromise:
        return STATES[subscription.state]

    @admin.display(description=_("payments"))
    def payments(self, subscription: Subscription) -> str:
        if not subscription.is_split_pay:
            return ""
        return _("%(made)s of %(total)s paid") % {
            "made": subscription.payments_made,
            "total": subscription.payments_total,
        }


@admin.register(OneTimePurchase)
class OneTimePurchaseAdmin(RecordAdmin):
    list_display = ["product_name", "who", "amount", "refunded", "paid_at"]
    list_filter = [("paid_at", WhenFilter)]
    list_select_related = ["customer"]
    search_fields = [
        "product_name",
        "stripe_payment_intent_id",
        "reference",
        "customer__email",
        "customer__name",
    ]
    search_help_text = _("Product, order, customer or Stripe's id (pi_…)")
    fields = [
        "product_name",
        "customer",
        "reference",
        "amount",
        "paid_at",
        "refunded",
        "refunded_at",
        "stripe_payment_intent_id",
    ]
    panels = [Panel(Transaction, by="one_time_purchase")]
