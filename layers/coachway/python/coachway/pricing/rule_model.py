"""Pricing rules: requests, stored records, index entries and their access patterns.

Dates and times of a rule are local to the trip.
"""

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
from coachway.core.schemas import RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.text import Note, Text
from coachway.core.types.vehicle_classes import VehicleClass

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

_MULTIPLIER_TYPES: Final = frozenset({"time_multiplier", "seasonal"})
_ADJUSTMENT_TYPES: Final = frozenset({"vehicle_specific", "client_specific"})


def _as_float(value: Decimal) -> float:
    return float(value)  # pydantic reads the signature of `float` slowly


def json_number(schema: dict[str, object]) -> tuple[PlainSerializer, WithJsonSchema]:
    """Serialize a Decimal as a JSON number, not as a string."""
    return (
        PlainSerializer(_as_float, return_type=float, when_used="json"),
        WithJsonSchema({"type": "number", **schema}),
    )


Percent = Annotated[
    Decimal,
    Field(ge=-100, le=1000, decimal_places=4),
    *json_number({"minimum": -100, "maximum": 1000, "examples": [25]}),
]
"""A percentage to add, such as 25, or to subtract, such as -10."""
AmenityCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"),
    Field(examples=["wifi"]),
]
"""The code of an amenity. It is not case-sensitive."""
MonthDay = Annotated[
    str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), Field(examples=["06-15"])
]
"""A day of every year, `MM-DD`."""
TripDate = Annotated[Day, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), examples=["2027-03-03"])]
RateAmount = Annotated[
    NonNegativeApiAmount,
    Field(le=1_000_000_00),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1_000_000, "examples": [2.5]}),
]
"""A rate or fee of at most one million."""


def normalize_route(text: str) -> str:
    """Normalize case, spaces and arrows of `Origin > Destination`."""
    places = text.replace("→", ">").split(">")
    return ">".join(" ".join(place.casefold().split()) for place in places)


def is_route(text: str) -> bool:
    """Whether a text is a valid route: a printable line of at most 200 characters that contains places."""
    return len(text) <= 200 and text.isprintable() and all(normalize_route(text).split(">"))


def _require_route(value: object) -> object:
    if isinstance(value, str) and not all(normalize_route(value).split(">")):
        raise ValueError("must contain places, such as `New York, NY > Atlantic City, NJ`")
    return value


RouteText = Annotated[Text, BeforeValidator(_require_route), Field(examples=["New York, NY > Atlantic City, NJ"])]
"""A route, such as `New York, NY > Atlantic City, NJ`, or any name. It is not sensitive to case and spaces."""


class RuleInput(RequestSchema):
    """A pricing rule.

    Of the matching rules of a type, the most specific one wins: route, client, vehicle, global; then the one with the
    higher priority; then the newest one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Coach base", "rule_type": "base_rate", "scope": "global", "amount": 350, "priority": 10}
            ]
        }
    )

    name: Annotated[Text, Field(description="Name for staff. Clients do not see it.")]
    description: Note = ""
    public_label: Annotated[
        Text | None,
        Field(
            description="What clients read on quotes and invoices. Defaults to the kind of the charge: `Mileage`.",
            examples=["Mileage"],
        ),
    ] = None
    rule_type: RuleType
    scope: Annotated[Scope | None, Field(description="Defaults to the most specific filter that is set.")] = None
    priority: Annotated[int, Field(ge=0, le=9999)] = 0

    amount: Annotated[RateAmount | None, Field(description="Rate or fee. With `replaces`, the replacement rate.")] = (
        None
    )
    percent: Percent | None = None
    replaces: Annotated[
        Rate | None, Field(description="Rate that `amount` replaces; client_specific and vehicle_specific only.")
    ] = None
    fee: Annotated[Fee | None, Field(description="Reason of a flat_fee. Defaults to `booking`.")] = None
    code: Annotated[AmenityCode | None, Field(description="Amenity of a flat_fee.")] = None
    deadhead: Annotated[bool, Field(description="Whether a mileage_rate is for miles from and to the garage.")] = False
    per_day: Annotated[bool, Field(description="Whether a base_rate or flat_fee is charged per day of the trip.")] = (
        False
    )

    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    vehicle_class: VehicleClass | None = None
    route: RouteText | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ()
    season_start: Annotated[MonthDay | None, Field(description="First day of a yearly season.")] = None
    season_end: Annotated[MonthDay | None, Field(description="Last day of the season. It can be in the next year.")] = (
        None
    )
    start_time: Annotated[
        time | None, Field(description="Only trips that start at or after this time. The window can cross midnight.")
    ] = None
    end_time: Annotated[time | None, Field(description="Only trips that start before this time.")] = None
    min_passengers: Annotated[int | None, Field(ge=1, le=100_000)] = None
    max_passengers: Annotated[int | None, Field(ge=1, le=100_000)] = None
    valid_from: Annotated[TripDate | None, Field(description="First trip date.")] = None
    valid_until: Annotated[TripDate | None, Field(description="Last trip date.")] = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        for problem in (self._value_problem(), self._charge_problem(), self._scope_problem(), self._range_problem()):
            if problem:
                raise ValueError(problem)
        return self

    def _value_problem(self) -> str | None:
        """The problem with `amount`, `percent` and `replaces`, or None."""
        kind, amount, percent = self.rule_type, self.amount is not None, self.percent is not None
        if kind in _ADJUSTMENT_TYPES:
            if amount == percent:
                return f"percent, amount: set exactly one of the two for a {kind} rule"
            if amount != (self.replaces is not None):
                return "replaces: is required with an amount, and not allowed without one"
            return None
        if self.replaces is not None:
            return f"replaces: is not allowed for a {kind} rule"
        if kind in _MULTIPLIER_TYPES and (amount or not percent):
            return f"percent: a {kind} rule needs a percent and no amount"
        if kind not in _MULTIPLIER_TYPES and (percent or not amount):
            return f"amount: a {kind} rule needs an amount and no percent"
        return None

    def _charge_problem(self) -> str | None:
        """The problem with `fee`, `code`, `deadhead` and `per_day`, or None."""
        if self.rule_type == "flat_fee":
            self.fee = self.fee or "booking"
        elif self.fee is not None:
            return f"fee: is not allowed for a {self.rule_type} rule"
        if (self.code is not None) != (self.fee == "amenity"):
            return "code: is required for the fee of an amenity, and not allowed for other rules"
        if self.deadhead and self.rule_type != "mileage_rate":
            return "deadhead: is only allowed for a mileage_rate"
        if self.per_day and not (self.rule_type == "base_rate" or self.fee in {"amenity", "second_driver"}):
            return "per_day: is only allowed for a base_rate and for fees of amenities and second drivers"
        return None

    def _scope_problem(self) -> str | None:
        if self.scope is None:
            self.scope = self._most_specific_scope()
        required = {"client": self.client_id, "vehicle": self.vehicle_class, "route": self.route, "global": "anything"}
        if required[self.scope] is None:
            field = {"client": "client_id", "vehicle": "vehicle_class", "route": "route"}[self.scope]
            return f"{field}: is required for a rule of scope {self.scope}"
        if self.rule_type == "client_specific" and self.client_id is None:
            return "client_id: is required for a client_specific rule"
        if self.rule_type == "vehicle_specific" and self.vehicle_class is None:
            return "vehicle_class: is required for a vehicle_specific rule"
        return None

    def _most_specific_scope(self) -> Scope:
        if self.route is not None:
            return "route"
        if self.client_id is not None:
            return "client"
        return "global" if self.vehicle_class is None else "vehicle"

    def _range_problem(self) -> str | None:
        if (self.season_start is None) != (self.season_end is None):
            return "season_start, season_end: set both or neither"
        if (self.start_time is None) != (self.end_time is None) or (
            self.start_time is not None and self.start_time == self.end_time
        ):
            return "start_time, end_time: set both or neither, and not to the same time"
        if any(time is not None and time.tzinfo is not None for time in (self.start_time, self.end_time)):
            return "start_time, end_time: must be local times without an offset"
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            return "valid_until: must not be before valid_from"
        if self.min_passengers and self.max_passengers and self.max_passengers < self.min_passengers:
            return "max_passengers: must not be less than min_passengers"
        return None


RULE = AccessPattern("a pricing rule", pk="ORG#{org}#PRICING_RULE#{id}", sk="PRICING_RULE")
RULES = AccessPattern(
    "the pricing rules of an organization, newest first",
    index="gsi1",
    pk="ORG#{org}#PRICING_RULES",
    sk="{id}",
)
RULES_OF_TYPE = AccessPattern(
    "the pricing rules of one type, newest first",
    index="gsi2",
    pk="ORG#{org}#PRICING_RULES#{rule_type}",
    sk="{id}",
)


class PricingRule(RuleInput, Entity):
    """A pricing rule."""

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
        filters = {"scope": self.scope, "client_id": self.client_id, "vehicle_class": self.vehicle_class}
        return {name: value for name, value in filters.items() if value is not None}


ENTRIES = AccessPattern(
    "index entries of pricing rules by partition, then by time bucket, slot and rank",
    pk="ORG#{org}#PRICING_SHELF#{shelf}",
    sk="{entry}",
)
EDITION = AccessPattern(
    "the edition of pricing rules: every change of a rule increments it, which invalidates caches",
    pk="ORG#{org}#PRICING_EDITION",
    sk="EDITION",
)


class RuleEntry(Record):
    """An index entry with a copy of a rule; see `rule_index`. `shelf` is the stored name of the index partition.

    Entries never change: each version of a rule has its own entries.
    """

    KIND: ClassVar[str] = "pricing_entry"

    org_id: str
    shelf: str
    entry: str
    rule: PricingRule

    @field_serializer("rule", when_used="json")
    def _serialize_rule(self, rule: PricingRule) -> dict[str, object]:
        return rule.model_dump(mode="json", exclude_defaults=True)

    def key(self) -> Key:
        return ENTRIES.key(org=self.org_id, shelf=self.shelf, entry=self.entry)
