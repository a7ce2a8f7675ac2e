"""Pricing rules, as callers write them and as they are kept.

Every date and time of a rule is the trip's local one, never that of asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    field_serializer,
    model_validator,
)

from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import Note, RequestSchema, Text
from coachway.core.types import ids
from coachway.core.types.datetimes import Day
from coachway.core.types.money import PositiveAmount

RuleType = Literal[
    "base_rate",
    "mileage_rate",
    "hourly_rate",
    "time_multiplier",
    "seasonal",
    "client_specific",
    "vehicle_specific",
    "flat_fee",
]
Scope = Literal["global", "client", "vehicle", "route"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Fee = Literal[
    "booking", "amenity", "extra_stop", "overnight", "second_driver", "coi", "fuel_surcharge", "minimum_charge"
]
Rate = Literal["base_rate", "mileage_rate", "deadhead_rate", "hourly_rate"]

RATES: Final = frozenset({"base_rate", "mileage_rate", "hourly_rate"})
MULTIPLIERS: Final = frozenset({"time_multiplier", "seasonal"})
ADJUSTMENTS: Final = frozenset({"vehicle_specific", "client_specific"})


def _as_float(value: Decimal) -> float:
    return float(value)  # `float` itself has no signature that pydantic reads quickly


def json_number(schema: dict[str, object]) -> tuple[PlainSerializer, WithJsonSchema]:
    """How a Decimal looks in JSON: a number, not a text."""
    return (
        PlainSerializer(_as_float, return_type=float, when_used="json"),
        WithJsonSchema({"type": "number", **schema}),
    )


Percent = Annotated[
    Decimal,
    Field(ge=-100, le=1000, decimal_places=4),
    *json_number({"minimum": -100, "maximum": 1000, "examples": [25]}),
]
"""Per cent to add (25) or, negative, to take off; nothing can lose more than all of it."""
VehicleClass = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"),
    Field(examples=["coach"]),
]
"""A class of vehicle: `coach`, `minibus`, `sedan`."""
AmenityCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"),
    Field(examples=["wifi"]),
]
"""What an amenity is called in requests; upper and lower case are the same."""
MonthDay = Annotated[
    str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), Field(examples=["06-15"])
]
"""A day of every year, `MM-DD`."""
TripDate = Annotated[Day, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), examples=["2027-03-03"])]
RateAmount = Annotated[
    PositiveAmount,
    Field(le=1_000_000_00),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1_000_000, "examples": [2.5]}),
]
"""A rate or fee, at most a million."""


def normalize_route(text: str) -> str:
    """`Origin > Destination` without the accidents of writing: case, blanks, an arrow for `>`."""
    places = text.replace("→", ">").split(">")
    return ">".join(" ".join(place.casefold().split()) for place in places)


def is_route(text: str) -> bool:
    """Whether a text can be a route: one printable line of at most 200 characters that names places."""
    return len(text) <= 200 and text.isprintable() and all(normalize_route(text).split(">"))


def _require_route(value: object) -> object:
    if isinstance(value, str) and not all(normalize_route(value).split(">")):
        raise ValueError("must name places, such as `New York, NY > Atlantic City, NJ`")
    return value


RouteText = Annotated[Text, BeforeValidator(_require_route), Field(examples=["New York, NY > Atlantic City, NJ"])]
"""A route by its ends, `New York, NY > Atlantic City, NJ`, or any name of its own; case and blanks do not matter."""


class RuleInput(RequestSchema):
    """A pricing rule as it is written. The most specific matching rule of a type wins: route, client, vehicle, global;
    then the higher priority; then the newest.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Coach base", "rule_type": "base_rate", "scope": "global", "amount": 350, "priority": 10}
            ]
        }
    )

    name: Text
    description: Note = ""
    rule_type: RuleType
    scope: Annotated[Scope | None, Field(description="left out: the narrowest that the filters name")] = None
    priority: Annotated[int, Field(ge=0, le=9999)] = 0

    amount: Annotated[RateAmount | None, Field(description="a rate, a fee, or the rate that replaces another")] = None
    percent: Percent | None = None
    replaces: Annotated[
        Rate | None, Field(description="client_specific, vehicle_specific: the rate that `amount` replaces")
    ] = None
    fee: Annotated[Fee | None, Field(description="flat_fee: what for; left out: once for each booking")] = None
    code: Annotated[AmenityCode | None, Field(description="flat_fee of an amenity: which one")] = None
    deadhead: Annotated[bool, Field(description="mileage_rate: for miles from and to the garage")] = False
    per_day: Annotated[bool, Field(description="base_rate, flat_fee: once for each day of the trip")] = False

    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vehicle_class: VehicleClass | None = None
    route: RouteText | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ()
    season_start: Annotated[MonthDay | None, Field(description="first day of a season that returns every year")] = None
    season_end: Annotated[MonthDay | None, Field(description="its last day; may lie in the next year")] = None
    start_time: Annotated[time | None, Field(description="trips starting at or after; a window may cross midnight")] = (
        None
    )
    end_time: Annotated[time | None, Field(description="and before")] = None
    min_passengers: Annotated[int | None, Field(ge=1, le=100_000)] = None
    max_passengers: Annotated[int | None, Field(ge=1, le=100_000)] = None
    valid_from: Annotated[TripDate | None, Field(description="first trip date that it is for")] = None
    valid_until: Annotated[TripDate | None, Field(description="last trip date that it is for")] = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        for problem in (self._value(), self._charge(), self._scope(), self._ranges()):
            if problem:
                raise ValueError(problem)
        return self

    def _value(self) -> str | None:
        """What is wrong with what the rule is worth."""
        kind, amount, percent = self.rule_type, self.amount is not None, self.percent is not None
        if kind in ADJUSTMENTS:
            if amount == percent:
                return f"percent, amount: a {kind} rule has one of the two"
            if amount != (self.replaces is not None):
                return "replaces: goes with an amount, and names the rate that it replaces"
            return None
        if self.replaces is not None:
            return f"replaces: a {kind} rule replaces no rate"
        if kind in MULTIPLIERS and (amount or not percent):
            return f"percent: a {kind} rule has a percent and no amount"
        if kind not in MULTIPLIERS and (percent or not amount):
            return f"amount: a {kind} rule has an amount and no percent"
        return None

    def _charge(self) -> str | None:
        """What is wrong with what it is charged for."""
        if self.rule_type == "flat_fee":
            self.fee = self.fee or "booking"
        elif self.fee is not None:
            return f"fee: a {self.rule_type} rule is not a fee"
        if (self.code is not None) != (self.fee == "amenity"):
            return "code: the fee of an amenity names the amenity; other rules do not"
        if self.deadhead and self.rule_type != "mileage_rate":
            return "deadhead: only a mileage_rate is for deadhead miles"
        if self.per_day and not (self.rule_type == "base_rate" or self.fee in {"amenity", "second_driver"}):
            return "per_day: only a base_rate, and the fees of amenities and second drivers, are by the day"
        return None

    def _scope(self) -> str | None:
        if self.scope is None:
            self.scope = self._narrowest()
        needed = {"client": self.client_id, "vehicle": self.vehicle_class, "route": self.route, "global": "anything"}
        if needed[self.scope] is None:
            field = {"client": "client_id", "vehicle": "vehicle_class", "route": "route"}[self.scope]
            return f"{field}: a rule of scope {self.scope} says which"
        if self.rule_type == "client_specific" and self.client_id is None:
            return "client_id: a client_specific rule says which client"
        if self.rule_type == "vehicle_specific" and self.vehicle_class is None:
            return "vehicle_class: a vehicle_specific rule says which class"
        return None

    def _narrowest(self) -> Scope:
        if self.route is not None:
            return "route"
        if self.client_id is not None:
            return "client"
        return "global" if self.vehicle_class is None else "vehicle"

    def _ranges(self) -> str | None:
        if (self.season_start is None) != (self.season_end is None):
            return "season_start, season_end: a season has both"
        if (self.start_time is None) != (self.end_time is None) or (
            self.start_time is not None and self.start_time == self.end_time
        ):
            return "start_time, end_time: a window has both, and they differ"
        if any(moment is not None and moment.tzinfo is not None for moment in (self.start_time, self.end_time)):
            return "start_time, end_time: are local times, without an offset"
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            return "valid_until: is not before valid_from"
        if self.min_passengers and self.max_passengers and self.max_passengers < self.min_passengers:
            return "max_passengers: is not less than min_passengers"
        return None


RULE = AccessPattern("a pricing rule", pk="ORG#{org}#PRICING_RULE#{id}", sk="PRICING_RULE")
RULES = AccessPattern(
    "the pricing rules of an organization, newest first",
    index="gsi1",
    pk="ORG#{org}#PRICING_RULES",
    sk="{id}",
)
RULES_OF_TYPE = AccessPattern(
    "its pricing rules of one type, newest first",
    index="gsi2",
    pk="ORG#{org}#PRICING_RULES#{rule_type}",
    sk="{id}",
)


class PricingRule(RuleInput, Entity):
    """A pricing rule as it is kept."""

    KIND: ClassVar[str] = "pricing_rule"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    def key(self) -> Key:
        return RULE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return {
            "gsi1": RULES.key(org=self.org_id, id=self.id),
            "gsi2": RULES_OF_TYPE.key(org=self.org_id, rule_type=self.rule_type, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        named = {"scope": self.scope, "client_id": self.client_id, "vehicle_class": self.vehicle_class}
        return {name: value for name, value in named.items() if value is not None}


ENTRIES = AccessPattern(
    "copies of the rules that may price a trip, by what they are for, then by time, kind and rank",
    pk="ORG#{org}#PRICING_SHELF#{shelf}",
    sk="{entry}",
)
EDITION = AccessPattern(
    "a number that every change of a pricing rule moves: what was read of the shelves is good while it stands",
    pk="ORG#{org}#PRICING_EDITION",
    sk="EDITION",
)


class RuleEntry(Record):
    """A copy of a rule on a shelf, where a quote finds it without reading the others.

    It never changes: another version of the rule has other copies. `coachway.pricing.shelves` says where it lies.
    """

    KIND: ClassVar[str] = "pricing_entry"

    org_id: str
    shelf: str
    entry: str
    rule: PricingRule

    @field_serializer("rule", when_used="json")
    def _briefly(self, rule: PricingRule) -> dict[str, object]:
        return rule.model_dump(mode="json", exclude_defaults=True)

    def key(self) -> Key:
        return ENTRIES.key(org=self.org_id, shelf=self.shelf, entry=self.entry)
