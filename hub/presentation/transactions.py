"""How movements of money read, each beside its document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.brands import card_words
from billing.models import OneTimePurchase, Subscription, Transaction
from invoices.models import Document
from invoices.money import format_money

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Kind, Status = Transaction.Kind, Transaction.Status


@dataclass(frozen=True, kw_only=True)
class TransactionRow:
    """A charge or a refund. `what` is what became of it, `how` with what or against which one;
    `amount` is empty where nothing was taken for good."""

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
        amount=_amount(transaction),
        is_failed=transaction.status == Status.FAILED and transaction.kind != Kind.DISPUTE,
    )


WORDS: dict[tuple[str, str], StrPromise] = {
    (Kind.CHARGE, Status.SUCCEEDED): gettext_lazy("Paid"),
    (Kind.CHARGE, Status.PENDING): gettext_lazy("On its way"),
    (Kind.CHARGE, Status.FAILED): gettext_lazy("Did not go through"),
    (Kind.REFUND, Status.SUCCEEDED): gettext_lazy("Refunded"),
    (Kind.REFUND, Status.PENDING): gettext_lazy("Refund on its way"),
    (Kind.REFUND, Status.FAILED): gettext_lazy("Refund did not go through"),
    (Kind.DISPUTE, Status.SUCCEEDED): gettext_lazy("Returned by your bank after a dispute"),
    (Kind.DISPUTE, Status.PENDING): gettext_lazy("Payment disputed with your bank"),
    (Kind.DISPUTE, Status.FAILED): gettext_lazy("Dispute closed, the payment stands"),
    (Kind.CREDIT, Status.SUCCEEDED): gettext_lazy("Credited"),
}


def _what(transaction: Transaction) -> str:
    if not transaction.is_inquiry:
        return str(WORDS[transaction.kind, transaction.status])
    if transaction.status == Status.FAILED:
        return _("Your bank's question is settled, the payment stands")
    return _("Your bank asks about this payment")


def _amount(transaction: Transaction) -> str:
    """An inquiry takes nothing, and what a dispute took comes back if the payment stands."""
    stands = transaction.kind == Kind.DISPUTE and transaction.status == Status.FAILED
    if stands or transaction.is_inquiry:
        return ""
    return format_money(transaction.amount_minor, transaction.currency)


def _how(transaction: Transaction) -> str:
    """Against which document, or else with which card."""
    document, charge = transaction.document, transaction.charge
    if document and document.kind == Document.Kind.REVERSAL and document.corrects:
        return _("Credit note %s is taken back") % document.corrects.number
    if document and charge and charge.document:
        return _("Credit note for %s") % charge.document.number
    return card_words(transaction.card_brand, transaction.card_last4)


def paid_so_far(purchase: Subscription | OneTimePurchase) -> str:
    """`20 payments, €370.50`: what went back is taken off."""
    done = purchase.transactions.filter(
        status=Transaction.Status.SUCCEEDED, currency=purchase.currency
    ).exclude(kind=Transaction.Kind.CREDIT)
    sums = done.aggregate(
        payments=Count("pk", filter=Q(kind=Transaction.Kind.CHARGE)), minor=Sum("amount_minor")
    )
    words = ngettext(
        "%(count)d payment, %(amount)s", "%(count)d payments, %(amount)s", sums["payments"]
    )
    amount = format_money(sums["minor"] or 0, purchase.currency)
    return words % {"count": sums["payments"], "amount": amount}
