"""A new card: typed in the browser, confirmed by its bank, then put to work here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from billing import sentences, states
from billing.errors import BillingError, CardNotConfirmed, NotLive
from billing.gateway import setup_intents
from billing.gateway.client import for_a_page
from billing.gateway.records import CardRecord, SetupIntentRecord
from billing.models import Action, StripeCustomer, Subscription
from billing.services import actions, card_attempts, card_changes, cards, open_invoices
from billing.services.card_changes import Change

FORM_LASTS = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class CardSetup:
    """What Stripe.js needs to take a card."""

    client_secret: str
    publishable_key: str
    connected_account_id: str
    setup_intent_id: str


@dataclass(frozen=True, kw_only=True)
class NewCard:
    """The card, what it pays for now, what it was to pay for and does not, and what it paid at
    once."""

    card: CardRecord
    pays_for: list[Subscription]
    left_out: list[Subscription]
    change: Change
    payment: open_invoices.Payment = field(default_factory=open_invoices.Payment)


# --- Opening the form ---


def start(
    customer: Customer, *, subscription: Subscription | None = None, account: int | None = None
) -> CardSetup:
    """For the one, or for all that one card can pay for: see cards.together_with. The form that is
    open already is used again. Raises NotLive, TooManyAttempts."""
    together = cards.together_with(customer, subscription=subscription, account=account)
    if not together:
        refusal = states.refusal(subscription, states.Act.CARD) if subscription else None
        raise NotLive(refusal or _("There is no live subscription, so there is no card to change."))
    owner = together[0].stripe_customer
    card_attempts.check(customer)
    with for_a_page():
        intent = _open_intent(customer, owner, subscription)
        if intent is None:
            intent = _new_intent(customer, owner, subscription)
    stripe_account = cards.account_for_browsers(customer)
    return CardSetup(
        client_secret=intent.client_secret,
        publishable_key=stripe_account.browser_key,
        connected_account_id=stripe_account.connected_account_id,
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
    _note_choice(action, subscription, pays=False)
    return intent


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


def choose(
    customer: Customer, *, setup_intent_id: str, subscription: Subscription | None = None
) -> None:
    """Before the card goes to its bank: what it shall pay for. So whoever completes the form, this
    page, Stripe's event or the sweep, does the same. Raises CardNotConfirmed, TooManyAttempts."""
    card_attempts.check(customer)
    action = _action_of(customer, setup_intent_id)
    owner_of(action, subscription)
    _note_choice(action, subscription, pays=bool(overdue(action, subscription)))


def _note_choice(action: Action, subscription: Subscription | None, *, pays: bool) -> None:
    action.subscription = subscription
    action.save(update_fields=["subscription"])
    actions.remember(action, pays=pays)


def chosen(customer: Customer, setup_intent_id: str) -> Subscription | None:
    """What the card of this form is for; None: everything."""
    return _action_of(customer, setup_intent_id).subscription


# --- Completing it ---


def finish(
    customer: Customer, *, setup_intent_id: str, subscription: Subscription | None = None
) -> NewCard:
    """Put the confirmed card to work, and pay with it what is past due.

    Nothing of what the browser says is believed: the SetupIntent is read again. Raises
    CardNotConfirmed, or what kept all of it from being done.
    """
    with for_a_page():
        action = _action_of(customer, setup_intent_id)
        owner = owner_of(action, subscription)
        if action.state == Action.State.DONE:
            return _new_card(card_changes.card_from(action), owner, subscription, Change())
        intent = setup_intents.read_setup_intent(customer.vendor, setup_intent_id)
        card = confirmed(intent, owner)
        change = card_changes.put_to_work(action, owner, card, subscription)
        card_changes.conclude(action, change)
        if not change.done:
            raise next(iter(change.failed.values()))
        payment = open_invoices.pay(
            overdue(action, subscription), payment_method_id=card.payment_method_id
        )
    return _new_card(card, owner, subscription, change, payment)


def _new_card(
    card: CardRecord,
    owner: StripeCustomer,
    subscription: Subscription | None,
    change: Change,
    payment: open_invoices.Payment | None = None,
) -> NewCard:
    live = [row for row in cards.live_subscriptions(owner.customer) if row.stripe_customer == owner]
    paid = cards.paid_with(card.payment_method_id, live)
    pays_for = [row for row in paid if row.stripe_subscription_id not in change.failed]
    asked_for = live if subscription is None else [subscription]
    return NewCard(
        card=card,
        pays_for=pays_for,
        left_out=[row for row in asked_for if row not in pays_for],
        change=change,
        payment=payment or open_invoices.Payment(),
    )


def overdue(action: Action, subscription: Subscription | None) -> list[Subscription]:
    """What the form's card pays at once: of its Stripe customer's, as no other takes it."""
    rows = open_invoices.overdue_of(action.customer, subscription=subscription)
    owner = action.parameters["stripe_customer"]
    return [row for row in rows if row.stripe_customer.stripe_customer_id == owner]


def _action_of(customer: Customer, setup_intent_id: str) -> Action:
    opened = customer.actions.filter(kind=Action.Kind.CHANGE_CARD).select_related("subscription")
    action = opened.filter(parameters__setup_intent=setup_intent_id).first()
    if not setup_intent_id or action is None:
        raise CardNotConfirmed(sentences.NOT_CONFIRMED, detail="A form that we did not open.")
    return action


def owner_of(action: Action, subscription: Subscription | None) -> StripeCustomer:
    """The Stripe customer the form was opened for; the one subscription must be theirs."""
    owners = StripeCustomer.objects.select_related("vendor", "customer")
    owner = owners.get(stripe_customer_id=action.parameters["stripe_customer"])
    if subscription is not None and subscription.stripe_customer_id != owner.pk:
        raise CardNotConfirmed(sentences.NOT_CONFIRMED, detail="Another Stripe customer's.")
    return owner


def confirmed(intent: SetupIntentRecord, owner: StripeCustomer) -> CardRecord:
    is_theirs = intent.customer_id == owner.stripe_customer_id
    if not is_theirs or intent.status != "succeeded" or intent.card is None:
        raise CardNotConfirmed(
            sentences.NOT_CONFIRMED, code=intent.failure_code, decline_code=intent.decline_code
        )
    return intent.card


_CLOSED = gettext_lazy("This form is not open any more. Please reload the page.")


def sentences_by_code() -> dict[str, str]:
    """For the browser, where Stripe.js says no: what the customer reads, by (decline) code."""
    by_code = sentences.BY_CODE | sentences.BY_DECLINE_CODE
    plain = {
        "card_declined": sentences.DECLINED,
        "setup_intent_unexpected_state": _CLOSED,
        "": sentences.NOT_CONFIRMED,
    }
    return {code: str(sentence) for code, sentence in (by_code | plain).items()}
