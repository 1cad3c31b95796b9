"""Payments that a bank asks their owner about (3-D Secure): the browser asks, Stripe tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import Customer
from billing import sentences
from billing.errors import BillingError, CardDeclined, CardNotConfirmed
from billing.gateway import payments
from billing.gateway.client import for_a_page
from billing.gateway.payments import PaymentRecord, Standing
from billing.models import Action
from billing.services import actions
from billing.services.open_invoices import Payment, read_again, tried
from billing.services.sync.subscriptions import sync_subscription

if TYPE_CHECKING:
    from django.db.models import QuerySet

TIME_TO_APPROVE = timedelta(hours=1)
"""How long a payment may wait for its owner's word to the bank; then the try is over."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A payment that the browser can bring before the bank."""

    product_name: str
    amount_minor: int
    currency: str
    client_secret: str
    payment_method_id: str


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
                tried(
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
        read_again(action.subscription)
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
