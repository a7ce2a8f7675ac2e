"""An organization's colour on pages and papers, made legible whatever it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

USUAL_COLOR: Final = "#0b4f6c"
LEGIBLE: Final = 4.5
"""The least contrast of text, WCAG 2.2 AA."""

_HEX: Final = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class Brand:
    """Who a page or paper is from. `color` is `#rrggbb`; anything else counts as none. The logo's address is https."""

    name: str
    color: str = ""
    logo_url: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""

    @property
    def accent(self) -> str:
        """The colour, as dark as white text on it, and it on white, need to be read."""
        return accessible_color(self.color)


def accessible_color(color: str) -> str:
    """The same hue, darkened until white text on it has a contrast of 4.5."""
    match = _HEX.fullmatch(color.strip())
    if match is None:
        return USUAL_COLOR
    red, green, blue = (int(match[1][at : at + 2], 16) for at in (0, 2, 4))
    while contrast_to_white(red, green, blue) < LEGIBLE:
        red, green, blue = (int(part * 0.94) for part in (red, green, blue))
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast_to_white(red: int, green: int, blue: int) -> float:
    """The contrast ratio of a colour to white, 1 to 21 (WCAG 2.2, relative luminance)."""
    luminance = 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)
    return 1.05 / (luminance + 0.05)


def _linear(part: int) -> float:
    share = part / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
