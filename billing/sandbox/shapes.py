"""Answers held against stripe-python's annotations, and what in them may be expanded."""

import types
import typing
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_args, get_origin

from billing.sandbox import checks
from billing.sandbox.errors import ShapeError

type Check = Callable[[Any, str], Iterator[str]]


class Field:
    """What one annotation allows."""

    def __init__(self, hint: Any) -> None:
        members = get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
        self.optional = type(None) in members
        rest = [member for member in members if member is not type(None)]
        self.resources: list[type] = [member for member in rest if checks.is_resource(member)]
        self.expandable = str in rest and bool(self.resources)
        self.items: Field | None = None
        self.is_list_object = False
        for member in rest:
            if get_origin(member) is list or checks.is_list(member):
                self.items = Field(get_args(member)[0])
                self.is_list_object = checks.is_list(member)
        literals = [member for member in rest if get_origin(member) is Literal]
        self.words = {word for member in literals for word in get_args(member)}
        self.scalars = {member for member in rest if member in SCALARS}
        if self.words:
            self.scalars.discard(str)
        self.untyped = any(_is_untyped(member) for member in rest)

    def field(self, name: str) -> "Field | None":
        """The field of that name inside this one, through lists."""
        if self.items and not self.is_list_object:
            return self.items.field(name)
        if self.items and name == "data":
            return self.items
        for cls in self.resources:
            if name in _fields(cls):
                return _fields(cls)[name]
        return None

    def problems(self, value: Any, path: str) -> Iterator[str]:
        if value is None or (self.untyped and isinstance(value, dict)):
            if value is None and not self.optional:
                yield f"{path} is null"
        elif self.items is not None:
            yield from self._list_problems(value, path, self.items)
        elif isinstance(value, dict):
            yield from self._object_problems(value, path)
        elif not self._is_scalar(value):
            yield f"{path} may not be {value!r}"

    def _list_problems(self, value: Any, path: str, items: "Field") -> Iterator[str]:
        if self.is_list_object:
            value = value.get("data") if isinstance(value, dict) else None
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for number, item in enumerate(value):
            yield from items.problems(item, f"{path}.{number}")

    def _object_problems(self, value: dict[str, Any], path: str) -> Iterator[str]:
        candidates = self.resources
        if "object" in value and len(candidates) > 1:
            named = checks.resource_type(value["object"])
            candidates = [cls for cls in candidates if cls is named]
        if not candidates:
            yield f"{path} may not be an object"
        elif not value.get("deleted"):
            yield from _problems(value, candidates[0], path)

    def _is_scalar(self, value: Any) -> bool:
        if isinstance(value, str) and value in self.words:
            return True
        if value is True and True in self.words:
            return True
        return any(SCALARS[scalar](value) for scalar in self.scalars)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


SCALARS: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: isinstance(value, str),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: _is_number,
    bool: lambda value: isinstance(value, bool),
    # Decimals travel as text.
    Decimal: lambda value: isinstance(value, str),
}


def _is_untyped(hint: Any) -> bool:
    return checks.is_untyped(hint) or hint is dict or get_origin(hint) is dict or hint is Any


@cache
def _fields(cls: type) -> dict[str, Field]:
    return {name: Field(hint) for name, hint in checks.resource_hints(cls).items()}


def _problems(value: dict[str, Any], cls: type, path: str) -> Iterator[str]:
    fields = _fields(cls)
    for name, inner in value.items():
        if name not in fields:
            yield f"{path}.{name} is not a field of {cls.__name__}"
        else:
            yield from fields[name].problems(inner, f"{path}.{name}")
    for name, field in fields.items():
        if name not in value and not field.optional:
            yield f"{path}.{name} is missing"


def root(object_name: str) -> Field:
    """The shape of a whole answer, by its `object`."""
    cls = checks.resource_type(object_name)
    if cls is None:
        raise ShapeError(f"Stripe has no object called {object_name}.")
    return Field(cls)


def verify(answer: dict[str, Any]) -> None:
    """Refuse an answer that is not in Stripe's shape."""
    if answer.get("deleted"):
        return
    if answer["object"] == "list":
        for item in answer["data"]:
            verify(item)
        return
    if found := list(root(answer["object"]).problems(answer, answer["object"])):
        raise ShapeError("; ".join(found))
