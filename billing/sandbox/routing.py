"""The routing table: which function serves which request, with which parameters."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from billing.sandbox.coercion import request_reader
from billing.sandbox.errors import ApiError, invalid, not_served
from billing.sandbox.store import Obj

if TYPE_CHECKING:
    from billing.sandbox.accounts import Account

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Params(dict[str, Any]):
    """A request's parameters. Those that nobody read were not served, and are refused."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._read: set[str] = {"expand"}

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        return super().get(name, default)

    def ignore(self, *names: str) -> None:
        """These make no difference here, and may be sent."""
        self._read.update(names)

    def refuse_unread(self) -> None:
        if unread := [name for name in self if name not in self._read]:
            raise not_served(unread)


class Call(NamedTuple):
    """One request on its way to the function that serves it."""

    account: "Account"
    params: Params
    publishable: bool
    request_id: str


class Page(NamedTuple):
    """A list as an answer; `url` is the list's own."""

    objects: list[Obj]
    has_more: bool
    url: str


type Serve = Callable[..., Obj | Page]


class Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    params: str | type
    browser: str | type | None
    clears: frozenset[str]
    serve: Serve


TABLE: dict[tuple[str, int], list[Route]] = {}


def route(
    method: str,
    path: str,
    params: str | type,
    *,
    browser: str | type | None = None,
    clears: Iterable[str] = (),
) -> Callable[[Serve], Serve]:
    """Serve a path. `params` names stripe-python's TypedDict for it; `browser` the parameters
    that a publishable key may send, without which it may not ask at all. `clears` names what an
    empty text makes null, though Stripe's types do not say so."""

    def register(serve: Serve) -> Serve:
        pattern = re.compile(PLACEHOLDER.sub(r"(?P<\1>[^/]+)", path) + r"\Z")
        key = (method, path.count("/"))
        found = Route(method, pattern, params, browser, frozenset(clears), serve)
        known = TABLE.setdefault(key, [])
        # A path that is spelt out goes before one with a placeholder in that place.
        known.insert(len(known) if PLACEHOLDER.search(path) else 0, found)
        return serve

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for candidate in TABLE.get((method, path.count("/")), ()):
        if match := candidate.pattern.match(path):
            return candidate, match.groupdict()
    raise invalid(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we "
        "can help at https://support.stripe.com/.",
        status=404,
    )


def read_params(found: Route, path: str, form: dict[str, Any], publishable: bool) -> Params:
    """The request's parameters, held against their types."""
    if "/setup_intents" in path or "/payment_intents" in path:
        _refuse_payment_method_types(form)
    if publishable and found.browser is None:
        raise ApiError(
            401,
            "invalid_request_error",
            "This API call cannot be made with a publishable API key. Please use a secret API "
            "key. You can find a list of your API keys at https://dashboard.stripe.com/account/"
            "apikeys.",
            code="secret_key_required",
        )
    typed = found.browser if publishable and found.browser else found.params
    blanks = {name: "" for name in found.clears if form.get(name) == ""}
    rest = {name: value for name, value in form.items() if name not in blanks}
    for name in found.clears & rest.keys():
        rest[name] = _without_blanks(rest[name])
    return Params(request_reader(typed)(rest) | blanks)


def _without_blanks(value: Any) -> Any:
    """A part of an object that is left empty is as good as not sent."""
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if part != ""}


def _refuse_payment_method_types(form: dict[str, Any]) -> None:
    if "payment_method_types" in form:
        raise invalid(
            "The parameter `payment_method_types` is no longer supported. Use "
            "`allowed_payment_method_types` instead.",
            "payment_method_types",
            "payment_method_types_no_longer_supported",
        )
