"""Text that people write: lines and paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from coachway.core.types.stored_values import STORED
from coachway.core.types.text import Note, Text

LINE: TypeAdapter[str] = TypeAdapter(Text)
PARAGRAPH: TypeAdapter[str] = TypeAdapter(Note)
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Acme Events ", "Acme Events"),
        ("Soci\u0065\u0301te\u0301", "Sociét\u00e9"),
        ("علی‌رضا", "علی‌رضا"),  # with a zero-width non-joiner
        ("\N{FAMILY}\N{ZERO WIDTH JOINER}\N{BUS}\N{VARIATION SELECTOR-16}", "\N{FAMILY}\u200d\N{BUS}\ufe0f"),
        ("\u2068שלם\u2069 Tours", "\u2068שלם\u2069 Tours"),
        ("株式会社 海", "株式会社 海"),
    ],
)
def test_line_is_kept_in_composed_form(text: str, expected: str) -> None:
    assert LINE.validate_python(text) == expected


@pytest.mark.parametrize("control", CONTROLS)
def test_line_with_control_character_is_refused(control: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        LINE.validate_python(f"Acme{control}Events")


@pytest.mark.parametrize(
    "text",
    [
        "\u200b",
        "\u200d\u200c",
        "\u00ad",
        "\ufeff",
        "\u2060\u2063",
        "\u3164",
        "\u2800",
        "\u115f\u1160",
        "\ufe0f",
        "\u0301",
    ],
)
def test_line_without_visible_character_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="visible"):
        LINE.validate_python(text)


@pytest.mark.parametrize("text", ["", " ", "\u2003\u3000", "x" * 201, "\u0958" * 101])
def test_line_of_wrong_length_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python(text)


@pytest.mark.parametrize(
    "text", ["\u202egpj.exe", "a\u202db\u202c", "\u2067a", "a\u2069", "\u2066a\u202c", "\u202aa\nb\u202c"]
)
def test_text_that_reverses_what_follows_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="direction"):
        PARAGRAPH.validate_python(text)


def test_paragraph_keeps_every_line_break_as_newline() -> None:
    text = "a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h\ni\tj"
    assert PARAGRAPH.validate_python(text) == "a\nb\nc\nd\ne\nf\ng\nh\ni\tj"


@pytest.mark.parametrize("control", sorted({*CONTROLS} - {*"\t\n\r\x0b\x0c\x85\u2028\u2029"}))
def test_paragraph_with_control_character_is_refused(control: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        PARAGRAPH.validate_python(f"Park{control}here")


NONCHARACTERS = [
    chr(code) for code in (*range(0xFDD0, 0xFDF0), *(p << 16 | n for p in range(17) for n in (0xFFFE, 0xFFFF)))
]


@pytest.mark.parametrize("kind", [LINE, PARAGRAPH], ids=["line", "paragraph"])
def test_text_with_noncharacter_is_refused(kind: TypeAdapter[str]) -> None:
    for noncharacter in NONCHARACTERS:
        with pytest.raises(
            ValidationError, match=rf"must not have U\+{ord(noncharacter):04X}, which is not a character"
        ):
            kind.validate_python(f"Acme{noncharacter}Events")
    assert kind.validate_python("\ufdcf\ufdf0\ufffd\U0001fffd") == "\ufdcf\ufdf0\ufffd\U0001fffd"


@given(st.text(max_size=250))
def test_accepted_text_is_accepted_unchanged_again(text: str) -> None:
    for kind in (LINE, PARAGRAPH):
        try:
            accepted = kind.validate_python(text)
        except ValidationError:
            continue
        assert kind.validate_python(accepted) == accepted


def test_stored_text_is_read_as_it_was_written() -> None:
    for kind in (LINE, PARAGRAPH):
        assert kind.validate_json('"a\\u007fe\\u0301\\u202e\\uffff"', context=STORED) == "a\x7fe\u0301\u202e\uffff"
