"""Paying what is past due, while the customer is there to approve it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from billing.errors import BillingError, CardNotConfirmed
from billing.gateway import invoices
from billing.gateway.records import CardRecord, InvoiceRecord
from billing.models import Action, StripeCustomer, Subscription
from billing.services import actions
from billing.services.sync.subscriptions import OVERDUE, sync_subscription


def pay_what_is_due(
    owner: StripeCustomer, *, subscription: Subscription | None, card: CardRecord
) -> None:
    """Each open invoice of what is overdue, oldest first, until one fails.

    The card is saved by then, and the error says so. CardNotConfirmed carries the secret with
    which the browser can ask the bank.
    """
    overdue = owner.subscriptions.filter(status__in=OVERDUE).order_by("past_due_since", "pk")
    if subscription is not None:
        overdue = overdue.filter(pk=subscription.pk)
    for row in overdue:
        for invoice in invoices.open_invoices(owner.vendor, row.stripe_subscription_id):
            _pay(row, invoice, card)
        sync_subscription(owner.vendor, row.stripe_subscription_id)


def _pay(subscription: Subscription, invoice: InvoiceRecord, card: CardRecord) -> None:
    """Every try is an action of its own: Stripe answers a key it knows with the old refusal."""
    action = actions.start(
        Action.Kind.PAY,
        subscription.customer,
        subscription=subscription,
        parameters={"invoice": invoice.invoice_id, "payment_method": card.payment_method_id},
    )
    try:
        with actions.carried_out(action):
            invoices.pay_invoice(
                subscription.vendor,
                invoice.invoice_id,
                payment_method_id=card.payment_method_id,
                key=action.key("pay"),
            )
    except CardNotConfirmed as error:
        secret = invoices.payment_secret(subscription.vendor, invoice.invoice_id)
        raise _saved_but(error, client_secret=secret) from error
    except BillingError as error:
        raise _saved_but(error) from error


def _saved_but(error: BillingError, *, client_secret: str = "") -> BillingError:
    if isinstance(error, CardNotConfirmed):
        sentence = _("Your new card is saved. Now your bank asks you to approve the open payment.")
        waiting = CardNotConfirmed(sentence, code=error.code, request_id=error.request_id)
        waiting.client_secret = client_secret
        return waiting
    saved = _("Your new card is saved, but the open payment did not go through.")
    return type(error)(
        f"{saved} {error}",
        code=error.code,
        decline_code=error.decline_code,
        request_id=error.request_id,
    )


def settle(action: Action) -> None:
    invoice = invoices.read_invoice(action.vendor, action.parameters["invoice"])
    if invoice.status == "paid":
        actions.finish(action, Action.State.DONE)
    else:
        actions.finish_not_applied(action)
    sync_subscription(action.vendor, invoice.subscription_id)
