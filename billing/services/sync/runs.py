"""Reading a vendor's whole account, or what was touched, and saying what differed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.errors import BillingUnavailable
from billing.gateway import listing
from billing.gateway.client import unhurried
from billing.models import StripeAccount, StripeCustomer, SyncRun
from billing.services.sync import comparing

STALLED_AFTER = timedelta(minutes=10)
"""A run that has not moved for so long was interrupted; whoever finds it goes on with it."""
GIVEN_UP_AFTER = timedelta(days=7)
OVERLAP = timedelta(minutes=5)
FIRST_LOOK_BACK = timedelta(hours=1)
STRIPE_KEEPS_EVENTS = timedelta(days=30)
RUNS_KEPT = timedelta(days=90)

type Progress = Callable[[SyncRun], object]


def vendors_with_keys() -> list[int]:
    with vendor_scope(None):
        has_key = ~Q(secret_key="") | ~Q(connected_account_id="")
        return list(StripeAccount.objects.filter(has_key).values_list("vendor_id", flat=True))


def reconcile(vendor: Vendor) -> SyncRun:
    """Compare everything, put right what differs, and report it. To the end, or until Stripe
    cannot be asked; then calling it again goes on from there."""
    return go_on(begin(vendor, SyncRun.Kind.EVERYTHING))


def reconcile_touched(vendor: Vendor) -> SyncRun:
    """The same for the customers of whom Stripe has told anything since the last time."""
    return go_on(begin(vendor, SyncRun.Kind.TOUCHED))


def begin(vendor: Vendor, kind: SyncRun.Kind, *, since: datetime | None = None) -> SyncRun:
    """The unfinished one of this kind, or a new one. Who knows no customer yet imports."""
    now = timezone.now()
    if kind == SyncRun.Kind.TOUCHED:
        since = max(since or _last_look(now), now - STRIPE_KEEPS_EVENTS)
        return SyncRun.objects.create(vendor=vendor, kind=kind, since=since)
    unfinished = SyncRun.objects.exclude(kind=SyncRun.Kind.TOUCHED).filter(finished_at=None)
    if run := unfinished.filter(started_at__gt=now - GIVEN_UP_AFTER).first():
        return run
    if not StripeCustomer.objects.exists():
        kind = SyncRun.Kind.IMPORT
    return SyncRun.objects.create(vendor=vendor, kind=kind)


def _last_look(now: datetime) -> datetime:
    """With some overlap, for what was under way then."""
    last = SyncRun.objects.filter(kind=SyncRun.Kind.TOUCHED).exclude(finished_at=None).first()
    return last.started_at - OVERLAP if last else now - FIRST_LOOK_BACK


def interrupted() -> list[int]:
    """The vendors with a run that stopped on its way."""
    now = timezone.now()
    with vendor_scope(None):
        stalled = SyncRun.objects.exclude(kind=SyncRun.Kind.TOUCHED).filter(
            finished_at=None,
            started_at__gt=now - GIVEN_UP_AFTER,
            moved_at__lt=now - STALLED_AFTER,
        )
        return list(stalled.values_list("vendor_id", flat=True).distinct())


def is_at_work(run: SyncRun) -> bool:
    """Whether somebody else has it in hand."""
    has_begun = run.moved_at - run.started_at > timedelta(seconds=1)
    return has_begun and not run.stopped_by and run.moved_at > timezone.now() - STALLED_AFTER


def go_on(
    run: SyncRun, *, until: datetime | None = None, progress: Progress = lambda run: None
) -> SyncRun:
    """From where it stands to its end, or to this moment; each customer is kept as done, so that
    it can break off anywhere."""
    vendor = run.vendor
    try:
        with unhurried(vendor):
            for customer_id in _customers(vendor, run):
                comparing.compare_customer(run, customer_id)
                run.customers += 1
                run.cursor, run.stopped_by = customer_id, ""
                run.save()
                progress(run)
                if until is not None and timezone.now() > until:
                    return run
    except BillingUnavailable as error:
        run.stopped_by = (error.detail or str(error))[:500]
        run.save()
        return run
    run.finished_at, run.stopped_by = timezone.now(), ""
    run.save()
    _forget_uneventful(run)
    return run


def _customers(vendor: Vendor, run: SyncRun) -> Iterator[str]:
    """Never more than a page of them in memory, but for what was touched in a short time."""
    if run.kind == SyncRun.Kind.TOUCHED and run.since:
        touched = listing.customers_touched(vendor, since=run.since)
        yield from sorted(one for one in touched if one > run.cursor)
        return
    while page := listing.customer_ids(vendor, after=run.cursor):
        yield from page
    yield from _no_longer_listed(run)


def _no_longer_listed(run: SyncRun) -> Iterator[str]:
    """Those we know that the list did not bring: they were deleted at Stripe."""
    unseen = StripeCustomer.objects.filter(deleted_at=None, synced_at__lt=run.started_at)
    ids = unseen.order_by("pk").values_list("stripe_customer_id", flat=True)
    yield from ids.iterator(chunk_size=500)


def _forget_uneventful(run: SyncRun) -> None:
    """Of those that found nothing every quarter of an hour, the last is enough."""
    SyncRun.objects.filter(
        kind=SyncRun.Kind.TOUCHED,
        differences_found=0,
        failures_met=0,
        started_at__lt=run.started_at,
    ).exclude(finished_at=None).delete()


def prune() -> None:
    """Every vendor's."""
    with vendor_scope(None):
        SyncRun.objects.filter(started_at__lt=timezone.now() - RUNS_KEPT).delete()
