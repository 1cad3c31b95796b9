"""States in a few words, with an icon and a tone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A state in a few words: `tone` is one of ok, soon, late or empty; `icon` names a symbol."""

    text: str
    icon: str
    tone: str = ""
