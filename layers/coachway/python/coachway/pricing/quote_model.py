"""Quotes: requests, priced lines, stored records and their access patterns."""

from collections.abc import Mapping
from datetime import UTC, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field, field_serializer, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import TripVehicles
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTimeInput
from coachway.core.types.money import NonNegativeApiAmount, StoredAmount
from coachway.core.types.time_zones import TimeZone
from coachway.pricing.extras_model import PromoText
from coachway.pricing.notice_model import Notice
from coachway.pricing.rule_model import AmenityCode, RouteText, RuleInput, TripDate, json_number

Miles = Annotated[
    Decimal,
    Field(ge=0, le=20_000, decimal_places=2),
    *json_number({"minimum": 0, "maximum": 20_000, "examples": [150]}),
]
"""Miles, with up to two decimal places."""
Hours = Annotated[
    Decimal, Field(ge=0, le=1_440, decimal_places=2), *json_number({"minimum": 0, "maximum": 1_440, "examples": [5.5]})
]
"""Hours, with up to two decimal places."""
Quantity = Annotated[Decimal, *json_number({"examples": [150]})]

MAX_DAYS = 60
"""The longest trip that can be priced."""

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
    "manual",
    "discount",
    "all_in",
    "tax",
]


class QuoteRequest(TripVehicles):
    """The trip to price. Its start is `departs_at`, or `trip_date` with an optional `start_time`."""

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
    passengers: Annotated[int, Field(ge=1, le=10_000)] = 1
    miles: Annotated[Miles, Field(description="Miles with passengers, per vehicle.")]
    deadhead_miles: Annotated[Miles, Field(description="Empty miles from and to the garage, per vehicle.")] = Decimal(0)
    trip_date: Annotated[TripDate | None, Field(description="Local date. Optional with `departs_at`.")] = None
    start_time: Annotated[time | None, Field(description="Local time.", examples=["09:00"])] = None
    departs_at: Annotated[LocalTimeInput | None, Field(description="Start of the trip, with offset.")] = None
    returns_at: Annotated[LocalTimeInput | None, Field(description="End of the trip, with offset.")] = None
    timezone: Annotated[
        TimeZone | None, Field(description="Time zone of the first stop. Defaults to the organization's.")
    ] = None
    hours: Annotated[Hours | None, Field(description="Defaults to the time from `departs_at` to `returns_at`.")] = None
    days: Annotated[
        int | None,
        Field(ge=1, le=MAX_DAYS, description="Defaults to the length of the trip in 24-hour periods, rounded up."),
    ] = None
    overnights: Annotated[int | None, Field(ge=0, le=MAX_DAYS, description="Defaults to `days` minus one.")] = None
    stops: Annotated[int, Field(ge=2, le=50, description="Number of stops, including the first and the last.")] = 2
    route: RouteText | None = None
    requires_second_driver: bool = False
    requires_coi: Annotated[bool, Field(description="Whether the client needs a certificate of insurance.")] = False
    amenities: Annotated[tuple[AmenityCode, ...], Field(max_length=30)] = ()
    promo_code: PromoText | None = None
    cost: Annotated[NonNegativeApiAmount | None, Field(description="The operator's cost of the trip, if known.")] = None

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.departs_at is None and self.trip_date is None:
            raise ValueError("trip_date: is required without departs_at")
        if self.start_time is not None and self.start_time.tzinfo is not None:
            raise ValueError("start_time: must be a local time without an offset")
        for name, value in (("departs_at", self.departs_at), ("returns_at", self.returns_at)):
            if value is not None and not 2000 <= value.year <= 2199:
                raise ValueError(f"{name}: must be between the years 2000 and 2199")
        if self.returns_at is not None:
            if self.departs_at is None:
                raise ValueError("departs_at: is required with returns_at")
            duration = self.returns_at.astimezone(UTC) - self.departs_at.astimezone(UTC)
            if not timedelta(0) <= duration <= timedelta(days=MAX_DAYS):
                raise ValueError(f"returns_at: must be at or after departs_at, and within {MAX_DAYS} days of it")
        return self


_PUBLIC_LABELS: Final[Mapping[LineKind, str]] = MappingProxyType(
    {
        "base_rate": "Base price",
        "mileage_rate": "Mileage",
        "deadhead_rate": "Travel from and to the garage",
        "hourly_rate": "Hours",
        "time_multiplier": "Surcharge for the day or time",
        "seasonal": "Seasonal surcharge",
        "vehicle_specific": "Vehicle surcharge",
        "client_specific": "Agreed rates",
        "booking": "Booking fee",
        "extra_stop": "Extra stops",
        "overnight": "Overnight stay",
        "second_driver": "Second driver",
        "coi": "Certificate of insurance",
        "fuel_surcharge": "Fuel surcharge",
        "minimum_charge": "Minimum charge",
    }
)
"""What clients read about a line whose rule has no `public_label`. Other kinds of lines have labels for clients."""
_PUBLIC_LABELS_OF_DISCOUNTS: Final[Mapping[LineKind, str]] = MappingProxyType(
    {
        "time_multiplier": "Discount for the day or time",
        "seasonal": "Seasonal discount",
        "vehicle_specific": "Vehicle discount",
    }
)


class Line(BaseSchema):
    """A price line: `amount` is `quantity` times `unit_amount`. Percentages have a quantity such as 0.25 for 25%."""

    model_config = ConfigDict(defer_build=True)

    kind: LineKind
    label: Annotated[str, Field(description="Name of the rule, for staff.")]
    public_label: Annotated[str, Field(description="What the client reads.")] = ""
    vehicle_class: Annotated[
        str | None, Field(description="Class of the vehicles of the line, if the trip has several classes.")
    ] = None
    rule_id: Annotated[
        str | None,
        Field(description="Rule, promo code or amenity of the line. Null for tax and the organization's own terms."),
    ] = None
    quantity: Quantity
    unit_amount: StoredAmount
    amount: StoredAmount

    @model_validator(mode="after")
    def _set_public_label(self) -> Self:
        """Also for lines that an earlier release stored without one."""
        if not self.public_label:
            label = _PUBLIC_LABELS.get(self.kind, self.label)
            self.public_label = _PUBLIC_LABELS_OF_DISCOUNTS.get(self.kind, label) if self.amount < 0 else label
        return self


class Margin(BaseSchema):
    """The margin over the operator's cost. `percent` is relative to the price before tax; null if the price is 0."""

    model_config = ConfigDict(defer_build=True)

    cost: StoredAmount
    amount: StoredAmount
    percent: Annotated[float | None, Field(examples=[22.5])]


class AppliedRule(RuleInput):
    """A rule with its values at the time of the quote."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    id: str
    version: int


class RulesPrice(BaseSchema):
    """The price that the rules give a trip whose price was adjusted by hand. For staff only."""

    model_config = ConfigDict(defer_build=True)

    lines: list[Line]
    discount: StoredAmount
    tax: StoredAmount
    total: StoredAmount


class PriceBreakdown(BaseSchema):
    """A price with its lines. `total` is the sum of the lines, and `subtotal - discount + tax`."""

    model_config = ConfigDict(defer_build=True)

    lines: list[Line]
    subtotal: StoredAmount
    discount: StoredAmount
    tax: StoredAmount
    total: StoredAmount
    currency: str
    margin: Margin | None = None
    warnings: list[Notice] = Field(default_factory=list)
    rules_price: Annotated[
        RulesPrice | None, Field(description="What the rules say, if the price was adjusted by hand.")
    ] = None
    rules: list[AppliedRule] = Field(
        default_factory=list,
        description="Rules of the lines, with their values at the time. Omitted fields have default values.",
    )

    @field_serializer("rules", when_used="json")
    def _serialize_rules(self, rules: list[AppliedRule]) -> list[dict[str, object]]:
        return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


QuoteStatus = Literal["calculated", "sent", "accepted", "declined", "expired", "superseded"]

QUOTE = AccessPattern("a quote", pk="ORG#{org}#QUOTE#{id}", sk="QUOTE")
QUOTES = AccessPattern(
    "the quotes of an organization by month, newest first",
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


class Quote(PriceBreakdown, Entity):
    """A quote: the price, the request, and the rules with their values at the time of the quote."""

    KIND: ClassVar[str] = "quote"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"promo_max_uses"})
    model_config = ConfigDict(extra="ignore")

    status: QuoteStatus = "calculated"
    client_id: str | None
    charter_id: str | None = None
    promo_code: Annotated[str | None, Field(description="Promo code that reduced the price, if any.")] = None
    promo_max_uses: int | None = None
    request: Annotated[QuoteRequest, Field(description="The priced trip. Omitted fields have default values.")]

    @field_serializer("request", when_used="json")
    def _serialize_request(self, request: QuoteRequest) -> dict[str, object]:
        return request.model_dump(mode="json", exclude_defaults=True)

    def key(self) -> Key:
        return QUOTE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.get_created_at(self.id):%Y-%m}"
        keys = {"gsi1": QUOTES.key(org=self.org_id, month=month, id=self.id)}
        if self.client_id is not None:
            keys["gsi2"] = QUOTES_OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id)
        if self.charter_id is not None:
            keys["gsi3"] = QUOTES_OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status, **({} if self.client_id is None else {"client_id": self.client_id})}
