"""Quotes: what is asked, and the answer line by line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, time, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, field_serializer, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Timestamp
from coachway.core.types.money import Amount, PositiveAmount
from coachway.identity.model.field_types import TimeZone
from coachway.pricing.extras_model import PromoText
from coachway.pricing.rule_model import AmenityCode, RouteText, RuleInput, TripDate, VehicleClass, json_number

Miles = Annotated[
    Decimal,
    Field(ge=0, le=20_000, decimal_places=2),
    *json_number({"minimum": 0, "maximum": 20_000, "examples": [150]}),
]
"""Miles, to a hundredth."""
Hours = Annotated[
    Decimal, Field(ge=0, le=1_440, decimal_places=2), *json_number({"minimum": 0, "maximum": 1_440, "examples": [5.5]})
]
"""Hours, to a hundredth."""
Quantity = Annotated[Decimal, *json_number({"examples": [150]})]

MAX_DAYS = 60
"""The longest trip that is priced."""

LineKind = Literal[
    "base_rate",
    "mileage_rate",
    "deadhead_rate",
    "hourly_rate",
    "time_multiplier",
    "seasonal",
    "vehicle_specific",
    "client_specific",
    "booking",
    "amenity",
    "extra_stop",
    "overnight",
    "second_driver",
    "coi",
    "fuel_surcharge",
    "promo",
    "minimum_charge",
    "tax",
]


class QuoteRequest(RequestSchema):
    """The trip that is asked about. Its start is `departs_at`, or `trip_date` with or without `start_time`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "cli_01JQZZZZZZZZZZZZZZZZZZZZZZ",
                    "vehicle_class": "coach",
                    "trip_date": "2027-03-03",
                    "miles": 150,
                    "passengers": 40,
                    "amenities": [],
                    "promo_code": None,
                }
            ]
        }
    )

    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vehicle_class: VehicleClass
    vehicle_count: Annotated[int, Field(ge=1, le=100)] = 1
    passengers: Annotated[int, Field(ge=1, le=10_000)] = 1
    miles: Annotated[Miles, Field(description="with passengers on board, for each vehicle")]
    deadhead_miles: Annotated[Miles, Field(description="from and to the garage, for each vehicle")] = Decimal(0)
    trip_date: Annotated[TripDate | None, Field(description="local; may be left out when departs_at is given")] = None
    start_time: Annotated[time | None, Field(description="local", examples=["09:00"])] = None
    departs_at: Annotated[Timestamp | None, Field(description="the start, to the moment")] = None
    returns_at: Annotated[Timestamp | None, Field(description="the end, to the moment")] = None
    timezone: Annotated[TimeZone | None, Field(description="of the first stop; left out: the organization's")] = None
    hours: Annotated[Hours | None, Field(description="left out: from departs_at to returns_at")] = None
    days: Annotated[int | None, Field(ge=1, le=MAX_DAYS, description="left out: each 24 hours begun")] = None
    overnights: Annotated[int | None, Field(ge=0, le=MAX_DAYS, description="left out: one less than the days")] = None
    stops: Annotated[int, Field(ge=2, le=50, description="with the first and the last")] = 2
    route: RouteText | None = None
    requires_second_driver: bool = False
    requires_coi: Annotated[bool, Field(description="a certificate of insurance is asked for")] = False
    amenities: Annotated[tuple[AmenityCode, ...], Field(max_length=30)] = ()
    promo_code: PromoText | None = None
    cost: Annotated[PositiveAmount | None, Field(description="what the trip costs the operator, if that is known")] = (
        None
    )

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if self.departs_at is None and self.trip_date is None:
            raise ValueError("trip_date: say when the trip is, by trip_date or by departs_at")
        if self.start_time is not None and self.start_time.tzinfo is not None:
            raise ValueError("start_time: is a local time, without an offset")
        for name, moment in (("departs_at", self.departs_at), ("returns_at", self.returns_at)):
            if moment is not None and not 2000 <= moment.year <= 2199:
                raise ValueError(f"{name}: is between the years 2000 and 2199")
        if self.returns_at is not None:
            if self.departs_at is None:
                raise ValueError("departs_at: goes with returns_at")
            lasts = self.returns_at.astimezone(UTC) - self.departs_at.astimezone(UTC)
            if not timedelta(0) <= lasts <= timedelta(days=MAX_DAYS):
                raise ValueError(f"returns_at: is at or after departs_at, and within {MAX_DAYS} days of it")
        return self


class Line(BaseSchema):
    """One line. `amount` is `quantity` times `unit_amount`; of a percentage, the quantity is the share (0.25)."""

    model_config = ConfigDict(defer_build=True)

    kind: LineKind
    label: str
    rule_id: str | None = None
    """The rule, promo code or amenity that it comes from; None: the organization's own terms."""
    quantity: Quantity
    unit_amount: Amount
    amount: Amount


class Notice(BaseSchema):
    """Something to know before sending the quote. A blocking one keeps the trip from being booked."""

    model_config = ConfigDict(defer_build=True)

    code: str
    message: str
    blocking: bool = False


class Margin(BaseSchema):
    """What is left after the operator's cost. `percent` is of the price before tax; None when that is nothing."""

    model_config = ConfigDict(defer_build=True)

    cost: Amount
    amount: Amount
    percent: Annotated[float | None, Field(examples=[22.5])]


class AppliedRule(RuleInput):
    """A rule with the values it had when it was applied."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    id: str
    version: int


class Priced(BaseSchema):
    """A price that explains itself: `total` is the sum of the lines, and `subtotal - discount + tax`."""

    model_config = ConfigDict(defer_build=True)

    lines: list[Line]
    subtotal: Amount
    discount: Amount
    tax: Amount
    total: Amount
    currency: str
    margin: Margin | None = None
    warnings: list[Notice] = Field(default_factory=list)
    rules: list[AppliedRule] = Field(
        default_factory=list,
        description="the rules that made the lines, as they were; what is left out has its default",
    )

    @field_serializer("rules", when_used="json")
    def _briefly(self, rules: list[AppliedRule]) -> list[dict[str, object]]:
        return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


QuoteStatus = Literal["calculated", "sent", "accepted", "declined", "expired", "superseded"]

QUOTE = AccessPattern("a quote", pk="ORG#{org}#QUOTE#{id}", sk="QUOTE")
QUOTES = AccessPattern(
    "the quotes of an organization in a month, newest first",
    index="gsi1",
    pk="ORG#{org}#QUOTES#{month}",
    sk="{id}",
)
QUOTES_OF_CLIENT = AccessPattern(
    "the quotes for a client, newest first",
    index="gsi2",
    pk="ORG#{org}#QUOTES_OF_CLIENT#{client}",
    sk="{id}",
)
QUOTES_OF_CHARTER = AccessPattern(
    "the quotes for a charter, newest first",
    index="gsi3",
    pk="ORG#{org}#QUOTES_OF_CHARTER#{charter}",
    sk="{id}",
)


class Quote(Priced, Entity):
    """A price that was given, with the question and the values that the rules had."""

    KIND: ClassVar[str] = "quote"
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"promo_max_uses"})
    model_config = ConfigDict(extra="ignore")

    status: QuoteStatus = "calculated"
    client_id: str | None
    charter_id: str | None = None
    promo_code: Annotated[str | None, Field(description="the code that took something off, if one did")] = None
    promo_max_uses: int | None = None
    request: Annotated[QuoteRequest, Field(description="the question; what is left out has its default")]

    @field_serializer("request", when_used="json")
    def _shortly(self, request: QuoteRequest) -> dict[str, object]:
        return request.model_dump(mode="json", exclude_defaults=True)

    def key(self) -> Key:
        return QUOTE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.created_at_of(self.id):%Y-%m}"
        found = {"gsi1": QUOTES.key(org=self.org_id, month=month, id=self.id)}
        if self.client_id is not None:
            found["gsi2"] = QUOTES_OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id)
        if self.charter_id is not None:
            found["gsi3"] = QUOTES_OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id)
        return found

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status, **({} if self.client_id is None else {"client_id": self.client_id})}
