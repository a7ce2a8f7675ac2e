"""Accessible colors of organizations' pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.documents.branding import DEFAULT_COLOR, MIN_CONTRAST, Brand, accessible_color, contrast_to_white


@given(st.integers(0, 0xFFFFFF))
def test_accessible_color_of_any_color_has_legible_white_text(color: int) -> None:
    accent = accessible_color(f"#{color:06x}")
    red, green, blue = (int(accent[at : at + 2], 16) for at in (1, 3, 5))
    assert contrast_to_white(red, green, blue) >= MIN_CONTRAST


@pytest.mark.parametrize("color", ["#00695c", "#000000", "#0B4F6C"])
def test_accessible_color_of_dark_color_is_unchanged(color: str) -> None:
    assert accessible_color(color) == color.lower()


@pytest.mark.parametrize("color", ["", "red", "#fff", "#12345g", "#123456;}body{display:none"])
def test_accent_of_invalid_color_is_the_usual_color(color: str) -> None:
    assert Brand("Harbor Coach", color).accent == DEFAULT_COLOR


def test_contrast_to_white_matches_wcag_values() -> None:
    assert round(contrast_to_white(0, 0, 0), 2) == 21
    assert round(contrast_to_white(0x76, 0x76, 0x76), 2) == 4.54
