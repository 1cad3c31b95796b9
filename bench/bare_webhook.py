"""The ceiling: a webhook's signature, row and answer behind the same gunicorn, and nothing else.

No host, no vendor looked up, no log, no headers, no nudge. What the hub can come close to at best.
"""

import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings

from accounts.postgresql.roles import EVERY_VENDOR, SETTING

settings.configure(USE_TZ=True)

from billing.gateway.signatures import read_event  # noqa: E402 (needs settings)

SECRET, VENDOR = os.environ["BENCH_SECRET"], int(os.environ["BENCH_VENDOR"])
INSERT = (
    "INSERT INTO billing_stripeevent (vendor_id, event_id, type, object_id, livemode, created_at,"
    " received_at, attempts, failure) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '')"
    " ON CONFLICT DO NOTHING"
)
_threads = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "POST":
        payload = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        hint = read_event(payload, header=environ["HTTP_STRIPE_SIGNATURE"], secret=SECRET)
        values = (hint.event_id, hint.type, hint.object_id, hint.livemode, hint.created_at)
        _connection().execute(INSERT, (VENDOR, *values, datetime.now(UTC)), prepare=True)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


def _connection() -> psycopg.Connection:
    """This thread's own, kept."""
    if not hasattr(_threads, "connection"):
        _threads.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        _threads.connection.execute(f"SET {SETTING} = '{EVERY_VENDOR}'")
    return _threads.connection  # type: ignore[no-any-return]
