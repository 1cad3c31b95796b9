"""Small values that many objects share: metadata, addresses, fields that are null."""

from collections.abc import Mapping
from typing import Any

from billing.sandbox.errors import invalid
from billing.sandbox.store import Obj

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def nulls(names: str) -> dict[str, None]:
    """Fields of Stripe's that the sandbox has nothing to say about."""
    return dict.fromkeys(names.split())


def merged_metadata(present: dict[str, str], given: Any) -> dict[str, str]:
    """Stripe's rule: keys are added, an empty value removes one, an empty text removes all."""
    if given is None:
        return dict(present)
    if given == "":
        return {}
    merged = {key: value for key, value in (present | given).items() if value != ""}
    if len(merged) > 50:
        raise invalid("Metadata can only have 50 keys.", "metadata")
    for key, value in merged.items():
        if len(key) > 40:
            message = f"Metadata keys can be at most 40 characters long: {key}"
            raise invalid(message, f"metadata[{key}]")
        if len(value) > 500:
            message = (
                "Metadata values can have up to 500 characters, but you passed in a value that "
                f"is {len(value)} characters. Invalid value: {value}"
            )
            raise invalid(message, f"metadata[{key}]")
    return merged


def address(given: Any) -> Obj | None:
    """A whole address from the parts that were given; empty parts are null."""
    if not given:
        return None
    return {part: given.get(part) or None for part in ADDRESS}


def assign(obj: Obj, params: Mapping[str, Any], *names: str) -> None:
    """Take over the parameters that were sent; an empty text means null."""
    for name in names:
        if name in params:
            value = params[name]
            obj[name] = None if value == "" else value
