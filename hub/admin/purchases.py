"""What customers bought."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.models import Action, OneTimePurchase, Subscription, Transaction
from billing.services import cancellation_rules
from hub.admin.base import RecordAdmin
from hub.admin.columns import short_day
from hub.admin.filters import WhenFilter
from hub.admin.panels import Panel
from hub.presentation.prices import price_of
from hub.presentation.purchases import mark_of


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    list_display = ["product_name", "who", "price", "standing", "next_charge", "started"]
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
                    "price",
                    "card",
                    "next_charge_at",
                    "last_charge_at",
                    "past_due_since",
                    "next_attempt_at",
                ],
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
        (_("Self-cancellation"), {"fields": ["may_cancel", "decided_by"]}),
        (_("At Stripe"), {"fields": ["stripe_subscription_id", "stripe_schedule_id", "synced_at"]}),
    ]
    panels = [Panel(Transaction, by="subscription"), Panel(Action, by="subscription")]

    @admin.display(description=_("price"), ordering="amount_minor")
    def price(self, subscription: Subscription) -> str:
        return price_of(subscription)

    @admin.display(description=_("its customer may cancel it"), boolean=True)
    def may_cancel(self, subscription: Subscription) -> bool:
        return cancellation_rules.decide(subscription).refusal is None

    @admin.display(description=_("decided by"))
    def decided_by(self, subscription: Subscription) -> str:
        return cancellation_rules.decide(subscription).because

    @admin.display(description=_("state"), ordering="status")
    def standing(self, subscription: Subscription) -> str:
        return mark_of(subscription).text

    @admin.display(description=_("next charge"), ordering="next_charge_at")
    def next_charge(self, subscription: Subscription) -> str:
        return short_day(subscription.due_next_at)

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, subscription: Subscription) -> str:
        return short_day(subscription.started_at)


@admin.register(OneTimePurchase)
class OneTimePurchaseAdmin(RecordAdmin):
    list_display = ["product_name", "who", "amount", "refunded", "paid"]
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

    @admin.display(description=_("paid"), ordering="paid_at")
    def paid(self, purchase: OneTimePurchase) -> str:
        return short_day(purchase.paid_at)
