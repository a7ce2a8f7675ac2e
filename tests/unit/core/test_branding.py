"""Accessible colors of organizations' pages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.documents.branding import DEFAULT_COLOR, MIN_CONTRAST, Brand, Rgb, accessible_color, contrast
from coachway.core.documents.html import TEMPLATES

WHITE = (255, 255, 255)


def parse(color: str) -> Rgb:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def read_palettes() -> tuple[dict[str, Rgb], dict[str, Rgb]]:
    """The light and the dark colors of pages."""
    blocks = re.findall(r":root\{(.*?)\}", (TEMPLATES / "page.css").read_text())
    light, dark = ({name: parse(color) for name, color in re.findall(r"--([a-z-]+):(#\w+)", text)} for text in blocks)
    assert set(light) >= set(dark)
    return light, {**light, **dark}


@given(st.integers(0, 0xFFFFFF))
def test_accessible_color_of_any_color_has_legible_white_text(color: int) -> None:
    assert contrast(parse(accessible_color(f"#{color:06x}")), WHITE) >= MIN_CONTRAST


@given(st.integers(0, 0xFFFFFF))
def test_accent_on_dark_of_any_color_is_legible_on_dark_surfaces(color: int) -> None:
    _, dark = read_palettes()
    accent = parse(Brand("Harbor Coach", f"#{color:06x}").accent_on_dark)
    assert contrast(accent, dark["surface"]) >= MIN_CONTRAST
    assert contrast(accent, dark["page"]) >= MIN_CONTRAST


def test_colors_of_pages_are_legible_in_light_and_dark() -> None:
    for palette in read_palettes():
        for background in ("page", "surface"):
            for text in ("text", "quiet", "bad", "warning", "good-text"):
                assert contrast(palette[text], palette[background]) >= MIN_CONTRAST, (text, background)
            for mark in ("good", "control"):
                assert contrast(palette[mark], palette[background]) >= 3, (mark, background)
        for tint in ("good-tint", "warning-tint"):
            assert contrast(palette["text"], palette[tint]) >= MIN_CONTRAST


def test_styles_name_their_colors_except_white_on_the_accent() -> None:
    styles = [path for path in TEMPLATES.parents[1].rglob("templates/**/*.css") if path.is_file()]
    assert len(styles) >= 3
    for path in styles:
        declarations = re.findall(r"[a-z-]+:[^;{}]*#[0-9a-f]{3,6}\b", path.read_text())
        unnamed = {declaration for declaration in declarations if not declaration.startswith("--")}
        assert unnamed <= {"color:#fff"}, f"{path.name}: dark pages need a custom property"


@pytest.mark.parametrize("color", ["#00695c", "#000000", "#0B4F6C"])
def test_accessible_color_of_dark_color_is_unchanged(color: str) -> None:
    assert accessible_color(color) == color.lower()


@pytest.mark.parametrize("color", ["", "red", "#fff", "#12345g", "#123456;}body{display:none"])
def test_accent_of_invalid_color_is_the_usual_color(color: str) -> None:
    assert Brand("Harbor Coach", color).accent == DEFAULT_COLOR


def test_contrast_matches_wcag_values() -> None:
    assert round(contrast((0, 0, 0), WHITE), 2) == 21
    assert round(contrast(WHITE, (0x76, 0x76, 0x76)), 2) == 4.54
