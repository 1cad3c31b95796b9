"""Reading a vendor's whole account, or those of whom we may have missed something, and saying what
differed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing.errors import BillingUnavailable
from billing.events import HANDLERS
from billing.gateway import listing
from billing.gateway.client import unhurried
from billing.gateway.listing import Told
from billing.models import StripeAccount, StripeCustomer, StripeEvent, SyncRun
from billing.services.sync import comparing

STALLED_AFTER = timedelta(minutes=10)
"""A run that has not moved for so long was interrupted; whoever finds it goes on with it."""
GIVEN_UP_AFTER = timedelta(days=7)
OVERLAP = timedelta(minutes=5)
FIRST_LOOK_BACK = timedelta(hours=1)
STRIPE_KEEPS_EVENTS = timedelta(days=30)
RUNS_KEPT = timedelta(days=90)
WHOLE = [SyncRun.Kind.IMPORT, SyncRun.Kind.EVERYTHING]

type Progress = Callable[[SyncRun], object]


def vendors_with_keys() -> list[int]:
    with vendor_scope(None):
        has_key = ~Q(secret_key="") | ~Q(connected_account_id="")
        return list(StripeAccount.objects.filter(has_key).values_list("vendor_id", flat=True))


def reconcile(vendor: Vendor) -> SyncRun:
    """Compare everything, put right what differs, and report it. To the end, or until Stripe
    cannot be asked; then calling it again goes on from there."""
    return go_on(begin(vendor))


def begin(vendor: Vendor) -> SyncRun:
    """The unfinished one of everything, or a new one. Who knows no customer yet imports."""
    if run := _unfinished(WHOLE):
        return run
    knows_any = StripeCustomer.objects.exists()
    kind = SyncRun.Kind.EVERYTHING if knows_any else SyncRun.Kind.IMPORT
    return SyncRun.objects.create(vendor=vendor, kind=kind)


def begin_missed(vendor: Vendor) -> SyncRun:
    """The unfinished one, or a new one, of the customers of whom Stripe has told, since the last
    time, what never came here."""
    kind, now = SyncRun.Kind.MISSED, timezone.now()
    if run := _unfinished([kind]):
        return run
    last = SyncRun.objects.filter(kind=kind).exclude(finished_at=None).first()
    since = last.started_at - OVERLAP if last else now - FIRST_LOOK_BACK
    since = max(since, now - STRIPE_KEEPS_EVENTS)
    return SyncRun.objects.create(vendor=vendor, kind=kind, since=since)


def begin_touched(vendor: Vendor, since: datetime) -> SyncRun:
    """A new one of the customers of whom Stripe has told anything since."""
    since = max(since, timezone.now() - STRIPE_KEEPS_EVENTS)
    return SyncRun.objects.create(vendor=vendor, kind=SyncRun.Kind.TOUCHED, since=since)


def _unfinished(kinds: list[SyncRun.Kind]) -> SyncRun | None:
    since = timezone.now() - GIVEN_UP_AFTER
    found = SyncRun.objects.filter(kind__in=kinds, finished_at=None, started_at__gt=since)
    return found.first()


def interrupted() -> list[int]:
    """The vendors with a run of everything that stopped on its way."""
    now = timezone.now()
    with vendor_scope(None):
        stalled = SyncRun.objects.filter(
            kind__in=WHOLE,
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
            for customer_id, cursor in _customers(vendor, run):
                comparing.compare_customer(run, customer_id)
                run.customers += 1
                run.cursor, run.stopped_by = cursor, ""
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


def _customers(vendor: Vendor, run: SyncRun) -> Iterator[tuple[str, str]]:
    """Each with the cursor after it."""
    if run.since:
        yield from _told_of(vendor, run, run.since)
        return
    while page := listing.customer_ids(vendor, after=run.cursor):
        yield from ((one, one) for one in page)
    yield from _no_longer_listed(run)


def _told_of(vendor: Vendor, run: SyncRun, since: datetime) -> Iterator[tuple[str, str]]:
    """Each once, unless it goes on after an interruption."""
    seen: set[str] = set()
    after = run.cursor
    while page := listing.told(vendor, since=since, after=after):
        after = page[-1].event_id
        for told in _never_came(page) if run.kind == SyncRun.Kind.MISSED else page:
            if told.customer_id and told.customer_id not in seen:
                seen.add(told.customer_id)
                yield told.customer_id, told.event_id


def _never_came(page: list[Told]) -> list[Told]:
    """Of those that Stripe should have sent. What came is handled, or tried again, by itself."""
    came = StripeEvent.objects.filter(event_id__in=[told.event_id for told in page])
    known = frozenset(came.values_list("event_id", flat=True))
    return [told for told in page if told.type in HANDLERS and told.event_id not in known]


def _no_longer_listed(run: SyncRun) -> Iterator[tuple[str, str]]:
    """Those we know that the list did not bring: they were deleted at Stripe."""
    unseen = StripeCustomer.objects.filter(deleted_at=None, synced_at__lt=run.started_at)
    ids = unseen.order_by("pk").values_list("stripe_customer_id", flat=True)
    yield from ((one, one) for one in ids.iterator(chunk_size=500))


def _forget_uneventful(run: SyncRun) -> None:
    """Of those that found nothing every quarter of an hour, the last is enough."""
    SyncRun.objects.filter(
        kind=SyncRun.Kind.MISSED,
        differences_found=0,
        failures_met=0,
        started_at__lt=run.started_at,
    ).exclude(finished_at=None).delete()


def prune() -> None:
    """Every vendor's."""
    with vendor_scope(None):
        SyncRun.objects.filter(started_at__lt=timezone.now() - RUNS_KEPT).delete()
