"""Paying what is past due, while the customer is there to approve it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils import timezone

from accounts.models import Customer
from billing import states
from billing.errors import BillingError, BillingUnavailable, CardNotConfirmed, NotLive
from billing.gateway import payments
from billing.gateway.client import for_a_page
from billing.gateway.payments import OpenInvoiceRecord, Standing
from billing.models import Action, StripeCustomer, Subscription
from billing.services import actions, card_attempts
from billing.services.cards import live_subscriptions
from billing.services.sync.subscriptions import sync_subscription

if TYPE_CHECKING:
    pass

OVERDUE = (Subscription.Status.PAST_DUE, Subscription.Status.UNPAID)


class Outcome(Enum):
    PAID = auto()
    ON_ITS_WAY = auto()
    WAITS_FOR_OWNER = auto()
    REFUSED = auto()
    UNKNOWN = auto()
    """Stripe did not answer: the sweep finds out."""


@dataclass(frozen=True, kw_only=True)
class Try:
    """What became of one open invoice."""

    product_name: str
    amount_minor: int
    currency: str
    outcome: Outcome
    error: BillingError | None = None


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What became of all that was open, oldest first."""

    tries: list[Try] = field(default_factory=list)

    def with_outcome(self, *outcomes: Outcome) -> list[Try]:
        return [one for one in self.tries if one.outcome in outcomes]


def overdue_of(
    customer: Customer, *, subscription: Subscription | None = None
) -> list[Subscription]:
    """What is past due and charged to a card, longest first."""
    rows = [
        row
        for row in live_subscriptions(customer)
        if (row.status in OVERDUE or row.past_due_minor)
        and (subscription is None or row.pk == subscription.pk)
    ]
    return sorted(rows, key=lambda row: (row.past_due_since or timezone.now(), str(row.pk)))


def owners_of_one_offs(customer: Customer) -> list[StripeCustomer]:
    """This person's Stripe customers with an open invoice that belongs to no subscription."""
    living = customer.stripe_customers.filter(deleted_at=None)
    return list(living.exclude(one_off_invoices=[]))


def pay_with_card_on_file(
    customer: Customer, *, subscription: Subscription | None = None
) -> Payment:
    """Try what failed once more, each with the card that pays for it anyway.

    Raises NotLive where nothing is past due, and TooManyAttempts.
    """
    rows = [row for row in overdue_of(customer, subscription=subscription) if row.paying_card]
    if not rows:
        refusal = states.refusal(subscription, states.Act.PAY) if subscription else None
        raise NotLive(refusal or states.NOTHING_DUE)
    card_attempts.check(customer)
    return pay(rows, attempt=str(uuid4()))


def pay(
    subscriptions: Iterable[Subscription],
    *,
    payment_method_id: str = "",
    attempt: str = "",
    owner_is_there: bool = True,
) -> Payment:
    """Each open invoice of each, oldest first; all are tried. With this payment method, or with
    the one on file. `attempt`: counts as one of the few that a customer has."""
    rows = list(subscriptions)
    with for_a_page():
        found, tries = _open_invoices(rows)
        for row, invoice in found:
            card = row.paying_card
            method = payment_method_id or (card.stripe_payment_method_id if card else "")
            problem, standing = _pay(row, invoice, method, attempt, owner_is_there)
            amount, currency = invoice.remaining_minor, invoice.currency
            tries.append(tried(row, amount, currency, problem, standing))
        for row in rows:
            read_again(row)
    return Payment(tries=tries)


def _open_invoices(
    rows: list[Subscription],
) -> tuple[list[tuple[Subscription, OpenInvoiceRecord]], list[Try]]:
    """Of all of them the oldest first; and what Stripe could not be asked about."""
    found, unasked = [], []
    for row in rows:
        try:
            listed = payments.open_invoices(row.vendor, row.stripe_subscription_id)
        except BillingError as error:
            unasked.append(tried(row, row.past_due_minor, row.currency, error))
        else:
            found += [(row, invoice) for invoice in listed]
    return sorted(found, key=lambda pair: pair[1].created_at), unasked


def _pay(
    subscription: Subscription,
    invoice: OpenInvoiceRecord,
    method: str,
    attempt: str,
    owner_is_there: bool,
) -> tuple[BillingError | None, Standing]:
    """Every try is an action of its own: Stripe answers a key it knows with the old refusal."""
    wish = {
        "invoice": invoice.invoice_id,
        "payment_method": method,
        "amount_minor": invoice.remaining_minor,
        "currency": invoice.currency,
    }
    action = actions.start(
        Action.Kind.PAY,
        subscription.customer,
        subscription=subscription,
        parameters=wish | ({"attempt": attempt} if attempt else {}),
    )
    try:
        standing = payments.pay_invoice(
            subscription.vendor,
            invoice.invoice_id,
            payment_method_id=method,
            key=action.key("pay"),
            owner_is_there=owner_is_there,
        )
    except CardNotConfirmed as error:
        actions.remember(action, waits=True)
        return error, Standing.WAITS_FOR_OWNER
    except BillingError as error:
        if error.code == "invoice_already_paid":
            actions.finish(action, Action.State.DONE)
            return None, Standing.PAID
        actions.give_up(action, error)
        return error, Standing.OPEN
    actions.finish(action, Action.State.DONE)
    return None, standing


def tried(
    subscription: Subscription,
    amount_minor: int,
    currency: str,
    error: BillingError | None,
    standing: Standing = Standing.OPEN,
) -> Try:
    outcomes = {
        Standing.PAID: Outcome.PAID,
        Standing.ON_ITS_WAY: Outcome.ON_ITS_WAY,
        Standing.WAITS_FOR_OWNER: Outcome.WAITS_FOR_OWNER,
    }
    is_unknown = isinstance(error, BillingUnavailable) and error.outcome_unknown
    return Try(
        product_name=subscription.product_name,
        amount_minor=amount_minor,
        currency=currency,
        outcome=outcomes.get(standing) or (Outcome.UNKNOWN if is_unknown else Outcome.REFUSED),
        error=error,
    )


def read_again(subscription: Subscription) -> None:
    """So that the next page is true; if Stripe does not answer, its event brings it."""
    try:
        sync_subscription(subscription.vendor, subscription.stripe_subscription_id)
    except BillingUnavailable:
        return
