"""An account at Stripe: its objects, and who may act for it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from billing.sandbox import rendering
from billing.sandbox.agenda import Agenda, Clock
from billing.sandbox.checks import API_VERSION
from billing.sandbox.errors import forbidden, no_such, unauthorised
from billing.sandbox.ids import kind_of, new_id
from billing.sandbox.store import Obj, Store, encode

KEY = re.compile(r"(?P<kind>sk|rk|pk)_test_(?P<name>[A-Za-z0-9]+)(?P<rest>_\w*)?\Z")


class Cause(NamedTuple):
    """The request an event names as its cause; empty for what the clock brought."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Account:
    """One account's objects, by kind and in the order they were made."""

    def __init__(self, key: str, store: Store, clock: Clock, agenda: Agenda) -> None:
        self.id = key
        self.cause = Cause()
        self._store = store
        self._clock = clock
        self._agenda = agenda

    def now(self) -> int:
        return self._clock.now()

    @contextmanager
    def rehearsal(self) -> Iterator[Callable[[int], None]]:
        """What is done within, and in the time that is let pass, is taken back."""
        try:
            yield self._clock.stand
        finally:
            self._clock.stand(None)
            self._store.roll_back()

    @property
    def record(self) -> Obj:
        """What the sandbox itself keeps about the account: settings, and its platform if any."""
        return self._store.shelves["accounts"][self.id]

    def keep(self, **settings: Any) -> None:
        self._store.save("accounts", self.id, self.record | settings)

    @property
    def pages(self) -> str:
        """Where Stripe's own pages for vendors are."""
        known = self._store.shelves.get("sandbox", {}).get("pages")
        return known["at"] if known else "https://connect.stripe.com"

    def platform_of(self, key: str, **settings: Any) -> "Account":
        """A new account that is connected to this one."""
        record = {"platform": self.id, "after_last_retry": "past_due", "created": self.now()}
        self._store.save("accounts", key, record | settings)
        return Account(key, self._store, self._clock, self._agenda)

    def connected(self, key: str) -> "Account | None":
        """The account with this id, if it is connected to this one."""
        record = self._store.shelves["accounts"].get(key)
        if record is None or record["platform"] != self.id or record.get("disconnected"):
            return None
        return Account(key, self._store, self._clock, self._agenda)

    def _shelf(self, kind: str) -> str:
        return f"{self.id} {kind}"

    def get(self, kind: str, key: str, param: str = "id") -> Obj:
        """An object, to be changed and saved; or Stripe's answer that there is none."""
        found = self._store.hand(self._shelf(kind), key)
        if found is None:
            raise no_such(kind, key, param)
        return found

    def living(self, kind: str, key: str, param: str = "id") -> Obj:
        """The same for what must not have been deleted."""
        found = self.get(kind, key, param)
        if found.get("deleted"):
            raise no_such(kind, key, param)
        return found

    def peek(self, key: str) -> Obj | None:
        """Any object by its identifier alone, only to be looked at. Products and coupons may have
        an identifier that does not tell what they are."""
        kind = kind_of(key)
        shelves = [self._shelf(one) for one in ([kind] if kind else ["product", "coupon"])]
        found = (self._store.shelves.get(shelf, {}).get(key) for shelf in shelves)
        return next((obj for obj in found if obj is not None), None)

    def all(self, kind: str, **fields: Any) -> list[Obj]:
        """The objects of a kind whose fields have these values, oldest first."""
        return self._store.where(self._shelf(kind), **fields)

    def create(self, obj: Obj, event: str | None = None) -> Obj:
        self._store.save(self._shelf(obj["object"]), obj["id"], obj)
        self._agenda.note(self.id, obj)
        if event:
            self.emit(event, obj)
        return obj

    def save(self, obj: Obj, event: str | None = None) -> bool:
        """Note a change. The event is made only if there was one, and says what it was."""
        shelf = self._shelf(obj["object"])
        before = self._store.saved(shelf, obj["id"]) if event else None
        changed = self._store.save(shelf, obj["id"], obj)
        if changed:
            self._agenda.note(self.id, obj)
            if event:
                self.emit(event, obj, _changes(before or {}, obj))
        return changed

    def remove(self, obj: Obj) -> None:
        self._store.drop(self._shelf(obj["object"]), obj["id"])

    def emit(self, kind: str, obj: Obj, previous: Obj | None = None) -> None:
        """Make the event, and put it out for every endpoint that wants it."""
        data: Obj = {"object": json.loads(encode(rendering.render(self, obj)))}
        if previous is not None:
            data["previous_attributes"] = previous
        key = new_id("event")
        endpoints = [found["id"] for found in self._endpoints(kind)]
        event = {
            "id": key,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": self.cause.request_id, "idempotency_key": self.cause.idempotency_key},
            "type": kind,
        }
        if self.record["platform"]:
            event["account"] = self.id
        self.create(event)
        for endpoint in endpoints:
            task = {"account": self.id, "event": key, "endpoint": endpoint}
            self._store.save("outbox", f"{key} {endpoint}", task | {"attempts": 0, "after": 0})

    def _endpoints(self, kind: str) -> Iterator[Obj]:
        """The account's own endpoints, and its platform's for connected accounts."""
        for owner, connect in ((self.id, False), (self.record["platform"], True)):
            for endpoint in self._store.shelves.get(f"{owner} webhook_endpoint", {}).values():
                wanted = endpoint["enabled_events"]
                listens = endpoint["_connect"] == connect and endpoint["status"] == "enabled"
                if listens and ("*" in wanted or kind in wanted):
                    yield endpoint


def _changes(before: Obj, now: Obj) -> Obj:
    """The values that changed, as they were; of dictionaries only the parts that did."""
    changes = {}
    for name in before.keys() | now.keys():
        old, new = before.get(name), now.get(name)
        if name.startswith("_") or old == new:
            continue
        both = isinstance(old, dict) and isinstance(new, dict)
        changes[name] = _changes(old or {}, new or {}) if both else old
    return changes


class Accounts:
    """All accounts, found by API key. An account is opened when it is first named."""

    def __init__(self, store: Store, clock: Clock, agenda: Agenda) -> None:
        self._store = store
        self._clock = clock
        self._agenda = agenda
        self._open: dict[str, Account] = {}

    def named(self, key: str) -> Account:
        return self._opened(key, platform=None)

    def __iter__(self) -> Iterator[Account]:
        for key in list(self._store.shelf("accounts")):
            yield self.named(key)

    def _opened(self, key: str, platform: str | None) -> Account:
        if key not in self._store.shelf("accounts"):
            opened = {"platform": platform, "after_last_retry": "past_due", "created": 0}
            self._store.save("accounts", key, opened | {"created": self._clock.now()})
        if key not in self._open:
            self._open[key] = Account(key, self._store, self._clock, self._agenda)
        return self._open[key]

    def authenticate(self, headers: Mapping[str, str]) -> tuple[Account, bool]:
        """The account a request acts for, and whether its key is only the publishable one."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise unauthorised(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY')."
            )
        match = KEY.match(key)
        if match is None:
            raise unauthorised(f"Invalid API Key provided: {_masked(key)}")
        if match["rest"] == "_revoked":
            raise unauthorised(f"Expired API Key provided: {_masked(key)}", "api_key_expired")
        account = self._opened(f"acct_{match['name']}", platform=None)
        if other := headers.get("stripe-account"):
            account = self._connected(account, other, key)
        return account, match["kind"] == "pk"

    def _connected(self, platform: Account, key: str, api_key: str) -> Account:
        """An account first named in a Stripe-Account header is connected to who named it."""
        account = self._opened(key, platform=platform.id)
        if key != platform.id and platform.connected(key) is None:
            raise forbidden(
                f"The provided key '{_masked(api_key)}' does not have access to account '{key}' "
                "(or that account does not exist). Application access may have been revoked.",
                "account_invalid",
            )
        return account


def _masked(key: str) -> str:
    """Enough of a key to know it by, and no more."""
    return f"{key[:8]}****{key[-4:]}" if len(key) > 16 else "****"
