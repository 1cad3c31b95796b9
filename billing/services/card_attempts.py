"""A card form is a card checker for thieves: a customer has few attempts, and every card that was
refused in the browser is one."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer
from billing.errors import TooManyAttempts
from billing.models import Action, Failure

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
ATTEMPTS_AN_HOUR = 5
ATTEMPTS_A_DAY = 10


def check(customer: Customer) -> None:
    """Raises TooManyAttempts."""
    if are_used_up(customer):
        raise TooManyAttempts(_("Those were many attempts. Please wait an hour and try again."))


def are_used_up(customer: Customer) -> bool:
    limits = {AN_HOUR: ATTEMPTS_AN_HOUR, A_DAY: ATTEMPTS_A_DAY}
    return any(_attempts(customer, span) >= most for span, most in limits.items())


def _attempts(customer: Customer, span: timedelta) -> int:
    """Cards refused in the browser, cards confirmed, and tries with the card on file."""
    since = timezone.now() - span
    acts = customer.actions.filter(started_at__gt=since)
    refused = Failure.objects.filter(
        action__customer=customer,
        action__kind=Action.Kind.CHANGE_CARD,
        object_id__startswith="seti_",
        happened_at__gt=since,
    )
    confirmed = acts.filter(kind=Action.Kind.CHANGE_CARD, parameters__has_key="card")
    tries = acts.filter(kind=Action.Kind.PAY, parameters__has_key="attempt")
    counted = tries.aggregate(n=Count("parameters__attempt", distinct=True))["n"]
    return refused.count() + confirmed.count() + int(counted)
