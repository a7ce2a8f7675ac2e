"""How people are reached: addresses of mail and numbers of telephones, as fields of inputs.

Both libraries are imported at the first value, not at start: most calls of a function carry neither.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

_SEPARATORS: Final = re.compile(r"[\s().-]+")
_INTERNATIONAL: Final = re.compile(r"^\+[1-9]\d{6,14}$")


def _email(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as reason:
        raise ValueError(f"must be a mail address such as events@acme.example: {reason}") from None


def _phone(text: str) -> str:
    from phonenumbers import NumberParseException, is_valid_number, parse

    number = _SEPARATORS.sub("", text)
    try:
        genuine = _INTERNATIONAL.match(number) is not None and is_valid_number(parse(number, None))
    except NumberParseException:
        genuine = False
    if not genuine:
        raise ValueError("must be a telephone number that exists, with + and its country code, such as +12125550123")
    return number


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254, "examples": ["events@acme.example"]}),
]
"""A mail address, as it was written but for the case of its domain. Whether anybody reads it is not asked."""

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40),
    AfterValidator(_phone),
    WithJsonSchema({"type": "string", "maxLength": 40, "examples": ["+12125550123"]}),
]
"""A telephone number in E.164 (`+12125550123`); spaces, dots, dashes and brackets that people write are taken out."""


def same_mailbox(email: str) -> str:
    """What two spellings of one mail address have in common: for uniqueness and look-ups."""
    return email.strip().casefold()
