"""The door to stripe-python's own types: what may be sent, and what an answer looks like."""

import ast
import importlib
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

import stripe
from stripe._object_classes import OBJECT_CLASSES
from stripe._request_options import RequestOptions

API_VERSION: str = stripe.api_version

# What travels in headers is no parameter.
OPTIONS = frozenset(RequestOptions.__annotations__)
OPTION_TYPES: dict[str, Any] = {"Mapping": Mapping, "StripeContext": str}


@cache
def params_type(name: str) -> type:
    """The TypedDict of one request, such as `SubscriptionCreateParams` or
    `checkout.SessionCreateParams`."""
    package, _, cls = name.rpartition(".")
    module = importlib.import_module("stripe.params" + (f".{package}" if package else ""))
    found: type = getattr(module, cls)
    return found


def params_hints(typed: type) -> dict[str, Any]:
    """The parameters of a TypedDict with their types, without the SDK's per-request options."""
    hints = get_type_hints(typed, None, OPTION_TYPES, include_extras=True)
    if RequestOptions in getattr(typed, "__orig_bases__", ()):
        hints = {name: hint for name, hint in hints.items() if name not in OPTIONS}
    return hints


def is_params(candidate: Any) -> bool:
    """Whether a type is a TypedDict, by whichever of the two libraries that make them."""
    return isinstance(candidate, type) and hasattr(candidate, "__required_keys__")


def resource_type(object_name: str) -> type | None:
    """The SDK's class for an `object` name, None for one it does not know."""
    if object_name not in OBJECT_CLASSES:
        return None
    module, cls = OBJECT_CLASSES[object_name]
    found: type = getattr(importlib.import_module(module), cls)
    return found


def is_resource(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, stripe.StripeObject)


def is_untyped(candidate: Any) -> bool:
    origin = getattr(candidate, "__origin__", candidate)
    return origin is stripe.StripeObject or getattr(origin, "__name__", "") == "UntypedStripeObject"


def is_list(candidate: Any) -> bool:
    return getattr(candidate, "__origin__", None) is stripe.ListObject


def resource_hints(cls: type) -> dict[str, Any]:
    """The fields of an SDK class, also those whose types it only imports for type checkers."""
    module = sys.modules[cls.__module__]
    names = _names(cls.__module__)
    hints = {}
    for field, hint in cls.__annotations__.items():
        if not field.startswith("_") and "ClassVar" not in str(hint):
            hints[field] = _resolve(hint, {**vars(module), **names})
    return hints


def _resolve(hint: Any, names: dict[str, Any]) -> Any:
    return get_type_hints(type("Field", (), {"__annotations__": {"hint": hint}}), names)["hint"]


@cache
def _names(module_name: str) -> dict[str, Any]:
    """What a module imports under TYPE_CHECKING, by the name it uses there."""
    found: dict[str, Any] = {}
    tree = ast.parse(inspect.getsource(sys.modules[module_name]))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe."):
            if ".params" in str(node.module):
                continue
            source = importlib.import_module(str(node.module))
            for alias in node.names:
                found[alias.asname or alias.name] = getattr(source, alias.name)
    return found
