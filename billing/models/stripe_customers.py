"""Our copy of Stripe's customers, and the card that pays: theirs, or a subscription's own."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import ClassVar

from django.db import models

from accounts.models import Customer
from accounts.tenancy import VendorOwned


class CardOnFile(models.Model):
    """The card that pays, as far as a page may show it. Empty: none of its own.

    It may be another means of payment (`card_brand` then names its kind, as in `sepa_debit`), known
    by an address rather than by a number (`card_account`, as with Link and PayPal).
    """

    stripe_payment_method_id = models.CharField(max_length=64, blank=True)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_account = models.CharField(max_length=250, blank=True)
    card_exp_month = models.PositiveSmallIntegerField(null=True)
    card_exp_year = models.PositiveSmallIntegerField(null=True)

    class Meta:
        abstract = True

    @property
    def has_card(self) -> bool:
        return bool(self.stripe_payment_method_id)

    @property
    def expires_on(self) -> date | None:
        """The last day of its month. None: it does not expire."""
        if not self.card_exp_year or not self.card_exp_month:
            return None
        _first, days = monthrange(self.card_exp_year, self.card_exp_month)
        return date(self.card_exp_year, self.card_exp_month, days)


class StripeCustomer(CardOnFile, VendorOwned):
    """One of the Stripe customers that are this person, with its default card.

    `email` is Stripe's: where it changes there, the vendor has changed it. So is `balance_minor`:
    what Stripe takes off the next invoices where it is negative, else adds to the next.
    `one_off_invoices`: those that are open and belong to no subscription, oldest first (see
    billing.one_off_invoices).
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="stripe_customers")
    stripe_customer_id = models.CharField(max_length=64)
    email = models.EmailField(blank=True)
    balance_minor = models.BigIntegerField(default=0)
    one_off_invoices = models.JSONField(default=list)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(auto_now=True)

    NEWEST_FIRST: ClassVar[tuple[str, ...]] = ("-created_at", "-pk")
    """Stripe's moments are whole seconds; of two in one second, the one we heard of last."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor", "stripe_customer_id"], name="each_stripe_customer_once"
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_customer_id
