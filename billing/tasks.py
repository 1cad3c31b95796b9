"""Work that outlives a request: a nudge for what came, and sweeps for what was left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from django.db.models import Q
from django.tasks import TaskContext, task
from django.utils import timezone

from accounts.models import Vendor
from accounts.priorities import A_SLICE, NOBODY_WAITS
from accounts.tenancy import vendor_scope
from accounts.turns import in_turn
from billing import events
from billing.models import StripeEvent, SyncRun
from billing.services import expiring_cards, notices, settling
from billing.services.sync import runs

LOST_AFTER = timedelta(seconds=20)
"""An event that nobody has tried by then has lost its nudge."""
EVENTS_KEPT = timedelta(days=30)
A_SWEEP = 500
A_VENDORS_SHARE = 100
A_TURN = timedelta(seconds=2)
SHARED_FOR = 1.0
CLOCKS_DIFFER_BY = 0.5
"""Seconds, at most, between a web server and a worker elsewhere."""

_looks_at: dict[int, float] = {}
"""By vendor, when the worker takes up this process's last nudge at the earliest."""
_looked_at: dict[int, datetime] = {}
"""By vendor, when this process, a worker's, last began to look for untried events."""


def nudge(vendor_id: int) -> None:
    """Have a vendor's new events handled, now that they are committed: at once, or where they come
    so fast that this was just done, together with those of the next second."""
    now = monotonic()
    looks_at = _looks_at.get(vendor_id, now - SHARED_FOR)
    if now < looks_at:
        return
    task, looks_next = handle_events, now
    if now < looks_at + SHARED_FOR and task.get_backend().supports_defer:
        wait = timedelta(seconds=SHARED_FOR + CLOCKS_DIFFER_BY)
        task, looks_next = task.using(run_after=timezone.now() + wait), now + SHARED_FOR
    task.enqueue(vendor_id)
    _looks_at[vendor_id] = looks_next


@task(takes_context=True)
def handle_events(context: TaskContext[..., None], vendor_id: int) -> None:
    """All of a vendor's that nobody has tried, for a few seconds; then it is another's turn."""
    began = timezone.now()
    if _is_answered(context, vendor_id):
        return
    with vendor_scope(Vendor.objects.get(pk=vendor_id)):
        untried = StripeEvent.objects.filter(handled_at=None, attempts=0, next_try_at=None)
        found = untried.select_related("vendor").order_by("received_at", "pk")
        for event in found[:A_VENDORS_SHARE]:
            events.handle(event)
            if timezone.now() > began + A_TURN:
                break
        is_there_more = untried.exists()
    if is_there_more:
        handle_events.enqueue(vendor_id)
    _looked_at[vendor_id] = began


def _is_answered(context: TaskContext[..., None], vendor_id: int) -> bool:
    """Whether a look begun since then found what this nudge is for, or left it to its successor.
    Where the worker is behind, a vendor's nudges would pile up, and keep all others waiting."""
    nudge = context.task_result
    given_at = nudge.task.run_after or nudge.enqueued_at
    looked_at = _looked_at.get(vendor_id)
    if looked_at is None or given_at is None:
        return False
    return looked_at > given_at + timedelta(seconds=CLOCKS_DIFFER_BY)


@task()
def handle_event(vendor_id: int, event_pk: int) -> None:
    with vendor_scope(Vendor.objects.get(pk=vendor_id)):
        unhandled = StripeEvent.objects.filter(pk=event_pk, handled_at=None)
        if event := unhandled.select_related("vendor").first():
            events.handle(event)


@task()
def sweep_events() -> None:
    """Take up events whose nudge was lost, and those which failed, each time after twice the wait.

    A nudge is a vendor's, however many of its events wait: where the worker is behind, a task for
    each would put it further behind.
    """
    now = timezone.now()
    with vendor_scope(None):
        left = StripeEvent.objects.filter(handled_at=None, attempts__lt=events.MAX_ATTEMPTS)
        lost = left.filter(next_try_at=None, received_at__lte=now - LOST_AFTER)
        forgotten = list(lost.order_by().values_list("vendor_id", flat=True).distinct())
        failed = left.filter(next_try_at__lte=now).order_by("received_at")
        due = in_turn(failed.values_list("vendor_id", "pk"), at_most=A_SWEEP, each=A_VENDORS_SHARE)
    for vendor_id in forgotten:
        handle_events.enqueue(vendor_id)
    for vendor_id, event_pk in due:
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
def reconcile_missed() -> None:
    """One task a vendor, so that a slow one holds up nobody. Takes up what was interrupted, too."""
    for vendor_id in runs.vendors_with_keys():
        compare_missed.enqueue(vendor_id)
    for vendor_id in runs.interrupted():
        compare_everything.enqueue(vendor_id)


@task()
def reconcile_everything() -> None:
    for vendor_id in runs.vendors_with_keys():
        compare_everything.enqueue(vendor_id)


@task(priority=NOBODY_WAITS)
def compare_missed(vendor_id: int) -> None:
    _compare(vendor_id, runs.begin_missed)


@task(priority=NOBODY_WAITS)
def compare_everything(vendor_id: int) -> None:
    _compare(vendor_id, runs.begin)


def _compare(vendor_id: int, begin: Callable[[Vendor], SyncRun]) -> None:
    """A slice at a time: a worker is not one vendor's for hours, and a restart loses nothing."""
    vendor = Vendor.objects.get(pk=vendor_id)
    with vendor_scope(vendor):
        run = begin(vendor)
        if not runs.is_at_work(run):
            _slice(run)


@task(priority=NOBODY_WAITS)
def go_on_comparing(vendor_id: int, run_id: int) -> None:
    vendor = Vendor.objects.get(pk=vendor_id)
    with vendor_scope(vendor):
        if run := SyncRun.objects.filter(pk=run_id, finished_at=None).first():
            _slice(run)


def _slice(run: SyncRun) -> None:
    runs.go_on(run, until=timezone.now() + timedelta(seconds=A_SLICE))
    if run.finished_at is None and not run.stopped_by:
        go_on_comparing.enqueue(run.vendor_id, run.pk)
