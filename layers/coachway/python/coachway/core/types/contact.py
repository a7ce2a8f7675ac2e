"""Field types for email addresses and phone numbers.

The libraries that validate them are imported at the first value, because most requests have neither.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

_SEPARATORS: Final = re.compile(r"[\s().-]+")
_INTERNATIONAL: Final = re.compile(r"^\+[1-9]\d{6,14}$")


def _validate_email(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as reason:
        raise ValueError(f"must be an email address such as events@acme.example: {reason}") from None


def _validate_phone(text: str) -> str:
    from phonenumbers import NumberParseException, is_valid_number, parse

    number = _SEPARATORS.sub("", text)
    try:
        is_valid = _INTERNATIONAL.match(number) is not None and is_valid_number(parse(number, None))
    except NumberParseException:
        is_valid = False
    if not is_valid:
        raise ValueError("must be an existing phone number with + and the country code, such as +12125550123")
    return number


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_validate_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254, "examples": ["events@acme.example"]}),
]
"""An email address. The domain is lowercased; whether the mailbox exists is not checked."""

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40),
    AfterValidator(_validate_phone),
    WithJsonSchema({"type": "string", "maxLength": 40, "examples": ["+12125550123"]}),
]
"""A phone number in E.164 (`+12125550123`). Spaces, dots, dashes and brackets in the input are removed."""


def normalize_email(email: str) -> str:
    """Return the form of an email address to compare and look up by, the same for every spelling of it."""
    return email.strip().casefold()
