"""A new card: typed in the browser, confirmed by its bank, then put to work here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer, Vendor
from billing import sentences, states
from billing.errors import (
    BillingError,
    CardDeclined,
    CardNotConfirmed,
    NotLive,
    TooManyAttempts,
)
from billing.gateway import setup_intents
from billing.gateway.client import for_a_page
from billing.gateway.records import CardRecord, SetupIntentRecord
from billing.models import Action, CardOnFile, StripeAccount, StripeCustomer, Subscription
from billing.services import actions, card_changes, open_invoices

ATTEMPTS_AN_HOUR = 5
ATTEMPTS_A_DAY = 10
FORM_LASTS = timedelta(hours=1)
LEFT_ALONE = timedelta(minutes=5)
"""How long the browser has to finish before we do it for it."""


@dataclass(frozen=True, kw_only=True)
class CardSetup:
    """What Stripe.js needs to take a card."""

    client_secret: str
    publishable_key: str
    setup_intent_id: str


@dataclass(frozen=True, kw_only=True)
class Card:
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None


def live_subscriptions(customer: Customer) -> list[Subscription]:
    """Those that a card pays for, now or later."""
    rows = customer.subscriptions.filter(status__in=Subscription.LIVE_STATUSES)
    return [
        row for row in rows.select_related("stripe_customer") if states.way(row, states.Act.CARD)
    ]


def card_of(subscription: Subscription) -> CardOnFile | None:
    """Its own card, or else its Stripe customer's."""
    candidates: list[CardOnFile] = [subscription, subscription.stripe_customer]
    return next((card for card in candidates if card.has_card), None)


def covered_by(
    customer: Customer, *, subscription: Subscription | None = None
) -> list[Subscription]:
    """What a new card will pay for: the one, or everything.

    A card belongs to one Stripe customer. Of a person who has several, everything is what belongs
    to the one with something past due, or else to the one with the most.
    """
    live = live_subscriptions(customer)
    if subscription is not None:
        return [row for row in live if row.pk == subscription.pk]
    counts = Counter(row.stripe_customer_id for row in live)
    counts.update({row.stripe_customer_id: len(live) for row in live if row.past_due_minor})
    if not counts:
        return []
    (owner, _count), *_rest = counts.most_common(1)
    return [row for row in live if row.stripe_customer_id == owner]


def start(customer: Customer, *, subscription: Subscription | None = None) -> CardSetup:
    """Open the form, or the one that is open already. Raises NotLive, TooManyAttempts."""
    covered = covered_by(customer, subscription=subscription)
    if not covered:
        raise NotLive(_("There is no live subscription, so there is no card to change."))
    owner = covered[0].stripe_customer
    with for_a_page():
        intent = _open_intent(customer, owner, subscription)
        if intent is None:
            _check_attempts(customer)
            intent = _new_intent(customer, owner, subscription)
    return CardSetup(
        client_secret=intent.client_secret,
        publishable_key=StripeAccount.objects.get(vendor=customer.vendor_id).publishable_key,
        setup_intent_id=intent.setup_intent_id,
    )


def _open_intent(
    customer: Customer, owner: StripeCustomer, subscription: Subscription | None
) -> SetupIntentRecord | None:
    """The one that is open already; what the card is for may be chosen anew."""
    opened = customer.actions.filter(
        kind=Action.Kind.CHANGE_CARD,
        state=Action.State.STARTED,
        parameters__stripe_customer=owner.stripe_customer_id,
        parameters__has_key="setup_intent",
        started_at__gt=timezone.now() - FORM_LASTS,
    )
    action = opened.order_by("-started_at").first()
    if action is None:
        return None
    intent = setup_intents.read_setup_intent(customer.vendor, action.parameters["setup_intent"])
    if not intent.is_open:
        return None
    action.subscription = subscription
    action.save(update_fields=["subscription"])
    return intent


def _check_attempts(customer: Customer) -> None:
    """A card form is a card checker for thieves."""
    now = timezone.now()
    opened = customer.actions.filter(kind=Action.Kind.CHANGE_CARD)
    if (
        opened.filter(started_at__gt=now - timedelta(hours=1)).count() >= ATTEMPTS_AN_HOUR
        or opened.filter(started_at__gt=now - timedelta(days=1)).count() >= ATTEMPTS_A_DAY
    ):
        raise TooManyAttempts(_("That were many attempts. Please wait an hour and try again."))


def _new_intent(
    customer: Customer, owner: StripeCustomer, subscription: Subscription | None
) -> SetupIntentRecord:
    action = actions.start(
        Action.Kind.CHANGE_CARD,
        customer,
        subscription=subscription,
        parameters={"stripe_customer": owner.stripe_customer_id},
    )
    try:
        intent = setup_intents.create_setup_intent(
            customer.vendor,
            owner.stripe_customer_id,
            metadata={"hub_action": str(action.pk)},
            key=action.key("setup_intent"),
        )
    except BillingError as error:
        actions.finish(action, Action.State.REFUSED, error=error)
        raise
    actions.remember(action, setup_intent=intent.setup_intent_id)
    return intent


def finish(
    customer: Customer, *, setup_intent_id: str, subscription: Subscription | None = None
) -> Card:
    """Put the confirmed card to work, and pay with it what is past due.

    Nothing of what the browser says is believed: the SetupIntent is read again. Raises
    CardNotConfirmed, also where the card is saved and only an open payment waits for its owner
    (then with a `client_secret`), and CardDeclined where that payment was refused.
    """
    with for_a_page():
        action = _action_of(customer, setup_intent_id)
        if action.state == Action.State.DONE:
            return _shown(card_changes.card_from(action))
        owner = _owner_of(action, subscription)
        intent = setup_intents.read_setup_intent(customer.vendor, setup_intent_id)
        card = _confirmed(intent, owner)
        with actions.carried_out(action):
            card_changes.put_to_work(action, owner, card, subscription)
        open_invoices.pay_what_is_due(owner, subscription=subscription, card=card)
    return _shown(card)


# --- When the browser does not come back ---


def settle(action: Action) -> None:
    """A form that was left: put a confirmed card to work, close what will not be used again."""
    customer, setup_intent_id = action.customer, action.parameters.get("setup_intent", "")
    if not setup_intent_id:
        actions.finish_not_applied(action)
        return
    intent = setup_intents.read_setup_intent(customer.vendor, setup_intent_id)
    if intent.status == "succeeded":
        card = _confirmed(intent, owner := _owner_of(action, action.subscription))
        with actions.carried_out(action):
            card_changes.put_to_work(action, owner, card, action.subscription)
    elif not intent.is_open:
        actions.finish_not_applied(action)
    elif action.started_at < timezone.now() - FORM_LASTS:
        setup_intents.close_setup_intent(customer.vendor, setup_intent_id, key=action.key("close"))
        actions.finish_not_applied(action)


def note_failure(vendor: Vendor, setup_intent_id: str, *, event_id: str) -> None:
    """A card was refused in the browser. The vendor sees why; after five, the form is closed."""
    action = Action.objects.filter(
        kind=Action.Kind.CHANGE_CARD,
        state=Action.State.STARTED,
        parameters__setup_intent=setup_intent_id,
    ).first()
    if action is None:
        return
    intent = setup_intents.read_setup_intent(vendor, setup_intent_id)
    refused = CardDeclined(
        sentences.DECLINED, code=intent.failure_code, decline_code=intent.decline_code
    )
    failures = sorted({*action.parameters.get("failures", []), event_id})
    actions.remember(action, failures=failures)
    actions.note(action, refused)
    if len(failures) >= ATTEMPTS_AN_HOUR and intent.is_open:
        setup_intents.close_setup_intent(vendor, setup_intent_id, key=action.key("close"))
        actions.finish(action, Action.State.REFUSED, error=refused)


def _action_of(customer: Customer, setup_intent_id: str) -> Action:
    opened = customer.actions.filter(kind=Action.Kind.CHANGE_CARD)
    action = opened.filter(parameters__setup_intent=setup_intent_id).first()
    if not setup_intent_id or action is None:
        raise CardNotConfirmed(sentences.NOT_CONFIRMED, detail="A form that we did not open.")
    return action


def _owner_of(action: Action, subscription: Subscription | None) -> StripeCustomer:
    """The Stripe customer the form was opened for; the one subscription must be theirs."""
    owner = StripeCustomer.objects.get(stripe_customer_id=action.parameters["stripe_customer"])
    if subscription is not None and subscription.stripe_customer_id != owner.pk:
        raise CardNotConfirmed(sentences.NOT_CONFIRMED, detail="Another Stripe customer's.")
    return owner


def _confirmed(intent: SetupIntentRecord, owner: StripeCustomer) -> CardRecord:
    is_theirs = intent.customer_id == owner.stripe_customer_id
    if not is_theirs or intent.status != "succeeded" or intent.card is None:
        raise CardNotConfirmed(
            sentences.NOT_CONFIRMED, code=intent.failure_code, decline_code=intent.decline_code
        )
    return intent.card


def _shown(card: CardRecord) -> Card:
    return Card(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )


def sentences_by_code() -> dict[str, str]:
    """For the browser, where Stripe.js says no: what the customer reads, by (decline) code."""
    by_code = sentences.BY_CODE | sentences.BY_DECLINE_CODE
    plain = {"card_declined": sentences.DECLINED, "": sentences.NOT_CONFIRMED}
    return {code: str(sentence) for code, sentence in (by_code | plain).items()}
