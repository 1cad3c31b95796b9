"""A line for each task, as for each request; its id and its name stand in every line between."""

from __future__ import annotations

import logging
from typing import Any

import structlog
from django.tasks import TaskResult
from django.tasks.signals import task_finished, task_started

logger = logging.getLogger("hub.tasks")


def connect() -> None:
    task_started.connect(_begin)
    task_finished.connect(_end)


def _begin(task_result: TaskResult[Any, Any], **_signal: Any) -> None:
    """Also takes the place of a task that was broken off, of which no end is told."""
    structlog.contextvars.bind_contextvars(
        task_id=str(task_result.id), task=task_result.task.module_path
    )


def _end(task_result: TaskResult[Any, Any], **_signal: Any) -> None:
    said: dict[str, Any] = {"state": task_result.status.lower()}
    if task_result.started_at and task_result.finished_at:
        spent = task_result.finished_at - task_result.started_at
        said["ms"] = round(spent.total_seconds() * 1000)
    with structlog.contextvars.bound_contextvars(**said):
        logger.info("task")
    structlog.contextvars.unbind_contextvars("task_id", "task")
