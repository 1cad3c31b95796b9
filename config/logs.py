"""What is logged, one event a line: JSON for machines, or for eyes where the demo runs.

Nothing leaves unmasked, whoever logged it: this is the one place where every line passes.
Needs no Django, because gunicorn logs before there is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.types import Processor

MASKED = "•••"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MASKS = [
    # Our own URLs' queries: addresses, tokens, where to go next.
    (re.compile(r"(/[^\s?\"']*)\?[^\s\"']+"), rf"\1?{MASKED}"),
    # Stripe's keys and client secrets.
    (re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_\w+|\bwhsec_\w+|\b\w+_secret_\w+"), MASKED),
    (re.compile(r"(?i)\b(password|passwd|token|secret|code|key)=[^\s&,;]+"), rf"\1={MASKED}"),
    # Tokens, cookies, sealed content: long, and not only small letters as the names in our code.
    (re.compile(rf"(?<![\w-])(?!{_UUID})(?=[a-z_-]*[A-Z0-9])[\w-]{{32,}}=*"), MASKED),
    # E-mail addresses, as pages mask them; internet addresses, to their network.
    (re.compile(r"\b([\w])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)"), r"\1••••@\2"),
    (re.compile(r"\b(?!127\.)(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\b"), r"\1.0"),
]
OUR_IDS = {"request_id", "task_id"}


def masked(text: str) -> str:
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def _mask(value: Any) -> Any:
    match value:
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {name: _mask(each) for name, each in value.items()}
        case list() | tuple() | set():
            return [_mask(each) for each in value]
        case _:
            return masked(str(value))


def mask_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The last before the line is written: tracebacks are text by then."""
    return {name: each if name in OUR_IDS else _mask(each) for name, each in event.items()}


def add_vendor(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Whose scope the event happened in, unless it says so itself."""
    from django_scopes import get_scope  # which needs Django

    vendor = get_scope().get("vendor")
    if vendor is not None and not isinstance(vendor, list):
        event.setdefault("vendor", getattr(vendor, "subdomain", "") or f"#{vendor.pk}")
    return event


BEFORE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ExtraAdder(allow=["status_code"]),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_vendor,
    structlog.processors.format_exc_info,
]
"""What every event is given before it is masked and written."""


def logging_config(*, for_machines: bool, level: str = "INFO") -> dict[str, Any]:
    """For logging.config.dictConfig; every logger ends in the one handler."""
    line: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if for_machines
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": BEFORE,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_event,
            line,
        ],
    }
    quiet = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {**quiet, "level": level},
            "django.request": {**quiet, "level": "ERROR"},
            # Each task is logged once, by accounts.task_log; this names the task before it.
            "django.tasks": {**quiet, "level": "WARNING"},
            "axes": {**quiet, "level": "WARNING"},
            "weasyprint": {**quiet, "level": "WARNING"},
            # With no handler of its own, its worker would add one that writes every line in clear.
            "django_ox": {"handlers": ["console"], "propagate": False, "level": level},
            # Two lines for every call; what went wrong is kept as a Failure, with the request's id.
            "stripe": {**quiet, "level": "WARNING"},
            "gunicorn.error": {**quiet, "level": level},
            # Each request is logged once, by config.request_log.
            "gunicorn.access": {**quiet, "level": "WARNING"},
        },
    }
