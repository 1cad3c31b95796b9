"""The overview's parts: what is urgent, what to pick from, and what a search leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing import states
from billing.brands import card_words, words_for
from billing.models import CardOnFile, StripeCustomer, Subscription, Transaction
from billing.one_off_invoices import OneOffInvoice
from hub.presentation.offers import Offer, pay_offer
from hub.presentation.purchases import KINDS, Row
from hub.presentation.words import near_day
from invoices.money import format_money


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One fact, one consequence, and one act unless there is nothing to do; `tone`: how urgent."""

    title: str
    text: str
    url: str = ""
    act: str = ""
    tone: str = "bad"


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A filter by kind, with how many rows it leaves."""

    kind: str
    label: str
    count: int


def past_due_notices(subscriptions: Iterable[Subscription]) -> list[Notice]:
    """Of what is still to be paid, with the way to do it: a vendor may have given an invoice up."""
    offers = {row: offer for row in subscriptions if (offer := pay_offer(row))}
    refused = _last_refusals(offers)
    return [
        notice
        for row, offer in offers.items()
        if (notice := _notice(row, offer, refused.get(row.pk)))
    ]


def _last_refusals(subscriptions: Iterable[Subscription]) -> dict[UUID | None, Transaction]:
    """The card of each that was tried last, and when: it need not be the one on file today."""
    tried = Transaction.objects.filter(
        subscription__in=subscriptions,
        kind=Transaction.Kind.CHARGE,
        status=Transaction.Status.FAILED,
        happened_at__gte=F("subscription__past_due_since"),
    )
    return {
        row.subscription_id: row for row in tried.exclude(card_brand="").order_by("happened_at")
    }


def _notice(subscription: Subscription, offer: Offer, refused: Transaction | None) -> Notice | None:
    """The amount may be that of several invoices, or payments."""
    words = {
        "product": subscription.product_name,
        "amount": format_money(subscription.past_due_minor, subscription.currency),
    }
    if subscription.state == Subscription.State.INCOMPLETE:
        title = _("%(product)s waits for its first payment.") % words
        text = _("It begins once that is paid.")
    elif not subscription.past_due_minor:
        return None
    elif not subscription.is_live:
        title = _("%(amount)s is still open for %(product)s.") % words
        text = _("It has ended, but what is open stays due.")
    elif states.way(subscription, states.Act.PAY) == states.Way.INVOICE:
        title = _("%(amount)s for %(product)s is overdue.") % words
        text = _("Pay it to keep your access.")
    elif subscription.waits_for_approval:
        title = _("%(amount)s for %(product)s waits for your approval.") % words
        text = _("Your bank wants you to approve this payment. Pay now to keep your access.")
    else:
        title = _("%(amount)s for %(product)s could not be charged.") % words
        text = _declined(refused)
    return Notice(title=title, text=text, url=offer.url, act=offer.label)


def _declined(refused: Transaction | None) -> str:
    if refused is None:
        return _("Pay now to keep your access.")
    card = card_words(refused.card_brand, refused.card_last4)
    words = {"card": card, "day": near_day(refused.happened_at)}
    return _("Your bank declined %(card)s on %(day)s. Pay now to keep your access.") % words


def one_off_notices(owners: Iterable[StripeCustomer]) -> list[Notice]:
    """Of the open invoices that belong to no subscription."""
    return [
        _one_off_notice(OneOffInvoice.remembered(kept), owner)
        for owner in owners
        for kept in owner.one_off_invoices
    ]


def _one_off_notice(invoice: OneOffInvoice, owner: StripeCustomer) -> Notice:
    amount = format_money(invoice.amount_minor, invoice.currency)
    title = _("An invoice of %s is open.") % amount
    if invoice.is_on_its_way:
        text = _("Your bank has been asked for %s. Its answer takes a few days.") % amount
        return Notice(title=title, text=text, tone="warn")
    is_due_later = invoice.due_at is not None and invoice.due_at > now()
    return Notice(
        title=title,
        text=_what_follows(invoice, owner),
        url=invoice.url,
        act=_("Pay invoice"),
        tone="warn" if is_due_later else "bad",
    )


def _what_follows(invoice: OneOffInvoice, owner: StripeCustomer) -> str:
    """When money moves next. Stripe may have given up trying, or find no card to try."""
    if invoice.due_at:
        is_over = invoice.due_at <= now()
        words = _("It was due on %s.") if is_over else _("It is due on %s.")
        return words % near_day(invoice.due_at)
    on_file = words_for(owner) if owner.has_card else ""
    card = card_words(*invoice.card) if invoice.card else on_file
    if invoice.charged_at and card:
        words = _("%(card)s is charged on %(day)s, unless you pay it before.")
        return words % {"card": card, "day": near_day(invoice.charged_at)}
    return _("You can pay it on Stripe's page.")


def picks_of(rows: list[Row]) -> list[Pick]:
    """All, then each kind there is."""
    counts = Counter(row.kind for row in rows)
    kinds = [Pick(kind=k, label=str(v), count=counts[k]) for k, v in KINDS.items() if counts[k]]
    return [Pick(kind="", label=_("All"), count=len(rows)), *kinds]


def groups_of(
    rows: list[Row], *, kind: str, query: str, numbered: set[UUID]
) -> list[tuple[str, list[Row]]]:
    """Rows by kind, late ones first and ended ones last. `numbered`: found by a document."""
    found = [
        row
        for row in rows
        if kind in ("", row.kind)
        and (query.casefold() in row.name.casefold() or row.id in numbered)
    ]
    found.sort(key=lambda row: (row.is_over, row.mark.tone != "late"))
    groups = [(str(label), [r for r in found if r.kind == key]) for key, label in KINDS.items()]
    return [(label, members) for label, members in groups if members]


def main_card(
    subscriptions: Iterable[Subscription], owners: Iterable[StripeCustomer] = ()
) -> CardOnFile | None:
    """The card that pays for most of what has not ended; where several do, the newest purchase's.
    Where none does, that of an owner of an open invoice beside."""
    found = [card for s in subscriptions if not s.has_ended and (card := s.paying_card)]
    counts = Counter(card.stripe_payment_method_id for card in found)
    beside = (owner for owner in owners if owner.has_card)
    most = max(found, key=lambda card: counts[card.stripe_payment_method_id], default=None)
    return most or next(beside, None)
