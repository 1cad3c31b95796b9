"""Requests held against stripe-python's TypedDicts: text becomes what the type says, or a 400."""

import re
import types
import typing
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, NotRequired, Required, get_args, get_origin

from billing.sandbox import checks
from billing.sandbox.errors import ApiError, invalid, missing, unknown

type Coerce = Callable[[Any, str], Any]

INTEGER = re.compile(r"-?[0-9]{1,18}\Z")


@cache
def request_reader(params: str | type) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What turns the decoded form of one kind of request into typed parameters."""
    typed = checks.params_type(params) if isinstance(params, str) else params
    return lambda form: _fields(typed)(form, "")


@cache
def _fields(typed: type) -> Coerce:
    fields, required = _compiled(typed)

    def read(form: Any, path: str) -> Any:
        if not isinstance(form, dict):
            raise invalid("Invalid object", path)
        if stray := [_join(path, name) for name in form if name not in fields]:
            raise unknown(stray)
        for name in required:
            if name not in form:
                raise missing(_join(path, name))
        return {name: fields[name](value, _join(path, name)) for name, value in form.items()}

    return read


@cache
def _compiled(typed: type) -> tuple[dict[str, Coerce], list[str]]:
    hints = checks.params_hints(typed)
    required: frozenset[str] = getattr(typed, "__required_keys__", frozenset())
    fields = {name: _coercion(hint) for name, hint in hints.items()}
    return fields, [name for name in hints if name in required]


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _coercion(hint: Any) -> Coerce:
    if checks.is_params(hint):
        return _nested(hint)
    if checks.is_untyped(hint):
        return _mapping(_any_text)
    build = BUILDERS.get(get_origin(hint))
    return build(hint) if build else SCALARS.get(hint, _anything)


def _nested(typed: type) -> Coerce:
    """Compiled when it is first met: a type may contain itself."""

    def read(value: Any, path: str) -> Any:
        return _fields(typed)(value, path)

    return read


def _anything(value: Any, path: str) -> Any:
    return value


def _any_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid("Invalid string", path)
    return value


def _text(value: Any, path: str) -> str:
    if _any_text(value, path) == "":
        raise invalid(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{path}' cannot be unset. You should remove '{path}' "
            "from your request or supply a non-empty value.",
            path,
            "parameter_invalid_empty",
        )
    return str(value)


def _integer(value: Any, path: str) -> int:
    if not isinstance(value, str) or not INTEGER.match(value):
        raise invalid(f"Invalid integer: {value}", path, "parameter_invalid_integer")
    return int(value)


def _boolean(value: Any, path: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", path)
    return bool(value == "true")


def _decimal(value: Any, path: str) -> Decimal:
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {value}", path)
    return number


def _float(value: Any, path: str) -> float:
    return float(_decimal(value, path))


SCALARS: dict[Any, Coerce] = {
    str: _text,
    int: _integer,
    bool: _boolean,
    float: _float,
    Decimal: _decimal,
}


def _list(item: Coerce) -> Coerce:
    def read(value: Any, path: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
            raise invalid("Invalid array", path)
        return [item(value[key], f"{path}[{key}]") for key in sorted(value, key=int)]

    return read


def _mapping(item: Coerce) -> Coerce:
    def read(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("Invalid object", path)
        # Within a map, an empty text is how one key is unset.
        return {
            key: inner if inner == "" else item(inner, f"{path}[{key}]")
            for key, inner in value.items()
        }

    return read


def _union(hints: Iterable[Any]) -> Coerce:
    """One of several types. The SDK ends every list of words with `str`, for words of later
    versions; in this version the words are all there are."""
    members = [hint for hint in hints if hint is not type(None)]
    words = {word for hint in members if get_origin(hint) is Literal for word in get_args(hint)}
    choices = sorted(words - {""})
    others = [hint for hint in members if get_origin(hint) is not Literal]
    readers = [_coercion(hint) for hint in others if not (choices and hint is str)]

    def read(value: Any, path: str) -> Any:
        if isinstance(value, str) and value in words:
            return value
        refusal: ApiError | None = None
        for reader in readers:
            try:
                return reader(value, path)
            except ApiError as error:
                refusal = error
        if refusal is None or (choices and isinstance(value, str)):
            raise invalid(f"Invalid {path}: must be one of {_listed(choices)}", path)
        raise refusal

    return read


BUILDERS: dict[Any, Callable[[Any], Coerce]] = {
    NotRequired: lambda hint: _coercion(get_args(hint)[0]),
    Required: lambda hint: _coercion(get_args(hint)[0]),
    typing.Union: lambda hint: _union(get_args(hint)),
    types.UnionType: lambda hint: _union(get_args(hint)),
    Literal: lambda hint: _union((hint,)),
    list: lambda hint: _list(_coercion(get_args(hint)[0])),
    dict: lambda hint: _mapping(_coercion(get_args(hint)[1])),
}


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"
