"""What Stripe says, as plain frozen values: money in minor units, moments aware, ids as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing.gateway.schedule_records import ScheduleRecord
from billing.gateway.tariffs import Tariff
from billing.states import ENDINGS, Ending


@dataclass(frozen=True, kw_only=True)
class CardRecord:
    """The means of payment, as far as it may be shown."""

    payment_method_id: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    account: str = ""
    """A wallet's address or tag; a card has none."""


@dataclass(frozen=True, kw_only=True)
class PartyRecord:
    """Who somebody is, as Stripe knows them."""

    email: str = ""
    name: str = ""
    phone: str = ""
    line1: str = ""
    line2: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    company: str = ""
    tax_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomerRecord(PartyRecord):
    customer_id: str
    created_at: datetime | None
    """None for one that was deleted: Stripe then says no more than its id."""
    is_deleted: bool
    language: str = ""
    balance_minor: int = 0
    """Taken off the next invoices where it is negative, else added to the next."""
    card: CardRecord | None = None


@dataclass(frozen=True, kw_only=True)
class TaxIdRecord:
    tax_id_id: str
    type: str
    value: str


@dataclass(frozen=True, kw_only=True)
class DiscountRecord:
    """A percentage or an amount; `is_once`: off the next invoice only. Where it names products,
    it comes off theirs only."""

    name: str
    percent: Decimal | None
    amount_minor: int
    is_once: bool
    ends_at: datetime | None
    product_ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ItemRecord:
    """`amount_minor` is for all its units, and 0 where use decides."""

    product_id: str
    product_name: str
    plan_name: str
    quantity: int
    amount_minor: int
    interval: str
    interval_count: int
    is_metered: bool
    tariff: Tariff
    period_ends_at: datetime
    discounts: list[DiscountRecord]
    metadata: dict[str, str]
    """The product's, overruled by the price's."""


@dataclass(frozen=True, kw_only=True)
class SubscriptionRecord:
    subscription_id: str
    customer_id: str
    status: str
    is_flexible: bool
    is_managed: bool
    items: list[ItemRecord]
    discounts: list[DiscountRecord]
    tax_is_added: bool
    currency: str
    collection_method: str
    schedule: ScheduleRecord | None
    created_at: datetime
    started_at: datetime
    cycle_anchored_at: datetime
    trial_ends_at: datetime | None
    without_card: str
    """What becomes of a trial that ends without one: cancel, create_invoice or pause."""
    takes_cards: bool
    cancel_at: datetime | None
    cancels_at_period_end: bool
    cancel_requested_at: datetime | None
    ended_at: datetime | None
    paused_at: datetime | None
    collection_paused: bool
    resumes_at: datetime | None
    card: CardRecord | None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def ending(self) -> Ending:
        """How Stripe is told to end it."""
        return ENDINGS[self.is_flexible, self.schedule is not None and self.schedule.is_running]

    @property
    def period_ends_at(self) -> datetime:
        """Access is paid for until the last of its items' periods ends."""
        return max(item.period_ends_at for item in self.items)

    @property
    def next_period_at(self) -> datetime:
        return min(item.period_ends_at for item in self.items)


@dataclass(frozen=True, kw_only=True)
class InvoiceRecord:
    invoice_id: str
    customer_id: str
    subscription_id: str
    status: str
    currency: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class LineRecord:
    """One thing sold, or taken back; amounts are for the whole quantity, after the discount."""

    line_id: str
    description: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    quantity: Decimal = Decimal(1)
    discount_minor: int = 0
    """As Stripe shows it: with the tax, where prices include it."""
    credit_minor: int = 0
    """Of a credit that the customer was granted for metered prices."""
    net_minor: int
    tax_minor: int
    tax_rate: int | None
    """In hundredths of a percent; None where there is none."""
    tax_label: str
    is_reverse_charged: bool = False
    is_prorated: bool = False
    """For a part of its period: it has no price for each."""


@dataclass(frozen=True, kw_only=True)
class ShippingRecord:
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, kw_only=True)
class CreditNoteRecord:
    """Before the payment it made less due; after it, money went back, to the card by `refunds`
    (amounts by their ids), outside of Stripe, or else to the customer's balance there."""

    credit_note_id: str
    number: str
    total_minor: int
    before_payment_minor: int
    after_payment_minor: int
    outside_minor: int
    refunds: dict[str, int]
    lines: list[LineRecord]
    created_at: datetime

    @property
    def not_refunded_minor(self) -> int:
        return self.after_payment_minor - sum(self.refunds.values())


@dataclass(frozen=True, kw_only=True)
class SaleRecord:
    """What a payment was for. `balance_minor`: what of the customer's balance at Stripe was used
    (below zero), or paid off with it."""

    customer_id: str
    total_minor: int
    tax_minor: int
    lines: list[LineRecord]
    shipping: ShippingRecord | None
    invoice_id: str = ""
    billed: PartyRecord | None = None
    """Whom the invoice is made out to, as they were when it was finalised."""
    subscription_id: str = ""
    billing_reason: str = ""
    balance_minor: int = 0
    credit_notes: list[CreditNoteRecord] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChargeRecord:
    charge_id: str
    customer_id: str
    payment_intent_id: str
    status: str
    amount_minor: int
    refunded_minor: int
    is_disputed: bool
    currency: str
    description: str
    failure_code: str
    card: CardRecord | None
    created_at: datetime
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def payment_id(self) -> str:
        """What Stripe knows the payment by; charges of old have no PaymentIntent."""
        return self.payment_intent_id or self.charge_id


@dataclass(frozen=True, kw_only=True)
class RefundRecord:
    refund_id: str
    status: str
    amount_minor: int
    currency: str
    reason: str
    failure_code: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class DisputeRecord:
    dispute_id: str
    status: str
    amount_minor: int
    currency: str
    reason: str
    respond_by: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class SetupIntentRecord:
    setup_intent_id: str
    customer_id: str
    status: str
    client_secret: str
    card: CardRecord | None
    failure_code: str
    decline_code: str
    request_id: str
    """Of the request that failed."""

    @property
    def is_open(self) -> bool:
        return self.status in (
            "requires_payment_method",
            "requires_confirmation",
            "requires_action",
        )
