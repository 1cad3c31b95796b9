"""A process of the web server that, told to stop, first answers whoever has already got through."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from gunicorn.workers.gthread import ThreadWorker

if TYPE_CHECKING:
    from _typeshed import HasFileno


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
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
