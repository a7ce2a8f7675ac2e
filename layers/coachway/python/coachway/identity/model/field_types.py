"""The kinds of fields that organizations and users are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from coachway.core.types import ids

# ISO 4217, current national currencies whose minor unit is a hundredth: amounts are kept in hundredths.
_HUNDREDTHS: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
    COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW
"""
CURRENCIES: Final = frozenset(_HUNDREDTHS.split())


def _zone(name: str) -> str:
    try:
        existing = (name == "UTC" or "/" in name) and not name.startswith(("posix/", "right/"))
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a directory of zones is an OSError
        existing = False
    if not existing:
        raise ValueError("must be an IANA time zone such as America/New_York")
    return name


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code of a currency that has hundredths, such as USD")
    return code


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone), Field(examples=["America/New_York"])]
"""An IANA time zone."""
Currency = Annotated[
    str,
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["USD"]}),
]
"""An ISO 4217 code; only currencies of two decimals."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$"), Field(examples=["harbor"])]
"""The organization's short name in log-ins: 2 to 40 lower-case letters, digits and inner dashes."""


def _as_float(value: Decimal) -> float:
    return float(value)  # `float` itself has no signature that pydantic reads quickly


def _number(least: int | str, most: int | str) -> tuple[PlainSerializer, WithJsonSchema]:
    schema = {"type": "number", "minimum": float(least), "maximum": float(most)}
    return PlainSerializer(_as_float, return_type=float, when_used="json"), WithJsonSchema(schema)


TaxRate = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4), *_number(0, 100)]
"""Per cent: 8.875."""
PerMile = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=4), *_number(0, 1000)]
"""Units of the organization's currency for a mile; four places, as a cent is already a lot."""

NewPassword = Annotated[
    str, StringConstraints(min_length=12, max_length=128), Field(examples=["correct horse battery staple"])
]
"""A password to be set: 12 to 128 characters of any kind."""
GivenPassword = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A password to be compared."""
GivenText = Annotated[str, StringConstraints(min_length=1, max_length=254)]
"""Something a caller claims, to be looked up."""
GivenToken = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""A token to be verified."""
SixDigits = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$"), Field(examples=["123456"])]
"""A code of six digits."""

UserId = Annotated[str, Field(pattern=ids.pattern("usr"))]
SessionId = Annotated[str, Field(pattern=ids.pattern("ses"))]
ApiKeyId = Annotated[str, Field(pattern=ids.pattern("key"))]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,39}$"), Field(examples=["dispatcher"])]
"""2 to 40 lower-case letters, digits, dashes and underscores."""
