"""Which card pays for what. A card belongs to one Stripe customer, of whom a person may have
several: nothing but typing it again brings it to another."""

from __future__ import annotations

from accounts.models import Customer
from billing import states
from billing.gateway.records import CardRecord
from billing.models import CardOnFile, StripeAccount, Subscription


def account_for_browsers(customer: Customer) -> StripeAccount:
    """Whose publishable key, and whose connected account, Stripe.js is to use."""
    return StripeAccount.objects.get(vendor=customer.vendor_id)


def live_subscriptions(customer: Customer) -> list[Subscription]:
    """Those that a card pays for, now or later."""
    rows = customer.subscriptions.filter(status__in=Subscription.LIVE_STATUSES)
    rows = rows.select_related("stripe_customer", "customer", "vendor")
    return [row for row in rows if states.way(row, states.Act.CARD)]


def by_stripe_customer(customer: Customer) -> list[list[Subscription]]:
    """All that cards pay for, together what one card can: first where something is past due,
    then where there is most."""
    groups: dict[int, list[Subscription]] = {}
    for row in live_subscriptions(customer):
        groups.setdefault(row.stripe_customer_id, []).append(row)

    def urgency(rows: list[Subscription]) -> tuple[bool, int, int]:
        return not any(row.past_due_minor for row in rows), -len(rows), rows[0].stripe_customer_id

    return sorted(groups.values(), key=urgency)


def together_with(
    customer: Customer, *, subscription: Subscription | None = None, account: int | None = None
) -> list[Subscription]:
    """What one card can pay for: with this one, of this Stripe customer, or what is most urgent.

    Nothing, where no card is charged for what was asked for.
    """
    groups = by_stripe_customer(customer)
    if subscription is not None:
        return next((group for group in groups if subscription in group), [])
    asked = [group for group in groups if group[0].stripe_customer_id == account]
    return next(iter([*asked, *groups]), [])


def is_like(card: CardOnFile | None, other: CardRecord) -> bool:
    """The same card, as its owner sees it: at each Stripe customer it has another id."""
    return card is not None and (
        (card.card_brand, card.card_last4, card.card_exp_month, card.card_exp_year)
        == (other.brand, other.last4, other.exp_month, other.exp_year)
    )


def paid_with(payment_method_id: str, rows: list[Subscription]) -> list[Subscription]:
    cards = [(row, row.paying_card) for row in rows]
    return [row for row, card in cards if card and _is(card, payment_method_id)]


def _is(card: CardOnFile, payment_method_id: str) -> bool:
    return card.stripe_payment_method_id == payment_method_id
