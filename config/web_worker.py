"""A process of the web server: it says in a sentence why it cannot start and, told to stop, first
answers whoever has already got through."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from gunicorn.errors import AppImportError
from gunicorn.workers.gthread import ThreadWorker

if TYPE_CHECKING:
    from _typeshed import HasFileno


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def load_wsgi(self) -> None:
        """What settings refuse is said without a traceback, and ends the start."""
        try:
            super().load_wsgi()
        except ImproperlyConfigured as error:
            raise AppImportError(str(error)) from error

    def set_accept_enabled(self, enabled: bool) -> None:
        """The kernel takes connections before we do, and hangs up on those that still wait when the
        last process lets go of the port. Gunicorn leaves them there until its requests are done."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            while self.nr_conns < self.worker_connections and _has_somebody_waiting(listener):
                self.accept(listener)
            listener.close()


def _has_somebody_waiting(listener: HasFileno) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))
