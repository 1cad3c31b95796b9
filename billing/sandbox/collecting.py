"""Collecting an invoice: the attempts to have it paid, and the time between them."""

from billing.sandbox import payments, standing
from billing.sandbox.accounts import Account
from billing.sandbox.agenda import falls_due
from billing.sandbox.invoicing import finalise, mark_paid
from billing.sandbox.periods import DAY
from billing.sandbox.store import Obj

# Days between one automatic attempt and the next.
RETRIES = (3, 5, 7)


def payment_method_for(account: Account, invoice: Obj) -> Obj | None:
    """What is charged: the invoice's own, else the subscription's, else the customer's default; and
    nothing, where the subscription is paid by other means only."""
    subscription = standing.subscription_of(account, invoice)
    customer = account.get("customer", invoice["customer"])
    key = (
        invoice["default_payment_method"]
        or (subscription and subscription["default_payment_method"])
        or customer["invoice_settings"]["default_payment_method"]
    )
    method = account.get("payment_method", key) if key else None
    types = subscription and subscription["payment_settings"]["payment_method_types"]
    return None if method and types and method["type"] not in types else method


def collect(
    account: Account, invoice: Obj, *, method: Obj | None = None, off_session: bool = True
) -> None:
    """Try to have an open invoice paid. Its status says what came of it."""
    method = method or payment_method_for(account, invoice)
    intent = account.get("payment_intent", invoice["_intent"])
    if method is not None:
        payments.attempt(account, intent, method, off_session=off_session)
    follow(account, invoice, intent)


def follow(account: Account, invoice: Obj, intent: Obj) -> None:
    """What the invoice makes of an attempt to pay it."""
    if intent["status"] == "succeeded":
        mark_paid(account, invoice)
        return
    invoice["attempted"] = True
    invoice["attempt_count"] = max(invoice["attempt_count"], 1)
    account.save(invoice)
    account.emit("invoice.payment_failed", invoice)
    if intent["status"] == "requires_action":
        account.emit("invoice.payment_action_required", invoice)
    standing.payment_failed(account, invoice)


def next_moment(invoice: Obj) -> int | None:
    moment: int | None = None
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        moment = invoice["automatically_finalizes_at"]
    elif invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
        moment = None if invoice["_overdue"] else invoice["due_date"]
    elif invoice["status"] == "open":
        moment = invoice["next_payment_attempt"]
    return moment


@falls_due("invoice", 2, next_moment)
def advance(account: Account, invoice: Obj) -> None:
    """Finalise a draft whose hour is over, try to collect again, or note that it is overdue."""
    if invoice["status"] == "draft":
        finalise(account, invoice)
        if invoice["status"] == "open":
            begin_collection(account, invoice)
    elif invoice["collection_method"] == "send_invoice":
        invoice["_overdue"] = True
        account.save(invoice)
        account.emit("invoice.overdue", invoice)
        standing.payment_failed(account, invoice)
    else:
        invoice["attempt_count"] += 1
        try_automatically(account, invoice)


def begin_collection(account: Account, invoice: Obj) -> None:
    """What Stripe does with a fresh open invoice by itself."""
    if invoice["collection_method"] == "send_invoice":
        account.emit("invoice.sent", invoice)
    elif invoice["auto_advance"]:
        try_automatically(account, invoice)


def try_automatically(account: Account, invoice: Obj) -> None:
    """Charge, and if that fails plan the next attempt; the last one decides the subscription."""
    number = invoice["_retries"]
    is_last = number >= len(RETRIES)
    invoice["next_payment_attempt"] = None if is_last else account.now() + RETRIES[number] * DAY
    invoice["_retries"] = number + 1
    collect(account, invoice)
    if is_last and invoice["status"] == "open":
        standing.given_up(account, invoice)
