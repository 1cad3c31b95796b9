"""Which task a line was logged in: its id and its name stand in each."""

from __future__ import annotations

from typing import Any

import structlog
from django.tasks import TaskResult
from django.tasks.signals import task_finished, task_started


def connect() -> None:
    task_started.connect(_begin)
    task_finished.connect(_end)


def _begin(task_result: TaskResult[Any, Any], **_signal: Any) -> None:
    structlog.contextvars.bind_contextvars(
        task_id=str(task_result.id), task=task_result.task.module_path
    )


def _end(**_signal: Any) -> None:
    structlog.contextvars.unbind_contextvars("task_id", "task")
