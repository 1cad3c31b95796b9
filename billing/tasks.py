"""Work that outlives a request: a nudge for each event, and sweeps for what was left."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.tasks import task
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from accounts.turns import in_turn
from billing import events
from billing.models import StripeEvent, SyncRun
from billing.services import expiring_cards, notices, settling
from billing.services.sync import runs

LOST_AFTER = timedelta(seconds=20)
"""An event that nobody has tried by then has lost its task."""
EVENTS_KEPT = timedelta(days=30)
A_SWEEP = 500
A_VENDORS_SHARE = 100
A_SLICE = timedelta(minutes=1)


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
    due = Q(next_try_at=None, received_at__lte=now - LOST_AFTER) | Q(next_try_at__lte=now)
    with vendor_scope(None):
        left = StripeEvent.objects.filter(
            due, handled_at=None, attempts__lt=events.MAX_ATTEMPTS
        ).order_by("received_at")
        found = in_turn(left.values_list("vendor_id", "pk"), at_most=A_SWEEP, each=A_VENDORS_SHARE)
    for vendor_id, event_pk in found:
        handle_event.enqueue(vendor_id, event_pk)


@task()
def sweep_actions() -> None:
    settling.settle_what_was_left()


@task()
def sweep_notices() -> None:
    notices.enqueue_what_was_left()


@task()
def note_expiring_cards() -> None:
    for notice in expiring_cards.note_expiring():
        notices.tell_of_expiry.enqueue(notice.vendor_id, notice.pk)


@task()
def prune_events() -> None:
    """What was handled or given up a month ago is of no use to anyone."""
    then = timezone.now() - EVENTS_KEPT
    given_up = Q(attempts__gte=events.MAX_ATTEMPTS, received_at__lt=then)
    with vendor_scope(None):
        StripeEvent.objects.filter(Q(handled_at__lt=then) | given_up).delete()
        runs.prune()


@task()
def reconcile_touched() -> None:
    """One task a vendor, so that a slow one holds up nobody. Takes up what was interrupted, too."""
    for vendor_id in runs.vendors_with_keys():
        compare_touched.enqueue(vendor_id)
    for vendor_id in runs.interrupted():
        compare_everything.enqueue(vendor_id)


@task()
def reconcile_everything() -> None:
    for vendor_id in runs.vendors_with_keys():
        compare_everything.enqueue(vendor_id)


@task()
def compare_touched(vendor_id: int) -> None:
    vendor = Vendor.objects.get(pk=vendor_id)
    with vendor_scope(vendor):
        runs.reconcile_touched(vendor)


@task()
def compare_everything(vendor_id: int) -> None:
    """A slice at a time: a worker is not one vendor's for hours, and a restart loses nothing."""
    vendor = Vendor.objects.get(pk=vendor_id)
    with vendor_scope(vendor):
        run = runs.begin(vendor, SyncRun.Kind.EVERYTHING)
        if runs.is_at_work(run):
            return
        _slice(run)


@task()
def go_on_comparing(vendor_id: int, run_id: int) -> None:
    vendor = Vendor.objects.get(pk=vendor_id)
    with vendor_scope(vendor):
        if run := SyncRun.objects.filter(pk=run_id, finished_at=None).first():
            _slice(run)


def _slice(run: SyncRun) -> None:
    runs.go_on(run, until=timezone.now() + A_SLICE)
    if run.finished_at is None and not run.stopped_by:
        go_on_comparing.enqueue(run.vendor_id, run.pk)
