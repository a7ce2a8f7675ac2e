"""Whatever colour an organization chooses, its pages can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.documents.branding import LEGIBLE, USUAL_COLOR, Brand, accessible_color, contrast_to_white


@given(st.integers(0, 0xFFFFFF))
def test_white_text_is_legible_on_any_colour(color: int) -> None:
    accent = accessible_color(f"#{color:06x}")
    red, green, blue = (int(accent[at : at + 2], 16) for at in (1, 3, 5))
    assert contrast_to_white(red, green, blue) >= LEGIBLE


@pytest.mark.parametrize("color", ["#00695c", "#000000", "#0B4F6C"])
def test_a_colour_that_is_dark_enough_stays_as_it_is(color: str) -> None:
    assert accessible_color(color) == color.lower()


@pytest.mark.parametrize("color", ["", "red", "#fff", "#12345g", "#123456;}body{display:none"])
def test_what_is_no_colour_counts_as_none(color: str) -> None:
    assert Brand("Harbor Coach", color).accent == USUAL_COLOR


def test_contrast_is_that_of_the_standard() -> None:
    assert round(contrast_to_white(0, 0, 0), 2) == 21
    assert round(contrast_to_white(0x76, 0x76, 0x76), 2) == 4.54
