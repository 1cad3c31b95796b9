"""What an invoice's fate does to its subscription and its customer."""

from billing.sandbox import endings
from billing.sandbox.accounts import Account
from billing.sandbox.store import Obj

UPDATED = "customer.subscription.updated"


def subscription_of(account: Account, invoice: Obj) -> Obj | None:
    parent = invoice["parent"]
    if parent is None:
        return None
    return account.get("subscription", parent["subscription_details"]["subscription"])


def payment_succeeded(account: Account, invoice: Obj) -> None:
    subscription = subscription_of(account, invoice)
    customer = account.get("customer", invoice["customer"])
    owes = account.all("invoice", customer=customer["id"], status="open")
    if customer["delinquent"] and not owes:
        customer["delinquent"] = False
        account.save(customer, "customer.updated")
    if subscription is None:
        return
    _keep_method(account, subscription, invoice)
    is_latest = subscription["latest_invoice"] == invoice["id"]
    if subscription["status"] in ("incomplete", "past_due", "unpaid") and is_latest:
        subscription["status"] = "active"
    account.save(subscription, UPDATED)


def _keep_method(account: Account, subscription: Obj, invoice: Obj) -> None:
    """`save_default_payment_method: on_subscription` keeps what paid."""
    settings = subscription["payment_settings"]
    if settings["save_default_payment_method"] == "on_subscription" and invoice["_intent"]:
        intent = account.get("payment_intent", invoice["_intent"])
        subscription["default_payment_method"] = intent["payment_method"]


def payment_failed(account: Account, invoice: Obj) -> None:
    customer = account.get("customer", invoice["customer"])
    subscription = subscription_of(account, invoice)
    if subscription is not None and subscription["status"] == "active":
        subscription["status"] = "past_due"
        account.save(subscription, UPDATED)
    if not customer["delinquent"] and invoice["billing_reason"] != "subscription_create":
        customer["delinquent"] = True
        account.save(customer, "customer.updated")


def forgiven(account: Account, invoice: Obj) -> None:
    """Void or written off: if it was the latest, its subscription owes nothing any more."""
    subscription = subscription_of(account, invoice)
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] == "past_due":
        subscription["status"] = "active"
        account.save(subscription, UPDATED)


def given_up(account: Account, invoice: Obj) -> None:
    """The last attempt failed: the account's settings say what becomes of the subscription."""
    subscription = subscription_of(account, invoice)
    if subscription is None or subscription["ended_at"] is not None:
        return
    what = account.record["after_last_retry"]
    if what == "cancel":
        endings.end(account, subscription, reason="payment_failed")
    elif what == "unpaid":
        subscription["status"] = "unpaid"
        account.save(subscription, UPDATED)
