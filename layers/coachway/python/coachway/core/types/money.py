"""Money: integer cents and a currency in the code, a number with two decimals in JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema

LARGEST_CENTS: Final = 99_999_999_999
"""Just under one billion units: more than any trip costs, and exact as a JSON number."""


def round_half_up(value: Decimal) -> int:
    """Round to whole cents; half a cent is rounded away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency. Adding different currencies raises ValueError."""

    cents: int
    currency: str = "USD"

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str = "USD") -> Money:
        """Return an amount given in units, such as dollars, rounded half up to the cent."""
        return cls(round_half_up(Decimal(amount) * 100), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str = "USD") -> Money:
        """Return the sum of `amounts`, or zero of `currency` if there are none."""
        result = cls(0, currency)
        for amount in amounts:
            result += amount
        return result

    @property
    def amount(self) -> Decimal:
        """The amount in units, with two decimals."""
        return Decimal(self.cents).scaleb(-2)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added or compared")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents - other.cents, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        """Return the product, rounded half up to the cent. Round only once, per line item."""
        return Money(round_half_up(Decimal(self.cents) * factor), self.currency)

    def percent(self, percent: Decimal) -> Money:
        """Return this percentage of the amount, rounded half up to the cent."""
        return self * (percent / 100)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.cents < other.cents

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.cents <= other.cents

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def _cents(value: object, info: ValidationInfo) -> int:
    """Convert a JSON number with at most two decimals to cents. In Python mode an int is cents already."""
    if info.mode == "python" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) > LARGEST_CENTS / 100:
            raise ValueError(f"must be at most {LARGEST_CENTS / 100:,.2f}")
        # Only one float is closest to a number with two decimals.
        if not math.isnan(value) and (cents := round(value * 100)) / 100 == value:
            return cents
    raise ValueError("must be a number with at most two decimals")


def _units(cents: int) -> float:
    return cents / 100


_EDGE = PlainSerializer(_units, return_type=float, when_used="json")
_LARGEST_UNITS = LARGEST_CENTS / 100

Amount = Annotated[
    int,
    BeforeValidator(_cents),
    _EDGE,
    WithJsonSchema({"type": "number", "minimum": -_LARGEST_UNITS, "maximum": _LARGEST_UNITS, "examples": [726.5]}),
]
"""A field in cents (the int `72650`) that is a number with two decimals in JSON (`726.5`)."""

PositiveAmount = Annotated[
    int,
    Field(ge=0),
    BeforeValidator(_cents),
    _EDGE,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": _LARGEST_UNITS, "examples": [726.5]}),
]
"""An `Amount` that is not negative."""
