"""Card forms that their page does not complete: Stripe's events and the sweep do."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import Vendor
from billing import sentences
from billing.errors import CardDeclined
from billing.gateway import setup_intents
from billing.gateway.records import SetupIntentRecord
from billing.models import Action
from billing.services import actions, card_attempts, card_changes, card_forms, open_invoices
from billing.services.card_changes import Change

LEFT_ALONE = timedelta(minutes=5)
"""How long the browser has to finish before we do it for it."""


def complete(vendor: Vendor, setup_intent_id: str) -> None:
    """Stripe says that the card is confirmed. Page, event and sweep may all come; they do the same
    under the same keys. What is open is paid by the page, or else by the sweep: not twice at once.
    """
    action = _started(setup_intent_id)
    if action is None:
        return
    intent = setup_intents.read_setup_intent(vendor, setup_intent_id)
    if intent.status != "succeeded":
        return
    change = _put_to_work(action, intent)
    if not action.parameters.get("pays"):
        card_changes.conclude(action, change)


def settle(action: Action) -> None:
    """A form that was left: put a confirmed card to work, close what will not be used again."""
    customer, setup_intent_id = action.customer, action.parameters.get("setup_intent", "")
    if not setup_intent_id or _has_newer(action):
        actions.finish_not_applied(action)
        return
    intent = setup_intents.read_setup_intent(customer.vendor, setup_intent_id)
    if intent.status == "succeeded":
        change = _put_to_work(action, intent, again=True)
        card_changes.conclude(action, change)
        if action.parameters.get("pays") and change.done:
            method = card_changes.card_from(action).payment_method_id
            overdue = card_forms.overdue(action, action.subscription)
            open_invoices.pay(overdue, payment_method_id=method, owner_is_there=False)
    elif not intent.is_open:
        actions.finish_not_applied(action)
    elif action.started_at < timezone.now() - card_forms.FORM_LASTS:
        setup_intents.close_setup_intent(customer.vendor, setup_intent_id, key=action.key("close"))
        actions.finish_not_applied(action)


def _put_to_work(action: Action, intent: SetupIntentRecord, *, again: bool = False) -> Change:
    owner = card_forms.owner_of(action, action.subscription)
    card = card_forms.confirmed(intent, owner)
    return card_changes.put_to_work(action, owner, card, action.subscription, again=again)


def _has_newer(action: Action) -> bool:
    """Whether the customer has put another card to work since, which this one would replace."""
    newer = action.customer.actions.filter(
        kind=action.kind,
        state=Action.State.DONE,
        started_at__gt=action.started_at,
        parameters__stripe_customer=action.parameters["stripe_customer"],
    )
    return newer.exists()


def note_failure(vendor: Vendor, setup_intent_id: str, *, event_id: str) -> None:
    """A card was refused in the browser. The vendor sees why; after too many it is closed."""
    action = _started(setup_intent_id)
    if action is None:
        return
    intent = setup_intents.read_setup_intent(vendor, setup_intent_id)
    refused = CardDeclined(
        sentences.DECLINED,
        code=intent.failure_code,
        decline_code=intent.decline_code,
        request_id=intent.request_id,
    )
    actions.note(action, refused, source=event_id, object_id=setup_intent_id)
    if card_attempts.are_used_up(action.customer) and intent.is_open:
        setup_intents.close_setup_intent(vendor, setup_intent_id, key=action.key("close"))
        actions.finish(action, Action.State.REFUSED)


def _started(setup_intent_id: str) -> Action | None:
    opened = Action.objects.filter(
        kind=Action.Kind.CHANGE_CARD,
        state=Action.State.STARTED,
        parameters__setup_intent=setup_intent_id,
    )
    return opened.select_related("vendor", "customer", "subscription").first()
