"""The vendor's list of what went wrong: each failure recorded once, and settled when it came
right."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from accounts.models import Customer
from accounts.tenancy import current_vendor
from billing.errors import BillingError
from billing.models import Action, Failure, StripeAccount, StripeEvent, Subscription
from billing.services.sync.rows import fill


def record_failure(
    error: BillingError,
    *,
    source: str = "",
    customer: Customer | None = None,
    subscription: Subscription | None = None,
    action: Action | None = None,
    event: StripeEvent | None = None,
    object_id: str = "",
) -> Failure:
    """Once per source: an event's id, an attempt's; without one, Stripe's request or what it is
    about. What fails again after it was settled is open again.

    Works within the vendor's scope; what the action knows need not be said again.
    """
    about = action.pk if action else event.event_id if event else object_id
    source = (source or error.request_id or f"{about}:{error.code}")[:120]
    failure = Failure.objects.filter(source=source).first()
    failure = failure or Failure(vendor=current_vendor(), source=source)
    account = StripeAccount.objects.filter(vendor=failure.vendor_id).first()
    failure.action, failure.event = action, event
    failure.subscription = subscription or (action.subscription if action else None)
    failure.customer = customer or (action.customer if action else None)
    failure.happened_at, failure.settled_at = timezone.now(), None
    fill(
        failure,
        object_id=object_id or (event.object_id if event else ""),
        code=error.code,
        decline_code=error.decline_code,
        request_id=error.request_id,
        detail=error.detail or str(error),
        livemode=account.livemode if account else False,
        account_id=(account.connected_account_id or account.account_id) if account else "",
    )
    failure.save()
    return failure


def settle_failures(*, action: Action | None = None, event: StripeEvent | None = None) -> None:
    """It came right after all: this one, and every earlier try at the same."""
    about = _tries_at_the_same(action) if action else Q(event=event)
    _settle(about)


def _tries_at_the_same(action: Action) -> Q:
    """The same act on the same invoice, or with the same Stripe customer, and the same
    subscription; an act for all of them counts for each."""
    same = Q(action__kind=action.kind, customer=action.customer_id)
    if action.subscription_id is not None:
        same &= Q(subscription=action.subscription_id)
    for name in SUBJECTS & action.parameters.keys():
        same &= Q(**{f"action__parameters__{name}": action.parameters[name]})
    return Q(action=action) | same


SUBJECTS = {"invoice", "stripe_customer"}
"""Parameters of actions that say what they are about."""


def settle_by_standing(subscription: Subscription) -> None:
    """What was tried in vain and is so by now, whoever brought it about: Stripe's own retry, or the
    vendor there."""
    is_ending = subscription.cancels_at is not None or not subscription.is_live
    kinds = [Action.Kind.CANCEL if is_ending else Action.Kind.UNDO_CANCEL]
    if subscription.is_live and not subscription.past_due_minor:
        kinds.append(Action.Kind.PAY)
    _settle(Q(subscription=subscription, action__kind__in=kinds))


def _settle(about: Q) -> None:
    Failure.objects.filter(about, settled_at=None).update(settled_at=timezone.now())
