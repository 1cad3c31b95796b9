"""New events are handled at once; in a flood one nudge a second is enough; vendors alternate."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.tasks import default_task_backend
from django.test import override_settings
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import tasks
from billing.models import StripeEvent

NO_WORKER = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}


@pytest.fixture
def queue() -> Iterator[Any]:
    """What was enqueued, oldest first; nothing of it runs."""
    with override_settings(TASKS=NO_WORKER):
        yield default_task_backend.results


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(tasks, "monotonic", lambda: now[0])
    return now


def keep(vendor: Vendor, *numbers: int, **fields: Any) -> None:
    with vendor_scope(vendor):
        for number in numbers:
            about = {"event_id": f"evt_{number}", "type": "unheard.of"} | fields
            StripeEvent.objects.create(vendor=vendor, created_at=timezone.now(), **about)


def unhandled() -> list[str]:
    with vendor_scope(None):
        rows = StripeEvent.objects.filter(handled_at=None).order_by("pk")
        return list(rows.values_list("event_id", flat=True))


def test_an_event_now_and_then_is_handled_at_once(queue: Any, clock: list[float]) -> None:
    for _event in range(3):
        tasks.nudge(1)
        clock[0] += 2 * tasks.SHARED_FOR
    assert [nudge.task.run_after for nudge in queue] == [None, None, None]


def test_a_flood_nudges_once_a_second_and_each_event_is_looked_for_after_it_came(
    queue: Any, clock: list[float]
) -> None:
    began, looks, came = clock[0], [], []
    for _event in range(1000):
        before = len(queue)
        tasks.nudge(1)
        came.append(clock[0])
        for nudge in queue[before:]:
            waits = bool(nudge.task.run_after)
            looks.append(clock[0] + (tasks.SHARED_FOR + tasks.CLOCKS_DIFFER_BY) * waits)
        clock[0] += 0.01
    assert len(looks) <= (clock[0] - began) / tasks.SHARED_FOR + 2
    assert looks[0] == began
    assert all(any(look == at or look >= at + 0.5 for look in looks) for at in came)


def test_one_vendors_flood_is_no_nudge_for_another(queue: Any, clock: list[float]) -> None:
    for vendor_id in (1, 1, 1, 2):
        tasks.nudge(vendor_id)
    assert [nudge.args[0] for nudge in queue] == [1, 1, 2]
    assert queue[-1].task.run_after is None


def test_a_nudge_that_failed_is_given_again(
    queue: Any, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(default_task_backend, "enqueue", lambda *_: 1 / 0, raising=False)
        with pytest.raises(ZeroDivisionError):
            tasks.nudge(1)
    tasks.nudge(1)
    assert len(queue) == 1


def test_all_that_nobody_has_tried_is_handled_and_of_this_vendor_only(
    acme: Vendor, globex: Vendor
) -> None:
    keep(acme, 1, 2)
    keep(acme, 3, attempts=1, next_try_at=timezone.now() + timedelta(minutes=1))
    keep(globex, 4)
    tasks.handle_events.func(acme.pk)
    assert unhandled() == ["evt_3", "evt_4"]


def test_after_its_turn_a_vendor_waits_for_the_others(
    acme: Vendor, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(acme, 1, 2, 3)
    monkeypatch.setattr(tasks, "A_TURN", timedelta(seconds=-1))
    tasks.handle_events.func(acme.pk)
    assert unhandled() == ["evt_2", "evt_3"]
    assert [nudge.args for nudge in queue] == [[acme.pk]]
    monkeypatch.setattr(tasks, "A_TURN", timedelta(minutes=1))
    tasks.handle_events.func(acme.pk)
    assert (unhandled(), len(queue)) == ([], 1)
