"""The characters that the fonts of PDFs have, from the fonts."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont

from coachway.core.documents.pdf import FONT_FAMILIES, FONT_PACKAGES

INVISIBLE: Final = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE1000),
)
"""Code points that need no font: Unicode's property Default_Ignorable_Code_Point, without musical notation."""


def render_ranges() -> str:
    """Render the content of `drawable_characters.txt`."""
    points = set(INVISIBLE).union(*(_code_points(path) for path in _font_files()))
    return "".join(f"{start:X}-{end:X}\n" for start, end in _ranges(sorted(points)))


def _font_files() -> Iterator[Path]:
    for package in FONT_PACKAGES:
        directory = Path(str(importlib.resources.files(package)))
        yield from (path for path in directory.rglob("*") if path.suffix in {".ttf", ".otf"})


def _code_points(path: Path) -> Iterable[int]:
    with TTFont(path, lazy=True) as font:
        is_used = font["name"].getBestFamilyName() in FONT_FAMILIES
        return set(font["cmap"].getBestCmap()) if is_used else set()


def _ranges(points: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = end = -1
    for point in points:
        if point != end + 1:
            if start >= 0:
                yield start, end
            start = point
        end = point
    yield start, end
