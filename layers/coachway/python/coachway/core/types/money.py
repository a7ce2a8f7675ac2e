"""Money: integer cents in the code, a number with two decimals in JSON."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

LARGEST_CENTS: Final = 99_999_999_999
"""Just under one billion units: more than any trip costs, and exact as a JSON number."""


def round_half_up(value: Decimal) -> int:
    """Round to whole cents; half a cent is rounded away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def format_units(cents: int) -> str:
    """Format cents as a plain number of units, `-1234.50`, for forms, files and errors."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _cents(value: object) -> int:
    """Cents of a JSON number with at most two decimals."""
    # A number with two decimals is one float only.
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        cents = round(value * 100)
        if cents / 100 == value:
            return cents
    raise ValueError("must be a number with at most two decimals")


def _limited_cents(value: object) -> int:
    """The same, at most `LARGEST_CENTS`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > LARGEST_CENTS / 100:
        raise ValueError(f"must be at most {LARGEST_CENTS / 100:,.2f}")
    return _cents(value)


def _units(cents: int) -> float:
    return cents / 100


@dataclass(frozen=True, slots=True)
class _CentsField:
    """Makes a field of an int: cents in Python, where nothing but an int is accepted; a number of units in JSON."""

    parse: Callable[[object], int]
    minimum: int | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_before_validator_function(
                self.parse, core_schema.int_schema(ge=self.minimum)
            ),
            python_schema=core_schema.int_schema(strict=True, ge=self.minimum),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _units, return_schema=core_schema.float_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        largest = LARGEST_CENTS / 100
        minimum = -largest if self.minimum is None else self.minimum
        return {"type": "number", "minimum": minimum, "maximum": largest, "examples": [726.5]}


StoredAmount = Annotated[int, _CentsField(_cents)]
"""An amount in a record or an event: cents in Python (`72650`), a number of units in its JSON (`726.5`).

What was written is read back, however large it is.
"""

ApiAmount = Annotated[int, _CentsField(_limited_cents)]
"""An amount in a request or response: cents in Python (`72650`), a number of units in its JSON (`726.5`).

A caller may send at most two decimals and `LARGEST_CENTS`. Records inherit it with the fields of an input.
"""

NonNegativeApiAmount = Annotated[int, _CentsField(_limited_cents, minimum=0)]
"""An `ApiAmount` of zero or more."""
