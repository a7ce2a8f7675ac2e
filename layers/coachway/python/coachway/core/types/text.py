"""Field types for text that people write: a line, such as a name, and a paragraph, such as a note.

Both are kept in Unicode's composed form (NFC), so that the same text is equal however it was typed.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from coachway.core.types.stored_values import is_stored

_LINE_BREAKS: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
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
_NONCHARACTERS: Final = re.compile(
    "[\ufdd0-\ufdef" + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)) + "]"
)
"""Code points that Unicode reserves for programs. XML cannot contain U+FFFE and U+FFFF."""
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters of Unicode's letters and symbols that show nothing."""


def _is_visible(text: str) -> bool:
    """Return whether a text has a character that can be seen."""
    return any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK_LETTERS for each in text)


def to_single_line(text: str) -> str:
    """Return a text in which control characters and line breaks are spaces."""
    return _CONTROLS.sub(" ", text).strip(" ")


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


@dataclass(frozen=True, slots=True)
class _TextFormat:
    """Converts a text to the form in which it is kept, before its length is checked. Refuses what cannot be seen."""

    pattern: str
    has_line_breaks: bool

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_before_validator_function(self._clean, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}

    def _clean(self, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str) or is_stored(info):
            return value
        text = _LINE_BREAKS.sub("\n", value) if self.has_line_breaks else value.strip()
        if not re.fullmatch(self.pattern, text):
            raise PydanticKnownError("string_pattern_mismatch", {"pattern": self.pattern})
        if text.isascii():
            return text
        if noncharacter := _NONCHARACTERS.search(text):
            raise ValueError(f"must not have U+{ord(noncharacter[0]):04X}, which is not a character of Unicode")
        if _OVERRIDES.search(text) or not _has_balanced_directions(text):
            raise ValueError("must not have characters that reverse the direction of the text after it")
        if not self.has_line_breaks and not _is_visible(text):
            raise ValueError("must have a visible character")
        return unicodedata.normalize("NFC", text)


LINE: Final = _TextFormat(r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$", has_line_breaks=False)
"""The format of a line: no control characters, and a visible character unless it is empty."""
PARAGRAPH: Final = _TextFormat(r"^[^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]*$", has_line_breaks=True)
"""The format of a paragraph: every kind of line break is kept as `\\n`; no other control characters."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200), LINE]
"""A line of text: 1 to 200 characters."""
OptionalText = Annotated[str, StringConstraints(max_length=200), LINE]
"""A line of text that can be empty."""
Note = Annotated[str, StringConstraints(max_length=4000), PARAGRAPH]
"""A paragraph: up to 4,000 characters."""
ShortNote = Annotated[str, StringConstraints(max_length=1000), PARAGRAPH]
"""A paragraph of up to 1,000 characters, such as a reason."""


@dataclass(frozen=True, slots=True)
class InputPattern:
    """The format of a text that callers send. What was stored before the format became stricter stays readable."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._validate, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}

    def _validate(self, text: str, info: ValidationInfo) -> str:
        if not is_stored(info) and not re.fullmatch(self.pattern, text):
            raise PydanticKnownError("string_pattern_mismatch", {"pattern": self.pattern})
        return text


HttpsUrl = Annotated[
    str,
    StringConstraints(max_length=500),
    InputPattern(r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][\x21\x23-\x26\x28-\x3b\x3d\x3f-\x5b\x5d-\x7e]*)?$"),
    Field(examples=["https://harbor.example/logo.png"]),
]
"""A URL with https, in ASCII, without quotes, angle brackets and backslashes."""

_REFERENCE: Final = InputPattern(r"^[A-Za-z0-9 -]*[A-Za-z0-9][A-Za-z0-9 -]*$")
ReferenceText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=30), _REFERENCE]
"""The number of a document or registration, such as `DL 123-456`: letters, digits, spaces and dashes."""

PoNumber = Annotated[str, StringConstraints(min_length=1, max_length=50), LINE]
"""The number of a client's purchase order, as the client writes it: 1 to 50 characters."""

PostalCode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), _REFERENCE]
"""A postal code: letters, digits, spaces and dashes."""

MessageToClient = Annotated[Note, Field(description="Emailed to the client. The reason is internal.")]
MessageToVendor = Annotated[ShortNote, Field(description="Emailed to the vendor. The reason is internal.")]
