"""Many who act at the same moment, each on a connection of their own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from accounts.errors import (
    AddressNotUsable,
    AddressTaken,
    LinkNotValid,
    ProofNotRight,
    TooManyChanges,
)
from accounts.models import Vendor
from accounts.tenancy import vendor_scope

REFUSALS = (AddressNotUsable, AddressTaken, LinkNotValid, ProofNotRight, TooManyChanges)


def all_at_once(vendor: Vendor, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each act returned, or how it was refused, having begun together."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            with vendor_scope(vendor):
                start.wait()
                return act()
        except REFUSALS as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as crowd:
        return list(crowd.map(run, acts))
