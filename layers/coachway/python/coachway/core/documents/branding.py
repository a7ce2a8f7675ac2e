"""The branding of an organization on pages and PDFs, with an accessible color."""

import re
from dataclasses import dataclass
from typing import Final

DEFAULT_COLOR: Final = "#0b4f6c"
MIN_CONTRAST: Final = 4.5
"""The minimum contrast of text (WCAG 2.2, level AA)."""

_HEX: Final = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class Brand:
    """The organization that a page or PDF is from. A `color` that is not `#rrggbb` becomes the default color."""

    name: str
    color: str = ""
    logo_url: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""

    @property
    def accent(self) -> str:
        """The accessible form of the color: for white text on it, and for text in it on white."""
        return accessible_color(self.color)


def accessible_color(color: str) -> str:
    """Return the color, darkened until white text on it has the minimum contrast."""
    match = _HEX.fullmatch(color.strip())
    if match is None:
        return DEFAULT_COLOR
    red, green, blue = (int(match[1][start : start + 2], 16) for start in (0, 2, 4))
    while contrast_to_white(red, green, blue) < MIN_CONTRAST:
        red, green, blue = (int(part * 0.94) for part in (red, green, blue))
    return f"#{red:02x}{green:02x}{blue:02x}"


def contrast_to_white(red: int, green: int, blue: int) -> float:
    """Return the contrast ratio of a color to white, 1 to 21 (WCAG 2.2, relative luminance)."""
    luminance = 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)
    return 1.05 / (luminance + 0.05)


def _linear(part: int) -> float:
    share = part / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
