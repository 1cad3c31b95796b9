"""How movements of money read, each beside its document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.brands import card_words
from billing.models import OneTimePurchase, Subscription, Transaction
from invoices.models import Document
from invoices.money import format_money


@dataclass(frozen=True, kw_only=True)
class TransactionRow:
    """A charge or a refund. `what` is what became of it, `how` with what or against which one."""

    document: Document | None
    at: datetime
    what: str
    how: str
    amount: str
    is_failed: bool


def transaction_rows(transactions: Iterable[Transaction]) -> list[TransactionRow]:
    return [_row(transaction) for transaction in transactions]


def _row(transaction: Transaction) -> TransactionRow:
    return TransactionRow(
        document=transaction.document,
        at=transaction.happened_at,
        what=_what(transaction),
        how=_how(transaction),
        amount=format_money(transaction.amount_minor, transaction.currency),
        is_failed=transaction.status == Transaction.Status.FAILED,
    )


def _what(transaction: Transaction) -> str:
    words = {
        (Transaction.Kind.CHARGE, Transaction.Status.SUCCEEDED): _("Paid"),
        (Transaction.Kind.CHARGE, Transaction.Status.PENDING): _("On its way"),
        (Transaction.Kind.CHARGE, Transaction.Status.FAILED): _("Did not go through"),
        (Transaction.Kind.REFUND, Transaction.Status.SUCCEEDED): _("Refunded"),
        (Transaction.Kind.REFUND, Transaction.Status.PENDING): _("Refund on its way"),
        (Transaction.Kind.REFUND, Transaction.Status.FAILED): _("Refund did not go through"),
    }
    return words[Transaction.Kind(transaction.kind), Transaction.Status(transaction.status)]


def _how(transaction: Transaction) -> str:
    refunded = transaction.refund_of
    if refunded and refunded.document:
        return _("Credit note for %s") % refunded.document.number
    return card_words(transaction.card_brand, transaction.card_last4)


def paid_so_far(purchase: Subscription | OneTimePurchase) -> str:
    """`20 payments, €370.50`: refunds taken off."""
    done = purchase.transactions.filter(status=Transaction.Status.SUCCEEDED)
    sums = done.aggregate(
        payments=Count("pk", filter=Q(kind=Transaction.Kind.CHARGE)), minor=Sum("amount_minor")
    )
    words = ngettext(
        "%(count)d payment, %(amount)s", "%(count)d payments, %(amount)s", sums["payments"]
    )
    amount = format_money(sums["minor"] or 0, purchase.currency)
    return words % {"count": sums["payments"], "amount": amount}
