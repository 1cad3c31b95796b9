"""Form encoding as Stripe's SDKs send it: `items[0][price]=...` to nested dictionaries of text."""

import re
from typing import Any
from urllib.parse import parse_qsl

from billing.sandbox.errors import invalid

PART = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str) -> dict[str, Any]:
    """Nested dictionaries; a list is a dictionary with the keys "0", "1" and so on."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head, bracket, rest = name.partition("[")
        parts = [head, *PART.findall(bracket + rest)]
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part or str(len(node)), {})
            if not isinstance(node, dict):
                raise invalid(f"Invalid request: conflicting values for {head}.", head)
        node[parts[-1] or str(len(node))] = value
    return tree
