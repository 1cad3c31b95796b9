"""How purchases read: from rows in the database to the words and marks of the overview."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from billing.brands import words_for
from billing.models import CancellationRules, OneTimePurchase, Subscription
from billing.services import cancellation_rules, cards
from hub.presentation.cards import expiry_mark
from hub.presentation.marks import Mark
from hub.presentation.words import day, near_day
from invoices.money import format_money

KINDS = {
    "subscriptions": gettext_lazy("Subscriptions"),
    "trials": gettext_lazy("Trials"),
    "split-pay": gettext_lazy("Split-pay plans"),
    "one-time": gettext_lazy("One-time purchases"),
}


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something the customer can do about a purchase. `posts`: it changes something at once."""

    label: str
    url: str
    is_button: bool = False
    posts: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """A purchase in the overview. `steps`: each payment of a split-pay plan, made or not."""

    id: UUID
    kind: str
    name: str
    url: str
    price: str
    mark: Mark
    note: str = ""
    card: str = ""
    card_mark: Mark | None = None
    steps: list[bool] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    is_over: bool = False


def price_of(subscription: Subscription) -> str:
    """`€19.00 a month`, `€90.00 every 3 months`, `6 payments of €149.00`."""
    amount = format_money(subscription.amount_minor, subscription.currency)
    if subscription.payments_total is not None:
        return ngettext(
            "%(count)d payment of %(amount)s",
            "%(count)d payments of %(amount)s",
            subscription.payments_total,
        ) % {"count": subscription.payments_total, "amount": amount}
    count = subscription.interval_count
    words = {
        "day": ngettext("%(amount)s a day", "%(amount)s every %(count)d days", count),
        "week": ngettext("%(amount)s a week", "%(amount)s every %(count)d weeks", count),
        "month": ngettext("%(amount)s a month", "%(amount)s every %(count)d months", count),
        "year": ngettext("%(amount)s a year", "%(amount)s every %(count)d years", count),
    }
    return words.get(subscription.interval, "%(amount)s") % {"amount": amount, "count": count}


# --- Subscriptions, trials, split-pay plans ---


def kind_of(subscription: Subscription) -> str:
    if subscription.is_split_pay:
        return "split-pay"
    return "trials" if subscription.status == Subscription.Status.TRIALING else "subscriptions"


def mark_of(subscription: Subscription) -> Mark:
    """The state of a subscription as the customer reads it."""
    state = subscription.state
    marks = {
        Subscription.State.ACTIVE: _active_mark,
        Subscription.State.PAST_DUE: _past_due_mark,
        Subscription.State.ENDING: _ending_mark,
        Subscription.State.PAUSED: _paused_mark,
        Subscription.State.TRIAL: _trial_mark,
        Subscription.State.CANCELLED: _cancelled_mark,
        Subscription.State.COMPLETED: _completed_mark,
        Subscription.State.INCOMPLETE: _incomplete_mark,
    }
    return marks[state](subscription)


def _active_mark(subscription: Subscription) -> Mark:
    if subscription.payments_total is None:
        return Mark(text=pgettext("subscription", "Active"), icon="check", tone="ok")
    text = _("%(made)d of %(total)d paid") % {
        "made": subscription.payments_made,
        "total": subscription.payments_total,
    }
    return Mark(text=text, icon="parts", tone="ok")


def _past_due_mark(subscription: Subscription) -> Mark:
    since = subscription.past_due_since
    text = _("Past due since %s") % near_day(since) if since else _("Past due")
    return Mark(text=text, icon="alert", tone="late")


def _ending_mark(subscription: Subscription) -> Mark:
    assert subscription.cancels_at is not None  # noqa: S101 - what ENDING means
    return Mark(
        text=_("Cancels on %s") % day(subscription.cancels_at), icon="calendar", tone="soon"
    )


def _paused_mark(subscription: Subscription) -> Mark:
    # When collecting was paused Stripe does not say; `paused_at` is then when we noticed.
    since = subscription.paused_at if subscription.status == Subscription.Status.PAUSED else None
    text = _("Paused since %s") % near_day(since) if since else pgettext("subscription", "Paused")
    return Mark(text=text, icon="pause")


def _trial_mark(subscription: Subscription) -> Mark:
    ends_at = subscription.trial_ends_at
    if ends_at is None:
        return Mark(text=pgettext("subscription", "Trial"), icon="clock", tone="soon")
    left = max((localdate(ends_at) - localdate()).days, 0)
    if left == 0:
        return Mark(text=_("Trial, ends today"), icon="clock", tone="soon")
    text = ngettext("Trial, %(days)d day left", "Trial, %(days)d days left", left)
    return Mark(text=text % {"days": left}, icon="clock", tone="soon")


def _cancelled_mark(subscription: Subscription) -> Mark:
    ended_at = subscription.ended_at
    text = _("Cancelled on %s") % day(ended_at) if ended_at else _("Cancelled")
    return Mark(text=text, icon="ended")


def _completed_mark(subscription: Subscription) -> Mark:
    total = subscription.payments_total or 0
    text = ngettext("The %(total)d payment is made", "All %(total)d payments made", total)
    return Mark(text=text % {"total": total}, icon="check")


def _incomplete_mark(_subscription: Subscription) -> Mark:
    return Mark(text=_("Waiting for its first payment"), icon="clock", tone="soon")


def note_of(subscription: Subscription) -> str:
    """The one consequence that matters in this state: the next charge, or that there is none."""
    state, card = subscription.state, card_label(subscription)
    if state == Subscription.State.PAST_DUE:
        if subscription.next_attempt_at and card:
            return _("We try %(card)s again on %(day)s") % {
                "card": card,
                "day": near_day(subscription.next_attempt_at),
            }
        return _("Pay to keep your access")
    if state == Subscription.State.ENDING:
        return _("Yours until then, no further charge")
    if state == Subscription.State.PAUSED:
        return _("No charge while paused")
    if (
        state in (Subscription.State.ACTIVE, Subscription.State.TRIAL)
        and subscription.next_charge_at
    ):
        first = state == Subscription.State.TRIAL
        words = (
            _("First charge %(day)s, %(amount)s") if first else _("Next charge %(day)s, %(amount)s")
        )
        return words % {
            "day": near_day(subscription.next_charge_at),
            "amount": format_money(subscription.amount_minor, subscription.currency),
        }
    return ""


def card_label(subscription: Subscription) -> str:
    """The card that pays for it, short; nothing once nothing is charged any more."""
    card = cards.card_of(subscription) if subscription.is_live else None
    return words_for(card) if card else ""


def acts_on(subscription: Subscription, rules: CancellationRules) -> list[Act]:
    """What the overview offers, most urgent first; at most one is a button."""
    page = reverse("hub:subscription", args=[subscription.pk])
    if not subscription.is_live or subscription.is_paid_off:
        return [Act(label=_("Documents"), url=f"{page}#payments")]
    if subscription.state == Subscription.State.ENDING:
        keep = reverse("hub:keep", args=[subscription.pk])
        return [Act(label=_("Keep it"), url=keep, is_button=True, posts=True)]
    acts = []
    card = f"{reverse('hub:card')}?subscription={subscription.pk}"
    if subscription.state == Subscription.State.PAST_DUE:
        acts.append(Act(label=_("Pay now"), url=card, is_button=True))
    elif subscription.state != Subscription.State.PAUSED:
        acts.append(Act(label=_("Change card"), url=card))
    if cancellation_rules.refusal(subscription, rules=rules) is None:
        trial = subscription.state == Subscription.State.TRIAL
        label = _("Cancel trial") if trial else pgettext("verb", "Cancel")
        acts.append(Act(label=label, url=reverse("hub:cancel", args=[subscription.pk])))
    else:
        acts.append(Act(label=_("Documents"), url=f"{page}#payments"))
    return acts


def subscription_row(subscription: Subscription, rules: CancellationRules) -> Row:
    state, price = subscription.state, price_of(subscription)
    if state == Subscription.State.TRIAL:
        price = _("Free, then %(price)s") % {"price": price}
    shows_card = state in (Subscription.State.ACTIVE, Subscription.State.TRIAL)
    total = (subscription.payments_total or 0) if subscription.is_live else 0
    return Row(
        id=subscription.pk,
        kind=kind_of(subscription),
        name=subscription.product_name,
        url=reverse("hub:subscription", args=[subscription.pk]),
        price=price,
        mark=mark_of(subscription),
        note=note_of(subscription),
        card=card_label(subscription) if shows_card else "",
        card_mark=expiry_mark(cards.card_of(subscription)) if shows_card else None,
        steps=[payment < subscription.payments_made for payment in range(total)],
        acts=acts_on(subscription, rules),
        is_over=not subscription.is_live or subscription.is_paid_off,
    )


# --- One-time purchases ---


def one_time_mark(purchase: OneTimePurchase) -> Mark:
    if purchase.refunded_minor >= purchase.amount_minor > 0 and purchase.refunded_at:
        return Mark(text=_("Refunded on %s") % day(purchase.refunded_at), icon="refund")
    return Mark(text=_("Paid on %s") % day(purchase.paid_at), icon="check")


def one_time_row(purchase: OneTimePurchase) -> Row:
    page = reverse("hub:purchase", args=[purchase.pk])
    partly = 0 < purchase.refunded_minor < purchase.amount_minor
    refunded = format_money(purchase.refunded_minor, purchase.currency)
    return Row(
        id=purchase.pk,
        kind="one-time",
        name=purchase.product_name,
        url=page,
        price=format_money(purchase.amount_minor, purchase.currency),
        mark=one_time_mark(purchase),
        note=_("%s of it refunded") % refunded if partly else "",
        acts=[Act(label=_("Documents"), url=f"{page}#payments")],
        is_over=purchase.refunded_minor >= purchase.amount_minor > 0,
    )
