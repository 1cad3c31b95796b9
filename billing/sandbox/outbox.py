"""Webhooks on their way: what must still be delivered, signed as Stripe signs it."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from billing.sandbox.agenda import Clock
from billing.sandbox.store import Obj, Store, encode

# Seconds until a delivery that failed is tried again by a patient deliverer, at most.
LONGEST_WAIT = 60


@dataclass(frozen=True)
class Delivery:
    """One webhook request to make."""

    url: str
    payload: bytes
    headers: Mapping[str, str]
    event: str
    type: str
    attempt: int


# Makes the request; a status outside 200 to 299 or an OSError means: try again later.
type Sink = Callable[[Delivery], int | None]


class Outbox:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._under_way: set[str] = set()

    def waiting(self, *, patient: bool) -> list[str]:
        now = self._clock.machine_now()
        tasks = self._store.shelf("outbox").items()
        return [key for key, task in tasks if not patient or task["after"] <= now]

    def begin(self, key: str) -> Delivery | None:
        """The delivery for an entry; None if another is at it or nobody wants it any more."""
        task = self._store.shelf("outbox").get(key)
        if task is None or key in self._under_way:
            return None
        event, endpoint = self._of(task)
        if event is None or endpoint is None or endpoint["status"] != "enabled":
            self._store.drop("outbox", key)
            return None
        self._under_way.add(key)
        payload = encode(event)
        return Delivery(
            endpoint["url"],
            payload.encode(),
            {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": self._signature(payload, endpoint["_secret"]),
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            },
            event["id"],
            event["type"],
            task["attempts"] + 1,
        )

    def end(self, key: str, *, arrived: bool) -> None:
        self._under_way.discard(key)
        task = self._store.hand("outbox", key)
        if task is None:
            return
        if arrived:
            event, _ = self._of(task)
            if event is not None:
                event["pending_webhooks"] -= 1
                self._store.save(f"{task['account']} event", event["id"], event)
            self._store.drop("outbox", key)
        else:
            task["attempts"] += 1
            wait = min(2 ** task["attempts"], LONGEST_WAIT)
            task["after"] = self._clock.machine_now() + wait
            self._store.save("outbox", key, task)

    def _of(self, task: Obj) -> tuple[Obj | None, Obj | None]:
        account = task["account"]
        record = self._store.shelf("accounts").get(account, {})
        event = self._store.shelf(f"{account} event").get(task["event"])
        for owner in (account, record.get("platform")):
            endpoint = self._store.shelves.get(f"{owner} webhook_endpoint", {})
            if task["endpoint"] in endpoint:
                return event, endpoint[task["endpoint"]]
        return event, None

    def _signature(self, payload: str, secret: str) -> str:
        """By the machine's own clock: receivers compare it with theirs."""
        moment = int(self._clock.machine_now())
        signed = f"{moment}.{payload}".encode()
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return f"t={moment},v1={digest}"
