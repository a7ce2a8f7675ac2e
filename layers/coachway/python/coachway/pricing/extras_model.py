"""Promo codes and amenities: requests, stored records and their access patterns."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import RequestSchema
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.text import Note, Text
from coachway.pricing.rule_model import AmenityCode, RateAmount, TripDate, json_number

PromoText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,39}$"),
    Field(examples=["SPRING10"]),
]
"""A promo code. It is not case-sensitive."""


PercentOff = Annotated[
    Decimal,
    Field(gt=0, le=100, decimal_places=4),
    *json_number({"exclusiveMinimum": 0, "maximum": 100, "examples": [10]}),
]


StoredPromoCode = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9_-]{1,39}$", examples=["SPRING10"])]
"""A promo code in a path, in capital letters."""


class PromoTerms(RequestSchema):
    """The terms of a promo code: a discount by a percentage or an amount, once per booking."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"percent": 10, "valid_until": "2027-05-31", "max_uses": 100}]}
    )

    description: Note = ""
    percent: PercentOff | None = None
    amount: Annotated[RateAmount | None, Field(description="Discount; limited to the price.")] = None
    valid_from: Annotated[TripDate | None, Field(description="First day on which the code can be used.")] = None
    valid_until: Annotated[TripDate | None, Field(description="Last day on which the code can be used.")] = None
    max_uses: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="Maximum number of uses. Omit for no limit.")
    ] = None
    minimum_amount: Annotated[
        NonNegativeApiAmount, Field(description="Minimum price of the trip before the discount.")
    ] = 0
    active: Annotated[
        bool, Field(description="Whether new quotes can use the code. Set to false to retire it; quotes keep it.")
    ] = True

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise ValueError("percent, amount: set exactly one of the two")
        if self.amount == 0:
            raise ValueError("amount: must be more than 0")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until: must not be before valid_from")
        return self


class PromoInput(PromoTerms):
    """A promo code: a discount by a percentage or an amount, once per booking."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"code": "SPRING10", "percent": 10, "valid_until": "2027-05-31", "max_uses": 100}]
        }
    )

    code: PromoText


StoredAmenityCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["wifi"])]
"""The code of an amenity in a path, in small letters."""


class AmenityTerms(RequestSchema):
    """The name of an amenity, and its price per vehicle."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Wifi", "amount": 50}]})

    name: Text
    description: Note = ""
    amount: RateAmount
    active: Annotated[
        bool,
        Field(description="Whether the amenity is offered. Set to false to retire it; quotes with it get a warning."),
    ] = True


class AmenityInput(AmenityTerms):
    """An amenity and its price per vehicle."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "wifi", "name": "Wifi", "amount": 50}]})

    code: AmenityCode


PROMO = AccessPattern("a promo code, by its code", pk="ORG#{org}#PROMO#{code}", sk="PROMO")
PROMOS = AccessPattern(
    "the promo codes of an organization, newest first",
    index="gsi1",
    pk="ORG#{org}#PROMOS",
    sk="{id}",
)
PROMO_USES = AccessPattern(
    "number of uses of a promo code",
    pk="ORG#{org}#PROMO#{code}",
    sk="USES",
)


class PromoCode(PromoInput, Entity):
    """A promo code and its remaining uses."""

    KIND: ClassVar[str] = "promo_code"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    uses_left: Annotated[int | None, Field(description="Remaining uses; null if unlimited.")] = None

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
    """An amenity and its price per vehicle."""

    KIND: ClassVar[str] = "amenity"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    def key(self) -> Key:
        return AMENITY.key(org=self.org_id, code=self.code)

    def indexes(self) -> Mapping[str, Key]:
        return {"gsi1": AMENITIES.key(org=self.org_id, code=self.code)}
