"""PostgreSQL, told before a statement whose rows may be seen, whenever that has changed.

The policies of accounts/guards.py read it. It is told in the same message as the statement, which
costs no round trip; what a rollback took back is told anew.

A restart takes PostgreSQL a second or two: whoever wants a connection meanwhile waits for it. When
it is away for longer, everybody is told at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base
from psycopg import ClientCursor, Connection, OperationalError
from psycopg.pq import TransactionStatus

from accounts.postgresql.roles import SETTING

ABOUT_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
PATIENCE = 3.0
TICK = 0.1
"""Both in seconds."""


class Outage:
    """Since when nobody in this process has got a connection."""

    def __init__(self) -> None:
        self._began: float | None = None

    def is_short(self) -> bool:
        if self._began is None:
            self._began = time.monotonic()
        return time.monotonic() - self._began < PATIENCE

    def end(self) -> None:
        self._began = None


OUTAGE = Outage()


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told: str | None = None
        """What this connection was told last; None: not known."""
        self.execute_wrappers.append(self._tell_first)

    def connect(self) -> None:
        self._told = None
        super().connect()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        while True:
            try:
                connection: Connection[Any] = super().get_new_connection(conn_params)
            except OperationalError:
                if not OUTAGE.is_short():
                    raise
                time.sleep(TICK)
            else:
                OUTAGE.end()
                return connection

    def _rollback(self) -> None:
        self._told = None
        super()._rollback()  # type: ignore[misc]  # which the stubs have forgotten

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = None

    def _tell_first(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        from accounts.tenancy import vendors_in_scope  # which needs models, and they this module

        vendors = vendors_in_scope()
        # In a failed transaction nothing but its end is listened to.
        if vendors == self._told or self._has_failed():
            return execute(sql, params, many, context)
        self._told = None
        tell, cursor = f"SET {SETTING} = '{vendors}'", context["cursor"].cursor
        if not many and isinstance(cursor, ClientCursor) and str(sql).startswith(ABOUT_ROWS):
            result = execute(f"{tell}; {sql}", params, many, context)
            cursor.nextset()
        else:
            with self.wrap_database_errors:
                self.connection.execute(tell)
            result = execute(sql, params, many, context)
        self._told = vendors
        return result

    def _has_failed(self) -> bool:
        return bool(self.connection.info.transaction_status == TransactionStatus.INERROR)
