"""Payments that were made by themselves and are then put towards invoices: one invoice may have
several, and one payment may go to several invoices."""

from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid
from billing.sandbox.ids import new_id
from billing.sandbox.invoicing import cancel_payment, mark_paid
from billing.sandbox.routing import Call, route
from billing.sandbox.store import Obj


@route("POST", "/v1/invoices/{key}/attach_payment", "InvoiceAttachPaymentParams")
def attach_payment(call: Call, key: str) -> Obj:
    """As much of an open invoice as the payment has left is paid with it."""
    account, invoice = call.account, call.account.get("invoice", key)
    intent = account.get("payment_intent", call.params["payment_intent"], "payment_intent")
    if invoice["status"] != "open":
        raise invalid("You can only attach payments to open invoices.", "id")
    if intent["status"] != "succeeded":
        raise invalid("The sandbox attaches payments that have succeeded.", "payment_intent")
    spent = sum(p["amount_paid"] for p in account.all("invoice_payment", _intent=intent["id"]))
    amount = min(intent["amount_received"] - spent, invoice["amount_remaining"])
    if amount <= 0:
        raise invalid("Nothing of this PaymentIntent is left.", "payment_intent")
    _put_towards(account, invoice, intent, amount)
    return invoice


def _put_towards(account: Account, invoice: Obj, intent: Obj, amount: int) -> None:
    now = account.now()
    payment = {
        "id": new_id("invoice_payment"),
        "object": "invoice_payment",
        "amount_paid": amount,
        "amount_requested": amount,
        "created": now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": False,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": now},
        "_intent": intent["id"],
    }
    account.create(payment, "invoice_payment.paid")
    invoice["amount_paid"] += amount
    invoice["amount_remaining"] -= amount
    if not invoice["amount_remaining"]:
        cancel_payment(account, invoice)
        mark_paid(account, invoice)
        return
    account.save(invoice, "invoice.updated")
    own = account.get("payment_intent", invoice["_intent"])
    own["amount"] = invoice["amount_remaining"]
    account.save(own)
