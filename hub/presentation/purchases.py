"""How purchases read: from rows in the database to the words and marks of the overview."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from billing import states
from billing.models import CancellationRules, OneTimePurchase, Subscription
from billing.states import Act
from hub.presentation.cards import card_label, expiry_mark
from hub.presentation.marks import Mark
from hub.presentation.notes import note_of
from hub.presentation.offers import Offer, offers_on
from hub.presentation.paths import path_to
from hub.presentation.prices import discounts_of, price_of
from hub.presentation.words import day, near_day
from invoices.money import format_money

KINDS = {
    "subscriptions": gettext_lazy("Subscriptions"),
    "trials": gettext_lazy("Trials"),
    "split-pay": gettext_lazy("Split-pay plans"),
    "one-time": gettext_lazy("One-time purchases"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A purchase in the overview. `steps`: each payment of a split-pay plan, made or not, and
    `progress` says how many, where the mark says something more urgent."""

    id: UUID
    kind: str
    name: str
    url: str
    price: str
    mark: Mark
    end_mark: Mark | None = None
    progress: Mark | None = None
    discounts: list[str] = field(default_factory=list)
    note: str = ""
    card: str = ""
    card_mark: Mark | None = None
    steps: list[bool] = field(default_factory=list)
    acts: list[Offer] = field(default_factory=list)
    is_over: bool = False


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
        Subscription.State.NEVER_BEGAN: _never_began_mark,
    }
    return marks[state](subscription)


def _active_mark(subscription: Subscription) -> Mark:
    if subscription.payments_total is None:
        return Mark(text=pgettext("subscription", "Active"), icon="check", tone="ok")
    return Mark(text=_paid_of_all(subscription), icon="parts", tone="ok")


def _paid_of_all(subscription: Subscription) -> str:
    return _("%(made)d of %(total)d paid") % {
        "made": subscription.payments_made,
        "total": subscription.payments_total,
    }


SAYS_NO_PROGRESS = (
    Subscription.State.PAST_DUE,
    Subscription.State.ENDING,
    Subscription.State.PAUSED,
    Subscription.State.CANCELLED,
)


def progress_of(subscription: Subscription) -> Mark | None:
    """How far a split-pay plan has come, beside a mark that does not say so."""
    if not subscription.is_split_pay or subscription.state not in SAYS_NO_PROGRESS:
        return None
    return Mark(text=_paid_of_all(subscription), icon="parts")


def _past_due_mark(subscription: Subscription) -> Mark:
    since = subscription.past_due_since
    text = _("Past due since %s") % near_day(since) if since else _("Past due")
    return Mark(text=text, icon="alert", tone="late")


def _ending_mark(subscription: Subscription) -> Mark:
    assert subscription.cancels_at is not None  # noqa: S101 - what ENDING means
    return Mark(
        text=_("Cancels on %s") % day(subscription.cancels_at), icon="calendar", tone="soon"
    )


def end_mark_of(subscription: Subscription) -> Mark | None:
    """That it is cancelled, beside what is more urgent."""
    is_past_due = subscription.state == Subscription.State.PAST_DUE
    return _ending_mark(subscription) if is_past_due and subscription.is_ending else None


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


def _never_began_mark(_subscription: Subscription) -> Mark:
    return Mark(text=_("Did not begin"), icon="ended")


def subscription_row(subscription: Subscription, rules: CancellationRules) -> Row:
    state, price = subscription.state, price_of(subscription)
    if state == Subscription.State.TRIAL and not subscription.is_free_now:
        price = _("Free, then %(price)s") % {"price": price}
    shows_card = state in (Subscription.State.ACTIVE, Subscription.State.TRIAL)
    shows_card = shows_card and states.way(subscription, Act.CARD) is not None
    total = (subscription.payments_total or 0) if subscription.is_live else 0
    return Row(
        id=subscription.pk,
        kind=kind_of(subscription),
        name=subscription.product_name,
        url=path_to("hub:subscription", subscription.pk),
        price=price,
        discounts=discounts_of(subscription) if subscription.is_live else [],
        mark=mark_of(subscription),
        end_mark=end_mark_of(subscription),
        progress=progress_of(subscription),
        note=note_of(subscription),
        card=card_label(subscription) if shows_card else "",
        card_mark=expiry_mark(subscription.paying_card) if shows_card else None,
        steps=[payment < subscription.payments_made for payment in range(total)],
        acts=offers_on(subscription, rules),
        is_over=subscription.is_paid_off
        or (subscription.has_ended and not subscription.past_due_minor),
    )


# --- One-time purchases ---


def one_time_mark(purchase: OneTimePurchase) -> Mark:
    if purchase.refunded_minor >= purchase.amount_minor > 0 and purchase.refunded_at:
        return Mark(text=_("Refunded on %s") % day(purchase.refunded_at), icon="refund")
    return Mark(text=_("Paid on %s") % day(purchase.paid_at), icon="check")


def one_time_row(purchase: OneTimePurchase) -> Row:
    page = path_to("hub:purchase", purchase.pk)
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
        acts=[Offer(label=_("Documents"), url=f"{page}#payments", changes=False)],
        is_over=purchase.refunded_minor >= purchase.amount_minor > 0,
    )
