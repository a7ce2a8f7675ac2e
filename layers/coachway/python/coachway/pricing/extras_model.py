"""Promo codes and amenities, as callers write them and as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import Note, RequestSchema, Text
from coachway.core.types.money import PositiveAmount
from coachway.pricing.rule_model import AmenityCode, RateAmount, TripDate, json_number

PromoText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,39}$"),
    Field(examples=["SPRING10"]),
]
"""A promo code as it is typed; upper and lower case are the same."""


PercentOff = Annotated[
    Decimal,
    Field(gt=0, le=100, decimal_places=4),
    *json_number({"exclusiveMinimum": 0, "maximum": 100, "examples": [10]}),
]


class PromoInput(RequestSchema):
    """A promo code: a percent or an amount off, once for each booking."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"code": "SPRING10", "percent": 10, "valid_until": "2027-05-31", "max_uses": 100}]
        }
    )

    code: PromoText
    description: Note = ""
    percent: PercentOff | None = None
    amount: Annotated[RateAmount | None, Field(description="off the whole, at most all of it")] = None
    valid_from: Annotated[TripDate | None, Field(description="first day on which it may be used")] = None
    valid_until: Annotated[TripDate | None, Field(description="last day on which it may be used")] = None
    max_uses: Annotated[int | None, Field(ge=1, le=1_000_000, description="left out: no end of them")] = None
    minimum_amount: Annotated[PositiveAmount, Field(description="the least that a trip must come to before it")] = 0

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise ValueError("percent, amount: a promo code has one of the two")
        if self.amount == 0:
            raise ValueError("amount: is more than nothing")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until: is not before valid_from")
        return self


class AmenityInput(RequestSchema):
    """Something extra on board, and its price for each vehicle."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "wifi", "name": "Wifi", "amount": 50}]})

    code: AmenityCode
    name: Text
    description: Note = ""
    amount: RateAmount


PROMO = AccessPattern("a promo code, by the code", pk="ORG#{org}#PROMO#{code}", sk="PROMO")
PROMOS = AccessPattern(
    "the promo codes of an organization, newest first",
    index="gsi1",
    pk="ORG#{org}#PROMOS",
    sk="{id}",
)
PROMO_USES = AccessPattern(
    "how often a promo code was used",
    pk="ORG#{org}#PROMO#{code}",
    sk="USES",
)


class PromoCode(PromoInput, Entity):
    """A promo code as it is kept, under the code itself: a quote finds it at once, and no two are the same."""

    KIND: ClassVar[str] = "promo_code"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    uses_left: Annotated[int | None, Field(description="none: no end of them")] = None

    def key(self) -> Key:
        return PROMO.key(org=self.org_id, code=self.code)

    def indexes(self) -> Mapping[str, Key]:
        return {"gsi1": PROMOS.key(org=self.org_id, id=self.id)}


AMENITY = AccessPattern("an amenity, by its code", pk="ORG#{org}#AMENITY#{code}", sk="AMENITY")
AMENITIES = AccessPattern(
    "the amenities of an organization, by code",
    index="gsi1",
    pk="ORG#{org}#AMENITIES",
    sk="{code}",
)


class Amenity(AmenityInput, Entity):
    """An amenity as it is kept, under its code."""

    KIND: ClassVar[str] = "amenity"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    def key(self) -> Key:
        return AMENITY.key(org=self.org_id, code=self.code)

    def indexes(self) -> Mapping[str, Key]:
        return {"gsi1": AMENITIES.key(org=self.org_id, code=self.code)}
