"""Paying what is past due, while the customer is there to approve it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer
from billing import sentences
from billing.errors import BillingError, BillingUnavailable, CardDeclined, CardNotConfirmed, NotLive
from billing.gateway import payments
from billing.gateway.client import for_a_page
from billing.gateway.payments import OpenInvoiceRecord, PaymentRecord, Standing
from billing.models import Action, StripeAccount, Subscription
from billing.services import actions, card_attempts
from billing.services.cards import card_of, live_subscriptions
from billing.services.sync.subscriptions import OVERDUE, sync_subscription

if TYPE_CHECKING:
    from django.db.models import QuerySet

TIME_TO_APPROVE = timedelta(hours=1)
"""How long a payment may wait for its owner's word to the bank; then the try is over."""


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


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A payment that the browser can bring before the bank."""

    product_name: str
    amount_minor: int
    currency: str
    client_secret: str
    payment_method_id: str


# --- Paying ---


def overdue_of(
    customer: Customer, *, subscription: Subscription | None = None
) -> list[Subscription]:
    """What is past due and charged to a card, longest first."""
    rows = [
        row
        for row in live_subscriptions(customer)
        if row.status in OVERDUE and (subscription is None or row.pk == subscription.pk)
    ]
    return sorted(rows, key=lambda row: (row.past_due_since or timezone.now(), str(row.pk)))


def pay_with_card_on_file(
    customer: Customer, *, subscription: Subscription | None = None
) -> Payment:
    """Try what failed once more, each with the card that pays for it anyway.

    Raises NotLive where nothing is past due, and TooManyAttempts.
    """
    rows = [row for row in overdue_of(customer, subscription=subscription) if card_of(row)]
    if not rows:
        raise NotLive(_("Nothing is open any more."))
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
            card = card_of(row)
            method = payment_method_id or (card.stripe_payment_method_id if card else "")
            problem, standing = _pay(row, invoice, method, attempt, owner_is_there)
            amount, currency = invoice.remaining_minor, invoice.currency
            tries.append(_try(row, amount, currency, problem, standing))
        for row in rows:
            _read_again(row)
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
            unasked.append(_try(row, row.past_due_minor, row.currency, error))
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


def _try(
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


def _read_again(subscription: Subscription) -> None:
    """So that the next page is true; if Stripe does not answer, its event brings it."""
    try:
        sync_subscription(subscription.vendor, subscription.stripe_subscription_id)
    except BillingUnavailable:
        return


# --- When the bank asks the card's owner (3-D Secure) ---


def _waiting(customer: Customer) -> QuerySet[Action]:
    return (
        customer.actions.filter(
            kind=Action.Kind.PAY,
            state=Action.State.STARTED,
            parameters__waits=True,
            started_at__gt=timezone.now() - TIME_TO_APPROVE,
        )
        .select_related("vendor", "customer", "subscription")
        .order_by("started_at")
    )


def approvals_of(customer: Customer) -> list[Approval]:
    """What the browser shall bring before the bank, oldest first; what has come right by now, or
    cannot any more, is settled on the way."""
    found = []
    with for_a_page():
        for action in _waiting(customer):
            payment = payments.read_payment(action.vendor, action.parameters["invoice"])
            if payment.standing != Standing.WAITS_FOR_OWNER and not _can_be_asked_again(payment):
                _conclude(action, payment)
                continue
            found.append(
                Approval(
                    product_name=action.subscription.product_name if action.subscription else "",
                    amount_minor=action.parameters["amount_minor"],
                    currency=action.parameters["currency"],
                    client_secret=payment.client_secret,
                    payment_method_id=action.parameters["payment_method"],
                )
            )
    return found


def account_for_browsers(customer: Customer) -> StripeAccount:
    """Whose publishable key, and whose connected account, Stripe.js is to use."""
    return StripeAccount.objects.get(vendor=customer.vendor_id)


def _can_be_asked_again(payment: PaymentRecord) -> bool:
    """Nothing has been refused yet: the try has not come to its bank."""
    return payment.standing == Standing.OPEN and not payment.failure_code


def finish_approvals(customer: Customer) -> Payment:
    """After the browser: each payment is read again, whatever the browser says of it."""
    tries = []
    with for_a_page():
        for action in _waiting(customer):
            payment = payments.read_payment(action.vendor, action.parameters["invoice"])
            error = _conclude(action, payment)
            if action.subscription is None:
                continue
            tries.append(
                _try(
                    action.subscription,
                    action.parameters["amount_minor"],
                    action.parameters["currency"],
                    error,
                    payment.standing,
                )
            )
    return Payment(tries=tries)


def _conclude(action: Action, payment: PaymentRecord) -> BillingError | None:
    """Write down how the try stands. None: it is paid, on its way, or still waits."""
    error: BillingError | None = None
    if payment.standing == Standing.OPEN:
        error = _refusal(payment)
        actions.finish(action, Action.State.REFUSED, error=error)
    elif payment.standing != Standing.WAITS_FOR_OWNER:
        actions.finish(action, Action.State.DONE)
    if action.subscription is not None and payment.standing != Standing.WAITS_FOR_OWNER:
        _read_again(action.subscription)
    return error


def _refusal(payment: PaymentRecord) -> BillingError:
    is_bank = payment.failure_code not in ("", "payment_intent_authentication_failure")
    kind = CardDeclined if is_bank else CardNotConfirmed
    return kind(
        sentences.sentence_for(kind, payment.failure_code, payment.decline_code),
        code=payment.failure_code,
        decline_code=payment.decline_code,
        request_id=payment.request_id,
    )


def settle(action: Action) -> None:
    """Nobody came back to say. A try that waits for its owner is given its time."""
    payment = payments.read_payment(action.vendor, action.parameters["invoice"])
    is_paid = payment.standing in (Standing.PAID, Standing.ON_ITS_WAY)
    if is_paid:
        actions.finish(action, Action.State.DONE)
    elif action.parameters.get("waits"):
        if action.started_at > timezone.now() - TIME_TO_APPROVE:
            return
        actions.finish(action, Action.State.REFUSED, error=_refusal(payment))
    else:
        actions.finish_not_applied(action)
    sync_subscription(action.vendor, payment.subscription_id)
