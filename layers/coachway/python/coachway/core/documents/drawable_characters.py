"""Which characters the fonts of PDFs have. The list is generated from the fonts."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

RANGES_FILE: Final = Path(__file__).with_suffix(".txt")
"""Ranges of code points, one per line: `20-7E`."""


def is_drawable(character: str) -> bool:
    """Whether a font has the character, or it is invisible."""
    if " " <= character <= "~":
        return True
    starts, ends = _ranges()
    index = bisect_right(starts, ord(character)) - 1
    return index >= 0 and ord(character) <= ends[index]


@cache
def _ranges() -> tuple[Sequence[int], Sequence[int]]:
    pairs = [line.split("-") for line in RANGES_FILE.read_text().splitlines()]
    return [int(start, 16) for start, _ in pairs], [int(end, 16) for _, end in pairs]
