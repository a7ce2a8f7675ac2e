"""The branding of an organization on pages and PDFs, with an accessible color."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

DEFAULT_COLOR: Final = "#0b4f6c"
MIN_CONTRAST: Final = 4.5
"""The minimum contrast of text (WCAG 2.2, level AA)."""

Rgb = tuple[int, int, int]

_WHITE: Final = (255, 255, 255)
_DARK_SURFACE: Final = (0x1B, 0x24, 0x2D)
"""The color of cards on dark pages, `--surface` in `page.css`."""
_HEX: Final = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo as a `data:` URL, and its size in pixels."""

    data_url: str
    width: int
    height: int

    def fit(self, width: float, height: float) -> tuple[float, float]:
        """The largest width and height within these that keep the proportions."""
        scale = min(width / self.width, height / self.height)
        return self.width * scale, self.height * scale


@dataclass(frozen=True, slots=True)
class Brand:
    """The organization that a page or PDF is from. A `color` that is not `#rrggbb` becomes the default color."""

    name: str
    color: str = ""
    logo_url: str = ""
    """The address of a logo elsewhere, which pages show if there is no `logo`."""
    logo: Logo | None = None
    email: str = ""
    phone: str = ""
    address: str = ""

    @property
    def accent(self) -> str:
        """The accessible form of the color: for white text on it, and for text in it on white."""
        return accessible_color(self.color)

    @property
    def accent_on_dark(self) -> str:
        """The accessible form of the color for text on the dark surface of a page."""
        return accessible_color_on_dark(self.color)


def accessible_color(color: str) -> str:
    """Return the color, darkened until white text on it has the minimum contrast."""
    rgb = _parse(color)
    while contrast(rgb, _WHITE) < MIN_CONTRAST:
        rgb = _map(rgb, lambda part: part * 0.94)
    return _format(rgb)


def accessible_color_on_dark(color: str) -> str:
    """Return the color, lightened until it has the minimum contrast as text on a dark surface."""
    rgb = _parse(color)
    while contrast(rgb, _DARK_SURFACE) < MIN_CONTRAST:
        rgb = _map(rgb, lambda part: part + (255 - part) * 0.08 + 1)
    return _format(rgb)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colors, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _parse(color: str) -> Rgb:
    match = _HEX.fullmatch(color.strip())
    digits = match[1] if match else DEFAULT_COLOR[1:]
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _map(rgb: Rgb, change: Callable[[int], float]) -> Rgb:
    red, green, blue = (min(255, int(change(part))) for part in rgb)
    return red, green, blue


def _format(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (_linear(part) for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: int) -> float:
    share = part / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
