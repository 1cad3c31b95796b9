"""New events are handled at once; in a flood one nudge a second is enough; vendors alternate."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.tasks import TaskContext, default_task_backend
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


def run(nudge: Any) -> None:
    """As a worker does."""
    nudge.task.call(TaskContext(task_result=nudge), *nudge.args)


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
    tasks.handle_events.enqueue(acme.pk)
    assert unhandled() == ["evt_3", "evt_4"]


def test_after_its_turn_a_vendor_waits_for_the_others(
    acme: Vendor, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(acme, 1, 2, 3)
    monkeypatch.setattr(tasks, "A_TURN", timedelta(seconds=-1))
    run(tasks.handle_events.enqueue(acme.pk))
    assert unhandled() == ["evt_2", "evt_3"]
    _nudge, successor = queue
    monkeypatch.setattr(tasks, "A_TURN", timedelta(minutes=1))
    run(successor)
    assert (unhandled(), len(queue)) == ([], 2)


def test_nudges_from_before_a_look_do_not_pile_up(
    acme: Vendor, queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was behind: one look stands for all of them, and its successor for the rest."""
    keep(acme, 1, 2, 3)
    monkeypatch.setattr(tasks, "A_TURN", timedelta(seconds=-1))
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        nudges = [tasks.handle_events.enqueue(acme.pk) for _second in range(3)]
        clock.shift(timedelta(seconds=60))
        for nudge in nudges:
            run(nudge)
        assert unhandled() == ["evt_2", "evt_3"]
        assert len(queue) == 4, "one successor"
        run(queue[-1])
        assert unhandled() == ["evt_3"]
        run(tasks.handle_events.enqueue(acme.pk))
        assert unhandled() == []


def test_where_the_worker_is_behind_a_sweep_nudges_once_a_vendor(acme: Vendor, queue: Any) -> None:
    keep(acme, 1, 2, 3)
    with vendor_scope(acme):
        StripeEvent.objects.update(received_at=timezone.now() - timedelta(minutes=2))
    tasks.sweep_events.func()
    assert [(nudge.task.name, nudge.args) for nudge in queue] == [("handle_events", [acme.pk])]


def test_a_nudge_for_later_stands_for_what_came_until_then(acme: Vendor, queue: Any) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        later = tasks.handle_events.using(run_after=now + timedelta(seconds=30)).enqueue(acme.pk)
        clock.shift(timedelta(seconds=10))
        run(tasks.handle_events.enqueue(acme.pk))
        keep(acme, 1)
        clock.shift(timedelta(seconds=30))
        run(later)
        assert unhandled() == []
