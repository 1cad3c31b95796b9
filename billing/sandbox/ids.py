"""Identifiers as Stripe makes them, and the kind of object each prefix stands for."""

import random
import string

LETTERS = string.ascii_letters + string.digits

# Prefix and length of the random part.
PREFIXES = {
    "account": ("acct", 16),
    "balance_transaction": ("txn", 24),
    "billing_portal.session": ("bps", 24),
    "charge": ("ch", 24),
    "checkout.session": ("cs_test", 58),
    "credit_note": ("cn", 24),
    "credit_note_line_item": ("cnli", 24),
    "customer": ("cus", 14),
    "discount": ("di", 24),
    "dispute": ("du", 24),
    "event": ("evt", 24),
    "invoice": ("in", 24),
    "invoice_payment": ("inpay", 24),
    "invoiceitem": ("ii", 24),
    "item": ("li", 24),
    "line_item": ("il", 24),
    "payment_intent": ("pi", 24),
    "payment_method": ("pm", 24),
    "price": ("price", 24),
    "product": ("prod", 14),
    "refund": ("re", 24),
    "setup_attempt": ("setatt", 24),
    "setup_intent": ("seti", 24),
    "subscription": ("sub", 24),
    "subscription_item": ("si", 14),
    "subscription_schedule": ("sub_sched", 24),
    "tax_id": ("txi", 24),
    "tax_rate": ("txr", 24),
    "shipping_rate": ("shr", 24),
    "webhook_endpoint": ("we", 24),
}
KINDS = {prefix: kind for kind, (prefix, _) in PREFIXES.items()}


def secret(length: int) -> str:
    return "".join(random.choices(LETTERS, k=length))


def new_id(kind: str) -> str:
    prefix, length = PREFIXES[kind]
    return f"{prefix}_{secret(length)}"


def kind_of(key: str) -> str | None:
    """The kind of object an identifier names, None if it names none."""
    return KINDS.get(key.rpartition("_")[0])
