"""What a customer bought: our copy of Stripe's subscriptions and one-time purchases."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.tenancy import VendorOwned
from billing.models.stripe_customers import CardOnFile, StripeCustomer

CHARGED_BY_ITSELF = "charge_automatically"


class Subscription(CardOnFile, VendorOwned):
    """Ongoing, in trial, or a split-pay plan (then `payments_total` says how many payments).

    Money is per period and in minor units; the card is the subscription's own, if it has one.
    `items`: what it is made of, each with name, plan, quantity, amount_minor and what lasting
    discounts take off that (off_minor), interval, interval_count, is_metered and a tariff where
    there is more to a price than one amount (see billing.gateway.tariffs).
    `discounts`: each with name, percent or amount_minor, is_once, ends_on and of_what (the items
    it is limited to). `is_managed`: sold by Stripe itself (Managed Payments).
    `without_card`: what becomes of a trial that ends without a card, in Stripe's word.
    `next_amount_minor` is None where use or a discount to come decides; so is `next_price_minor`,
    which is what of it the period that begins then costs, before tax. A split-pay plan's payments
    may differ (`payments_vary`). `last_charge_at` is a split-pay plan's. `next_charge_at` passes
    over phases of a schedule that cost nothing.
    `drafted_at`: a renewal's invoice is a draft for about an hour, then Stripe collects it,
    cancelled or not; `next_charge_at` is the one after it.
    `past_due_minor`: once it has ended, all that is open.
    `waits_for_approval`: nothing was declined, the bank asks the card's owner first (3-D Secure).
    `open_minor`: what all open invoices (`open_count`) come to, overdue or not; `open_invoice_url`:
    Stripe's page of the oldest of them.
    `next_is_exact`: Stripe said so, tax and all; then `next_pending_minor` of it is for changes and
    extras until now, and `next_balance_minor` is owed from before (negative: paid by a credit).
    `last_bill_*`: what it still collects at an end.
    `cancels_at` is an end that someone asked for, never the planned end of a split-pay plan.
    """

    class Status(models.TextChoices):
        INCOMPLETE = "incomplete", _("Incomplete")
        INCOMPLETE_EXPIRED = "incomplete_expired", _("Incomplete, expired")
        TRIALING = "trialing", _("Trial")
        ACTIVE = "active", _("Active")
        PAST_DUE = "past_due", _("Past due")
        UNPAID = "unpaid", _("Unpaid")
        PAUSED = "paused", _("Paused")
        CANCELED = "canceled", _("Cancelled")

    class State(models.TextChoices):
        """What the customer reads."""

        INCOMPLETE = "incomplete"
        NEVER_BEGAN = "never_began"
        TRIAL = "trial"
        ACTIVE = "active"
        PAST_DUE = "past_due"
        PAUSED = "paused"
        ENDING = "ending"
        CANCELLED = "cancelled"
        COMPLETED = "completed"

    LIVE_STATUSES: ClassVar[tuple[str, ...]] = (
        Status.TRIALING,
        Status.ACTIVE,
        Status.PAST_DUE,
        Status.UNPAID,
        Status.PAUSED,
    )

    ENDED_STATUSES: ClassVar[tuple[str, ...]] = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="subscriptions", verbose_name=_("customer")
    )
    stripe_customer = models.ForeignKey(
        StripeCustomer, models.PROTECT, related_name="subscriptions"
    )
    stripe_subscription_id = models.CharField(_("Stripe id"), max_length=64)
    stripe_schedule_id = models.CharField(_("schedule at Stripe"), max_length=64, blank=True)
    product_name = models.CharField(_("product"), max_length=250)
    plan_name = models.CharField(_("plan"), max_length=250, blank=True)
    reference = models.CharField(_("order"), max_length=80, blank=True)
    items = models.JSONField(default=list)
    amount_minor = models.BigIntegerField(_("amount"))
    discounts = models.JSONField(default=list)
    tax_is_added = models.BooleanField(default=False)
    currency = models.CharField(_("currency"), max_length=3)
    interval = models.CharField(_("interval"), max_length=10)
    interval_count = models.PositiveSmallIntegerField(default=1)
    is_managed = models.BooleanField(default=False)
    status = models.CharField(_("status"), max_length=20, choices=Status)
    collection_method = models.CharField(max_length=25, default=CHARGED_BY_ITSELF)
    payments_total = models.PositiveSmallIntegerField(_("payments in all"), null=True)
    payments_made = models.PositiveSmallIntegerField(_("payments made"), default=0)
    payments_vary = models.BooleanField(default=False)
    started_at = models.DateTimeField(_("started at"))
    trial_ends_at = models.DateTimeField(_("trial ends at"), null=True)
    period_ends_at = models.DateTimeField(_("period ends at"), null=True)
    without_card = models.CharField(max_length=20, blank=True)
    next_charge_at = models.DateTimeField(_("next charge at"), null=True)
    next_price_minor = models.BigIntegerField(null=True)
    next_amount_minor = models.BigIntegerField(_("next charge"), null=True)
    next_is_exact = models.BooleanField(default=False)
    next_pending_minor = models.BigIntegerField(default=0)
    next_balance_minor = models.BigIntegerField(default=0)
    last_charge_at = models.DateTimeField(_("last payment at"), null=True)
    last_bill_at = models.DateTimeField(_("last bill at"), null=True)
    last_bill_minor = models.BigIntegerField(_("last bill"), null=True)
    drafted_at = models.DateTimeField(null=True)
    drafted_minor = models.BigIntegerField(default=0)
    cancels_at = models.DateTimeField(_("cancels at"), null=True)
    cancel_requested_at = models.DateTimeField(_("cancellation requested at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    paused_at = models.DateTimeField(_("paused at"), null=True)
    resumes_at = models.DateTimeField(_("resumes at"), null=True)
    past_due_since = models.DateTimeField(_("past due since"), null=True)
    past_due_minor = models.BigIntegerField(_("amount past due"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True)
    waits_for_approval = models.BooleanField(default=False)
    open_count = models.PositiveSmallIntegerField(default=0)
    open_minor = models.BigIntegerField(default=0)
    open_invoice_url = models.URLField(max_length=1000, blank=True)
    synced_at = models.DateTimeField(_("read from Stripe at"), auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-id"]
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor", "stripe_subscription_id"], name="each_stripe_subscription_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["vendor", "customer", "-started_at", "-id"], name="subscription_by_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.product_name

    @property
    def is_split_pay(self) -> bool:
        return self.payments_total is not None

    @property
    def is_paid_off(self) -> bool:
        """Whether all is paid, and Stripe charges nothing more."""
        is_paid = self.payments_total is not None and self.payments_made >= self.payments_total
        return is_paid and self.next_charge_at is None

    @property
    def is_charged_by_itself(self) -> bool:
        """Else its customer is sent invoices, and pays them."""
        return self.collection_method == CHARGED_BY_ITSELF

    @property
    def is_by_use(self) -> bool:
        """Whether a part of the price is only known once it is billed."""
        return any(item["is_metered"] for item in self.items)

    @property
    def is_free_now(self) -> bool:
        is_priced = self.is_by_use or any(item["amount_minor"] for item in self.items)
        return bool(self.items) and not is_priced

    @property
    def is_free(self) -> bool:
        """Now, and by all that is agreed for later."""
        is_priced_later = self.next_charge_at is not None and self.next_price_minor != 0
        return self.is_free_now and not is_priced_later

    @property
    def costs_nothing(self) -> bool:
        """It is free, and nothing else waits to be billed with it."""
        return self.is_free and not (self.next_charge_at and self.next_amount_minor)

    @property
    def is_live(self) -> bool:
        """Whether Stripe still lets anything be changed."""
        return self.status in self.LIVE_STATUSES

    @property
    def has_ended(self) -> bool:
        """Or never began; what waits for its first payment has not."""
        return self.status in self.ENDED_STATUSES

    @property
    def is_ending(self) -> bool:
        """Whether the customer (or staff) has cancelled it for a later date."""
        return self.is_live and self.cancels_at is not None

    @property
    def is_paused(self) -> bool:
        """All of it, or only its charges; either way it is for the vendor to say who has access."""
        return self.status == self.Status.PAUSED or self.paused_at is not None

    @property
    def paying_card(self) -> CardOnFile | None:
        """Its own card, or else its Stripe customer's."""
        candidates: list[CardOnFile] = [self, self.stripe_customer]
        return next((card for card in candidates if card.has_card), None)

    @property
    def due_next_at(self) -> datetime | None:
        """When it is charged next, if it is not cancelled: what is drawn up already comes first."""
        return self.drafted_at or self.next_charge_at

    @property
    def due_next_minor(self) -> int | None:
        return self.drafted_minor if self.drafted_at else self.next_amount_minor

    @property
    def access_ends_at(self) -> datetime | None:
        """When it ends if it is cancelled now: the end of what is paid for, or of the trial."""
        return self.trial_ends_at if self.status == self.Status.TRIALING else self.period_ends_at

    @property
    def state(self) -> State:
        """The first that holds; what the customer should act on comes before what merely is."""
        holds = {
            self.State.COMPLETED: self.is_paid_off,
            self.State.NEVER_BEGAN: self.status == self.Status.INCOMPLETE_EXPIRED,
            self.State.CANCELLED: self.has_ended,
            self.State.INCOMPLETE: self.status == self.Status.INCOMPLETE,
            self.State.PAST_DUE: self.status in (self.Status.PAST_DUE, self.Status.UNPAID),
            self.State.ENDING: self.is_ending,
            self.State.PAUSED: self.is_paused,
            self.State.TRIAL: self.status == self.Status.TRIALING,
        }
        return next((state for state, so in holds.items() if so), self.State.ACTIVE)


class OneTimePurchase(VendorOwned):
    """Something paid for once; there is no card to change and nothing to cancel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="one_time_purchases", verbose_name=_("customer")
    )
    stripe_customer = models.ForeignKey(
        StripeCustomer, models.PROTECT, related_name="one_time_purchases"
    )
    stripe_payment_intent_id = models.CharField(_("Stripe id"), max_length=64)
    product_name = models.CharField(_("product"), max_length=250)
    reference = models.CharField(_("order"), max_length=80, blank=True)
    amount_minor = models.BigIntegerField(_("amount"))
    refunded_minor = models.BigIntegerField(_("refunded"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    paid_at = models.DateTimeField(_("paid at"))
    refunded_at = models.DateTimeField(_("refunded at"), null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-paid_at", "-id"]
        verbose_name = _("one-time purchase")
        verbose_name_plural = _("one-time purchases")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor", "stripe_payment_intent_id"], name="each_one_time_purchase_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["vendor", "customer", "-paid_at", "-id"], name="one_time_by_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.product_name
