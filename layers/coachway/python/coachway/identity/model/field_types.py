"""Field types of organizations and users."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from coachway.core.types import ids

# National currencies of ISO 4217 with two decimals, because amounts are stored in hundredths.
_CURRENCIES_WITH_HUNDREDTHS: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
    COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW
"""
CURRENCIES: Final = frozenset(_CURRENCIES_WITH_HUNDREDTHS.split())


def _validate_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("must be the ISO 4217 code of a currency with two decimals, such as USD")
    return code


Currency = Annotated[
    str,
    AfterValidator(_validate_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["USD"]}),
]
"""The ISO 4217 code of a currency with two decimals."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$"), Field(examples=["harbor"])]
"""The short name of an organization, used to log in: 2 to 40 lower-case letters, digits and inner dashes."""


def _as_float(value: Decimal) -> float:
    return float(value)  # pydantic needs long to inspect the signature of `float` itself


def _number_schema(minimum: int, maximum: int) -> tuple[PlainSerializer, WithJsonSchema]:
    schema = {"type": "number", "minimum": float(minimum), "maximum": float(maximum)}
    return PlainSerializer(_as_float, return_type=float, when_used="json"), WithJsonSchema(schema)


TaxRate = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4), *_number_schema(0, 100)]
"""A percentage such as 8.875."""
PerMile = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=4), *_number_schema(0, 1000)]
"""Units of the organization's currency per mile, with four decimals because a cent per mile is too coarse."""

NewPassword = Annotated[
    str, StringConstraints(min_length=12, max_length=128), Field(examples=["correct horse battery staple"])
]
"""A new password: 12 to 128 characters of any kind, not easy to guess (see `auth.password_strength`)."""
PasswordInput = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A password to verify."""
LookupText = Annotated[str, StringConstraints(min_length=1, max_length=254)]
"""A slug or email to look up."""
TokenInput = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""A token to verify."""


def _clean_code(value: Any) -> Any:
    """Remove spaces and dashes, with which codes are shown, and accept the digits that any keyboard has."""
    if not isinstance(value, str):
        return value
    digits = "".join(str(unicodedata.decimal(each, each)) for each in unicodedata.normalize("NFKC", value))
    return re.sub(r"[\s\u200b-\u200f\u2010-\u2015\u2060\ufeff-]", "", digits).lower()


OneTimeCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}$"),
    BeforeValidator(_clean_code),
    WithJsonSchema({"type": "string", "maxLength": 40, "pattern": "^[0-9][0-9 -]+$", "examples": ["123456"]}),
]
"""A code of six digits. Spaces and dashes are ignored."""
SecondFactorCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-z]{6,20}$"),
    BeforeValidator(_clean_code),
    WithJsonSchema(
        {"type": "string", "maxLength": 40, "pattern": "^[0-9A-Za-z][0-9A-Za-z -]+$", "examples": ["123456"]}
    ),
]
"""A code of an authenticator, or a recovery code. Spaces, dashes and case are ignored."""

UserId = Annotated[str, Field(pattern=ids.pattern("usr"))]
SessionId = Annotated[str, Field(pattern=ids.pattern("ses"))]
ApiKeyId = Annotated[str, Field(pattern=ids.pattern("key"))]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,39}$"), Field(examples=["dispatcher"])]
"""2 to 40 lower-case letters, digits, dashes and underscores."""
