"""Field types for text that people write: a line, such as a name, and a paragraph, such as a note.

Both are kept in Unicode's composed form (NFC), so that the same text is equal however it was typed.
"""

import re
import unicodedata
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, StringConstraints, ValidationInfo, WithJsonSchema

from coachway.core.types.stored_values import is_stored

_LINE_BREAKS: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROLS_OF_LINES: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS_OF_PARAGRAPHS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_OVERRIDES: Final = re.compile("[\u202d\u202e]")
"""Characters that show text in reverse: `\\u202egnp.exe` as `exe.png`."""
_BIDI_CLOSERS: Final = {
    "\u202a": "\u202c",
    "\u202b": "\u202c",
    "\u2066": "\u2069",
    "\u2067": "\u2069",
    "\u2068": "\u2069",
}
"""The characters that begin text of another direction, and those that end it."""
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters of Unicode's letters and symbols that show nothing."""


def is_visible(text: str) -> bool:
    """Return whether a text has a character that can be seen."""
    return any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK_LETTERS for each in text)


def to_single_line(text: str) -> str:
    """Return a text without control characters and line breaks, which become spaces."""
    return " ".join(_CONTROLS_OF_LINES.sub(" ", text).split())


def _clean_line(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str) or is_stored(info):
        return value
    line = unicodedata.normalize("NFC", value.strip())
    _require_printable(line, _CONTROLS_OF_LINES)
    if line and not is_visible(line):
        raise ValueError("must have a visible character")
    return line


def _clean_paragraph(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str) or is_stored(info):
        return value
    paragraph = unicodedata.normalize("NFC", _LINE_BREAKS.sub("\n", value))
    _require_printable(paragraph, _CONTROLS_OF_PARAGRAPHS)
    return paragraph


def _require_printable(text: str, controls: re.Pattern[str]) -> None:
    if controls.search(text):
        raise ValueError("must not have control characters")
    if text.isascii():
        return
    if _OVERRIDES.search(text) or not _has_balanced_directions(text):
        raise ValueError("must not have characters that reverse the direction of the text after it")


def _has_balanced_directions(text: str) -> bool:
    """Return whether every character that changes the direction of text has one in the same line that ends it."""
    for line in text.split("\n"):
        closers: list[str] = []
        for character in line:
            if character in _BIDI_CLOSERS:
                closers.append(_BIDI_CLOSERS[character])
            elif character in "\u202c\u2069" and (not closers or closers.pop() != character):
                return False
        if closers:
            return False
    return True


Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    BeforeValidator(_clean_line),
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"}
    ),
]
"""A line of text: 1 to 200 characters, at least one of them visible, no control characters."""

Note = Annotated[
    str,
    StringConstraints(max_length=4000),
    BeforeValidator(_clean_paragraph),
    WithJsonSchema({"type": "string", "maxLength": 4000, "pattern": r"^[^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]*$"}),
]
"""A paragraph: up to 4,000 characters. Every kind of line break is kept as `\\n`; no other control characters."""
