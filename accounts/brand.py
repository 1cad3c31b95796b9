"""A vendor's two colours, and every colour that follows from them by WCAG's arithmetic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import Vendor

WHITE = "#ffffff"
BLACK = "#000000"

# Luminances. Above MIDDLE black reads better than white (both give 4.58:1 there); ink is dark or
# light enough for 5.4:1 on every ground hub.css has; a fill in the dark is 3:1 from the page.
MIDDLE = 0.179
INK_AT_MOST = 0.125
DARK_INK_AT_LEAST = 0.36
DARK_FILL_AT_LEAST = 0.14


@dataclass(frozen=True, slots=True)
class Brand:
    """Hex colours: fills (`header`, `accent`), text on them (`on_*`), and the accent as text.

    `rim` is the edge of a filled button; what starts with `dark_` is for dark pages and mails.
    """

    header: str
    on_header: str
    accent: str
    on_accent: str
    accent_ink: str
    rim: str
    dark_accent: str
    dark_on_accent: str
    dark_accent_ink: str

    @property
    def stylesheet(self) -> str:
        """The custom properties hub.css is drawn with."""
        light = (
            f"--header:{self.header};--on-header:{self.on_header};--accent:{self.accent};"
            f"--on-accent:{self.on_accent};--accent-ink:{self.accent_ink};--rim:{self.rim}"
        )
        dark = (
            f"--accent:{self.dark_accent};--on-accent:{self.dark_on_accent};"
            f"--accent-ink:{self.dark_accent_ink};--rim:{self.dark_accent}"
        )
        return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"

    @property
    def version(self) -> str:
        """Changes whenever the stylesheet does, so that browsers may keep it for good."""
        return hashlib.sha256(self.stylesheet.encode()).hexdigest()[:16]


def brand_of(vendor: Vendor) -> Brand:
    return brand_from(vendor.header_colour, vendor.accent_colour)


@lru_cache(maxsize=512)
def brand_from(header: str, accent: str) -> Brand:
    """Both as #rrggbb; whatever they are, text stays readable."""
    ink = darkened(accent, INK_AT_MOST)
    dark_fill = lightened(accent, DARK_FILL_AT_LEAST)
    return Brand(
        header=header,
        on_header=black_or_white(header),
        accent=accent,
        on_accent=black_or_white(accent),
        accent_ink=ink,
        rim=ink,
        dark_accent=dark_fill,
        dark_on_accent=black_or_white(dark_fill),
        dark_accent_ink=lightened(accent, DARK_INK_AT_LEAST),
    )


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = _to_light(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def black_or_white(ground: str) -> str:
    return BLACK if luminance(ground) > MIDDLE else WHITE


def darkened(colour: str, at_most: float) -> str:
    """The same hue, with no more than this luminance."""
    have = luminance(colour)
    if have <= at_most:
        return colour
    return _to_hex([channel * at_most / have for channel in _to_light(colour)])


def lightened(colour: str, at_least: float) -> str:
    """Brighter in its own hue until it has this luminance; mixed with white for what is missing."""
    have = luminance(colour)
    if have >= at_least:
        return colour
    light = _to_light(colour)
    brighter = min(at_least / have, 1 / max(light)) if have else 1
    missing = (at_least - have * brighter) / (1 - have * brighter)
    return _to_hex([c * brighter + (1 - c * brighter) * missing for c in light])


def _to_light(colour: str) -> list[float]:
    """#rrggbb as linear light, 0 to 1 each."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def _to_hex(light: list[float]) -> str:
    channels = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in light)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
