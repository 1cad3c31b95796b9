"""Work that outlives a request: a nudge for each event, and sweeps for what was left."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.tasks import task
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import events
from billing.models import StripeEvent
from billing.services import notices, settling

MAX_ATTEMPTS = 12
"""The last comes a day and a half after the event; then the vendor sees it as failed."""
FIRST_WAIT = timedelta(minutes=1)
EVENTS_KEPT = timedelta(days=30)


@task()
def handle_event(vendor_id: int, event_pk: int) -> None:
    with vendor_scope(Vendor.objects.get(pk=vendor_id)):
        unhandled = StripeEvent.objects.filter(pk=event_pk, handled_at=None)
        if event := unhandled.select_related("vendor").first():
            events.handle(event)


@task()
def sweep_events() -> None:
    """Take up events whose task was lost or which failed, each time after twice the wait."""
    now = timezone.now()
    due = Q()
    for attempts in range(MAX_ATTEMPTS):
        due |= Q(attempts=attempts, received_at__lte=now - FIRST_WAIT * 2**attempts)
    with vendor_scope(None):
        left = StripeEvent.objects.filter(due, handled_at=None).order_by("received_at")
        found = list(left.values_list("vendor_id", "pk")[:500])
    for vendor_id, event_pk in found:
        handle_event.enqueue(vendor_id, event_pk)


@task()
def sweep_actions() -> None:
    settling.settle_what_was_left()


@task()
def sweep_notices() -> None:
    notices.enqueue_what_was_left()


@task()
def prune_events() -> None:
    """What was handled a month ago is of no use to anyone."""
    with vendor_scope(None):
        over = StripeEvent.objects.filter(handled_at__lt=timezone.now() - EVENTS_KEPT)
        over.delete()
