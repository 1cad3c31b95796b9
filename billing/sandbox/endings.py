"""How a subscription ends. What is billed at an end that was due is in `billing_cycle.conclude`."""

from billing.sandbox.accounts import Account
from billing.sandbox.store import Obj


def end(
    account: Account, subscription: Obj, *, status: str = "canceled", reason: str | None = None
) -> None:
    """At once and for good. Open invoices stay open, but nothing collects them any more."""
    now = account.now()
    subscription |= {
        "status": status,
        "ended_at": now,
        "canceled_at": subscription["canceled_at"] or now,
        "pause_collection": None,
    }
    details = subscription["cancellation_details"]
    details["reason"] = reason or details["reason"] or "cancellation_requested"
    for invoice in account.all("invoice", customer=subscription["customer"], status="open"):
        parent = invoice["parent"]
        if parent and parent["subscription_details"]["subscription"] == subscription["id"]:
            stop_collection(account, invoice)
    account.save(subscription)
    account.emit("customer.subscription.deleted", subscription)
    _close_schedule(account, subscription)


def stop_collection(account: Account, invoice: Obj) -> None:
    if invoice["auto_advance"]:
        invoice |= {"auto_advance": False, "next_payment_attempt": None}
        account.save(invoice, "invoice.updated")


def _close_schedule(account: Account, subscription: Obj) -> None:
    """A schedule whose subscription ended before its phases did has nothing left to do."""
    if (key := subscription["schedule"]) is None:
        return
    schedule = account.get("subscription_schedule", key)
    if schedule["status"] == "active":
        schedule |= {"status": "canceled", "canceled_at": account.now(), "current_phase": None}
        account.save(schedule)
        account.emit("subscription_schedule.canceled", schedule)
