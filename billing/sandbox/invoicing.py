"""The life of an invoice: drafted, finalised, paid or tried again, voided."""

from collections.abc import Iterable
from typing import Any

from billing.sandbox import payments, standing
from billing.sandbox.accounts import Account
from billing.sandbox.drafts import refresh
from billing.sandbox.errors import invalid
from billing.sandbox.ids import new_id, secret
from billing.sandbox.invoice_items import to_line
from billing.sandbox.invoice_lines import Period
from billing.sandbox.periods import DAY, HOUR
from billing.sandbox.store import Obj
from billing.sandbox.values import nulls

# A draft waits this long before it is finalised and charged.
DRAFT_TIME = HOUR

NULLS = (
    "account_tax_ids application custom_fields customer_account default_payment_method "
    "default_source description due_date effective_at ending_balance footer from_invoice "
    "hosted_invoice_url invoice_pdf last_finalization_error latest_revision "
    "next_payment_attempt number on_behalf_of receipt_number rendering shipping_cost "
    "shipping_details statement_descriptor test_clock"
)


def draft(
    account: Account,
    customer: Obj,
    lines: list[Obj],
    *,
    pending: Iterable[Obj] = (),
    reason: str,
    currency: str,
    period: Period,
    subscription: Obj | None = None,
    **given: Any,
) -> Obj:
    """A draft invoice of lines and pending invoice items. What else is `given` (such as footer or
    metadata) goes onto it as it is."""
    key, now = new_id("invoice"), account.now()
    invoice = _blank(account, key) | {
        "billing_reason": reason,
        "currency": currency,
        "customer": customer["id"],
        "parent": _parent(subscription),
        "period_end": period.end,
        "period_start": period.start,
        **given,
    }
    invoice["lines"]["data"] = lines + [to_line(account, item, key) for item in pending]
    waits = now + DRAFT_TIME if invoice["auto_advance"] else None
    invoice |= {"automatically_finalizes_at": waits, "webhooks_delivered_at": now}
    refresh(account, invoice, customer)
    return account.create(invoice, "invoice.created")


def _blank(account: Account, key: str) -> Obj:
    return {
        "id": key,
        "object": "invoice",
        "account_country": "US",
        "account_name": account.id.removeprefix("acct_").capitalize(),
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {"enabled": False, **nulls("disabled_reason liability provider status")},
        "collection_method": "charge_automatically",
        "created": account.now(),
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "lines": {"object": "list", "data": [], "url": f"/v1/invoices/{key}/lines"},
        "livemode": False,
        "metadata": {},
        "payment_settings": nulls("default_mandate payment_method_options payment_method_types"),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": nulls("finalized_at marked_uncollectible_at paid_at voided_at"),
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        **nulls(NULLS),
        "_days_until_due": None,
        "_intent": None,
        "_retries": 0,
        "_overdue": False,
    }


def _parent(subscription: Obj | None) -> Obj | None:
    if subscription is None:
        return None
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {
        "quote_details": None,
        "subscription_details": details,
        "type": "subscription_details",
    }


def finalise(account: Account, invoice: Obj) -> None:
    """From now on nothing on it changes but its payment."""
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    now = account.now()
    customer = account.get("customer", invoice["customer"])
    refresh(account, invoice, customer)
    _take_balance(account, invoice, customer)
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
    invoice["number"] = invoice["number"] or number
    customer["next_invoice_sequence"] += 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    account.save(customer)
    page = f"{account.id}/test_{secret(60)}"
    invoice |= {
        "status": "open",
        "effective_at": now,
        "hosted_invoice_url": f"https://invoice.stripe.com/i/{page}?s=ap",
        "invoice_pdf": f"https://pay.stripe.com/invoice/{page}/pdf?s=ap",
        "automatically_finalizes_at": None,
    }
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        invoice["due_date"] = now + (invoice["_days_until_due"] or 30) * DAY
    invoice["status_transitions"]["finalized_at"] = now
    if invoice["amount_due"]:
        _prepare_payment(account, invoice)
    account.save(invoice)
    account.emit("invoice.finalized", invoice)
    if not invoice["amount_due"]:
        mark_paid(account, invoice)


def _take_balance(account: Account, invoice: Obj, customer: Obj) -> None:
    """A customer's credit pays first; what an invoice gives back becomes credit."""
    before = customer["balance"]
    left = invoice["total"] + before
    invoice |= {"starting_balance": before, "ending_balance": min(left, 0)}
    customer["balance"] = min(left, 0)


def _prepare_payment(account: Account, invoice: Obj) -> None:
    first = invoice["billing_reason"] == "subscription_create"
    words = "Subscription creation" if first else "Subscription update"
    if invoice["parent"] is None:
        words = f"Payment for Invoice {invoice['number']}"
    intent = payments.new_intent(
        account,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=words,
    )
    intent["setup_future_usage"] = "off_session" if invoice["parent"] else None
    account.save(intent)
    invoice["_intent"] = intent["id"]
    account.create(
        {
            "id": new_id("invoice_payment"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "created": account.now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": nulls("canceled_at paid_at"),
            "_intent": intent["id"],
        }
    )


def mark_paid(account: Account, invoice: Obj) -> None:
    now, due = account.now(), invoice["amount_due"]
    invoice |= {
        "status": "paid",
        "amount_paid": due,
        "amount_remaining": 0,
        "attempted": True,
        "attempt_count": max(invoice["attempt_count"], 1 if due else 0),
        "next_payment_attempt": None,
        "auto_advance": False,
    }
    invoice["status_transitions"]["paid_at"] = now
    account.save(invoice)
    for payment in account.all("invoice_payment", invoice=invoice["id"], status="open"):
        payment |= {"status": "paid", "amount_paid": payment["amount_requested"]}
        payment["status_transitions"]["paid_at"] = now
        account.save(payment)
        account.emit("invoice_payment.paid", payment)
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    standing.payment_succeeded(account, invoice)


def close(account: Account, invoice: Obj, status: str, transition: str, event: str) -> None:
    """An open invoice that will not be paid: void or uncollectible."""
    invoice |= {"status": status, "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"][transition] = account.now()
    account.save(invoice)
    if status == "void":
        cancel_payment(account, invoice)
    account.emit(event, invoice)
    standing.forgiven(account, invoice)


def cancel_payment(account: Account, invoice: Obj) -> None:
    """The one that an invoice has by itself."""
    for payment in account.all("invoice_payment", invoice=invoice["id"], status="open"):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = account.now()
        account.save(payment)
        intent = account.get("payment_intent", payment["payment"]["payment_intent"])
        intent |= {"status": "canceled", "cancellation_reason": "void_invoice"}
        intent |= {"canceled_at": account.now(), "next_action": None}
        account.save(intent)
        account.emit("payment_intent.canceled", intent)
