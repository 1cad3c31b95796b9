"""One request from its headers to its answer: who asks, what for, and has it been asked before."""

import json
from collections.abc import Mapping
from typing import Any

from billing.sandbox import rendering, shapes
from billing.sandbox.accounts import Account, Accounts, Cause
from billing.sandbox.checks import API_VERSION
from billing.sandbox.errors import ApiError, idempotency, invalid
from billing.sandbox.faults import ANSWERS, HEARD, Fault, Response
from billing.sandbox.forms import decode
from billing.sandbox.ids import secret
from billing.sandbox.ledger import Entry
from billing.sandbox.routing import Call, Page, Params, find, read_params
from billing.sandbox.store import Obj, Store, encode


class Exchange:
    def __init__(
        self, method: str, path: str, headers: Mapping[str, str], body: str, fault: Fault | None
    ) -> None:
        self.method = method
        self.path, _, query = path.partition("?")
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.encoded = "&".join(part for part in (query, body) if part)
        self.fault = fault
        self.request_id = f"req_{secret(14)}"
        self.key = self.headers.get("idempotency-key") if method == "POST" else None
        self.account: Account | None = None
        self.form: dict[str, Any] = {}
        self.original: str | None = None
        self.effect: tuple[str, ...] = ()
        self._began = False

    def answer(self, accounts: Accounts, store: Store, *, verify: bool) -> Response:
        try:
            status, text = self._served(accounts, store, verify=verify)
        except ApiError as error:
            if error.keeps:
                self._commit(store)
            else:
                store.roll_back()
            status, text = error.status, encode(error.body(self.request_id))
        except BaseException:
            store.roll_back()
            raise
        if self._began and self.key and not self.original:
            self._remember(store, status, text)
        return self._response(status, text)

    def _served(self, accounts: Accounts, store: Store, *, verify: bool) -> tuple[int, str]:
        if self.headers.get("stripe-version", API_VERSION) != API_VERSION:
            raise invalid(f"Invalid Stripe API version: {self.headers['stripe-version']}")
        self.account, publishable = accounts.authenticate(self.headers)
        store.commit()
        self.form = decode(self.encoded)
        found, keys = find(self.method, self.path)
        params = read_params(found, self.path, self.form, publishable)
        if kept := self._kept(store):
            self.original = kept["request_id"]
            return kept["status"], kept["body"]
        self._began = self.fault is None or self.fault.kind in HEARD | {"500"}
        if self.fault and self.fault.kind in ANSWERS:
            raise ANSWERS[self.fault.kind]
        self.account.cause = Cause(self.request_id, self.key)
        result = found.serve(Call(self.account, params, publishable, self.request_id), **keys)
        answer = self._rendered(self.account, result, params)
        params.refuse_unread()
        if verify:
            shapes.verify(answer)
        text = encode(answer)
        self._commit(store)
        return 200, text

    def _commit(self, store: Store) -> None:
        self.effect = tuple(store.changed_objects())
        store.commit()

    def _rendered(self, account: Account, result: Obj | Page, params: Params) -> Obj:
        paths = params.get("expand") or []
        if not isinstance(result, Page):
            return rendering.render(account, result, paths)
        for path in paths:
            if not path.startswith("data."):
                raise invalid(f"This property cannot be expanded ({path}).", "expand")
        inner = [path.removeprefix("data.") for path in paths]
        data = [rendering.render(account, obj, inner) for obj in result.objects]
        return {"object": "list", "data": data, "has_more": result.has_more, "url": result.url}

    @property
    def _fingerprint(self) -> str:
        return f"{self.method} {self.path} {json.dumps(self.form, sort_keys=True)}"

    def _place(self) -> str:
        return f"{self.account.id if self.account else ''} {self.key}"

    def _kept(self, store: Store) -> Obj | None:
        """The answer this idempotency key was given before."""
        kept = store.shelf("idempotency").get(self._place()) if self.key else None
        if kept and kept["fingerprint"] != self._fingerprint:
            raise idempotency(
                "Keys for idempotent requests can only be used with the same parameters they "
                f"were first used with. Try using a key other than '{self.key}' if you meant to "
                "execute a different request."
            )
        return kept

    def _remember(self, store: Store, status: int, text: str) -> None:
        kept = {"status": status, "body": text, "request_id": self.request_id}
        store.save("idempotency", self._place(), kept | {"fingerprint": self._fingerprint})
        store.commit()

    def _response(self, status: int, text: str) -> Response:
        headers = {
            "Content-Type": "application/json",
            "Request-Id": self.request_id,
            "Stripe-Version": API_VERSION,
        }
        if self.key:
            headers["Idempotency-Key"] = self.key
            headers["Original-Request"] = self.original or self.request_id
            if status >= 500 and self._began:
                headers["Stripe-Should-Retry"] = "false"
        if self.fault and self.fault.kind == "429_retry":
            headers["Stripe-Should-Retry"] = "true"
        if self.original:
            headers["Idempotent-Replayed"] = "true"
        if self.fault and self.fault.kind in HEARD:
            if self.fault.kind == "truncated":
                text = text[: len(text) // 2]
            return Response(status, headers, text, self.fault.kind, self.fault.delay)
        return Response(status, headers, text)

    def entry(self, now: int, status: int) -> Entry:
        return Entry(
            now,
            self.account.id if self.account else None,
            self.method,
            self.path,
            self.form,
            self.key,
            self.headers.get("stripe-version"),
            status,
            self.request_id,
            self.fault.kind if self.fault else None,
            self.original is not None,
            self.effect,
        )
