"""Field types for email addresses and phone numbers, and the forms in which they are compared and looked up.

The libraries that validate them are imported at the first value, because most requests have neither.
"""

import re
import unicodedata
from typing import Annotated, Any, Final

from pydantic import AfterValidator, StringConstraints, ValidationInfo, WithJsonSchema

from coachway.core.types.stored_values import is_stored

_SEPARATORS: Final = re.compile(r"[\s()./\-\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\ufeff]+")
"""What people and address books write between digits, also characters that cannot be seen."""
_INTERNATIONAL: Final = re.compile(r"\+\d{7,18}")
"""A number with its country code, in the digits of any script."""


def _parse_phone(text: str) -> Any:
    """Return a phone number as the library represents it. Raises ValueError if no such number can exist."""
    from phonenumbers import NumberParseException, is_valid_number, parse

    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    try:
        parsed = parse(number, None) if _INTERNATIONAL.fullmatch(number) else None
    except NumberParseException:
        parsed = None
    if parsed is None or not is_valid_number(parsed):
        raise ValueError("must be an existing phone number with + and the country code, such as +12125550123")
    return parsed


def _validate_phone(text: str, info: ValidationInfo) -> str:
    return text if is_stored(info) else normalize_phone(text)


def normalize_phone(text: str) -> str:
    """Return a phone number in E.164, the same for every spelling of it. Raises ValueError."""
    from phonenumbers import PhoneNumberFormat, format_number

    return str(format_number(_parse_phone(text), PhoneNumberFormat.E164))


def phone_spellings(number: str) -> tuple[str, ...]:
    """Return the forms in which a number in E.164 can be stored.

    Releases before this one kept the national prefix of `+44 (0)20 7946 0958`.
    """
    parsed = _parse_phone(number)
    country = f"+{parsed.country_code}"
    return number, f"{country}0{number.removeprefix(country)}"


def _validate_email(text: str, info: ValidationInfo) -> str:
    from email_validator import EmailNotValidError

    if is_stored(info):
        return text
    try:
        email = _parse_email(text)
    except EmailNotValidError as reason:
        raise ValueError(f"must be an email address such as events@acme.example: {reason}") from None
    if not email.rpartition("@")[0].isascii():
        raise ValueError(
            "must have only ASCII characters before the @, such as rene@acme.example, because no email can be sent to "
            "others"
        )
    return email


def _parse_email(text: str) -> str:
    """Return an email address in composed form (NFC), with its domain in lower case and not encoded (IDNA)."""
    from email_validator import validate_email

    return validate_email(text, check_deliverability=False).normalized


def normalize_email(email: str) -> str:
    """Return the form of an email address to compare and look up by, the same for every spelling of it.

    A text that is no email address has only its case changed.
    """
    text = email.strip()
    if text.isascii() and "xn--" not in text.lower():  # only the case can differ
        return text.casefold()
    from email_validator import EmailNotValidError

    try:
        return _parse_email(text).casefold()
    except EmailNotValidError:
        return text.casefold()


def is_same_email(one: str, other: str) -> bool:
    """Whether two texts are spellings of one email address."""
    return normalize_email(one) == normalize_email(other)


def normalize_address(address: str) -> str:
    """Return the form of an email address or phone number to compare and look up by."""
    if "@" in address:
        return normalize_email(address)
    try:
        return normalize_phone(address)
    except ValueError:
        return address.strip().casefold()


def address_spellings(address: str) -> set[str]:
    """Return the forms in which records can have an email address or phone number as their key."""
    return {normalize_address(address), address.strip().casefold()}


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_validate_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254, "examples": ["events@acme.example"]}),
]
"""An email address to which email can be sent: SES supports any domain, but only mailboxes in ASCII (no SMTPUTF8).

The domain is lowercased; whether the mailbox exists is not checked."""

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40),
    AfterValidator(_validate_phone),
    WithJsonSchema(
        {"type": "string", "maxLength": 40, "pattern": r"^\+[0-9][0-9 ().-]+$", "examples": ["+12125550123"]}
    ),
]
"""A phone number, kept in E.164: `+44 (0)20 7946 0958` as `+442079460958`."""
