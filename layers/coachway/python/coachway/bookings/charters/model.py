"""Charters, as callers ask for them and as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, JsonValue, model_validator

from coachway.bookings.charters.instalments import Instalment
from coachway.bookings.charters.rules import Status
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, Note, RequestSchema, Text
from coachway.core.types import datetimes, ids
from coachway.core.types.datetimes import sortable
from coachway.core.types.money import Amount
from coachway.core.workflows.failure import FlowFailure
from coachway.pricing.extras_model import PromoText
from coachway.pricing.quote_model import Line, Miles, Notice
from coachway.pricing.rule_model import AmenityCode, RouteText, VehicleClass

CharterId = Annotated[str, Field(pattern=ids.pattern("chr"))]
ClientId = Annotated[str, Field(pattern=ids.pattern("cli"))]


SUPPORTED_YEARS: Final = "must be between the years 2001 and 2150"


def is_supported_date(at: datetime) -> bool:
    """Whether trips take place then."""
    return 2001 <= at.year <= 2150


def _require_supported_date(at: datetime) -> datetime:
    if not is_supported_date(at):
        raise ValueError(SUPPORTED_YEARS)
    return with_fixed_offset(at)


def with_fixed_offset(at: datetime) -> datetime:
    """The same moment with its offset for a zone: times of one zone are added and compared by the wall clock."""
    return at.replace(tzinfo=timezone(at.utcoffset() or timedelta()))


Moment = Annotated[datetimes.Timestamp, AfterValidator(_require_supported_date)]
"""A time with an offset, in years that trips take place in."""

CHARTER = AccessPattern(
    "a charter",
    pk="ORG#{org}#CHARTER#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "charters, newest first, by the month they were made",
    index="gsi1",
    pk="ORG#{org}#CHARTERS#{month}",
    sk="{id}",
)
BY_TRIP = AccessPattern(
    "charters by departure, soonest first, by the month of the trip",
    index="gsi2",
    pk="ORG#{org}#TRIPS#{month}",
    sk="{day}T{starts}#{id}",
)
OF_CLIENT = AccessPattern(
    "the charters of a client, newest first",
    index="gsi3",
    pk="ORG#{org}#CHARTERS_OF_CLIENT#{client}",
    sk="{id}",
)
BY_STATUS = AccessPattern(
    "charters in a status, newest first, by the month they were made",
    index="gsi4",
    pk="ORG#{org}#CHARTERS#{status}#{month}",
    sk="{id}",
)


class TripType(StrEnum):
    """The shape of a trip."""

    ONE_WAY = "one_way"
    ROUND_TRIP = "round_trip"
    MULTI_DAY = "multi_day"


class StopType(StrEnum):
    """What happens at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"
    WAYPOINT = "waypoint"


class Stop(RequestSchema):
    """A place, and when the vehicle comes and goes. What is left out of the times is reckoned from the miles."""

    stop_type: StopType = StopType.WAYPOINT
    address: Text
    latitude: Annotated[float | None, Field(ge=-90, le=90)] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180)] = None
    geocoded_address: Text | None = None
    estimated_arrival: Moment | None = None
    estimated_departure: Moment | None = None
    timezone: Annotated[
        str | None,
        Field(max_length=64, description="IANA name; left out: the first stop's, or the organization's"),
    ] = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude, longitude: give both or neither")
        if self.estimated_arrival and self.estimated_departure and self.estimated_departure < self.estimated_arrival:
            raise ValueError("estimated_departure: must not be before estimated_arrival")
        return self

    @property
    def time(self) -> datetime | None:
        """When it is left, or else reached."""
        return self.estimated_departure or self.estimated_arrival


CHARTER_EXAMPLE: Final[dict[str, JsonValue]] = {
    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "trip_type": "one_way",
    "vehicle_class": "coach",
    "vehicle_count": 1,
    "passengers": 40,
    "requires_second_driver": False,
    "amenities": [],
    "stops": [
        {
            "stop_type": "pickup",
            "address": "11 Wall St, New York, NY",
            "latitude": 40.7074,
            "longitude": -74.0113,
            "estimated_departure": "2027-03-03T09:00:00-05:00",
        },
        {
            "stop_type": "dropoff",
            "address": "1901 Boardwalk, Atlantic City, NJ",
            "latitude": 39.3560,
            "longitude": -74.4310,
            "estimated_arrival": "2027-03-03T12:00:00-05:00",
        },
    ],
    "miles": 130,
    "notes": "",
}


class CharterInput(RequestSchema):
    """A charter as staff enter it. The first stop says when the trip leaves."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHARTER_EXAMPLE]})

    client_id: ClientId
    trip_type: TripType
    vehicle_class: VehicleClass
    vehicle_count: Annotated[int, Field(ge=1, le=100)] = 1
    passengers: Annotated[int, Field(ge=1, le=10_000)]
    requires_second_driver: bool = False
    requires_coi: Annotated[bool, Field(description="a certificate of insurance is asked for")] = False
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=30)
    stops: Annotated[list[Stop], Field(min_length=2, max_length=50)]
    miles: Annotated[
        Miles | None,
        Field(description="with passengers, for each vehicle; left out: 1.3 times the straight line between the stops"),
    ] = None
    deadhead_miles: Annotated[Miles, Field(description="empty, from and to the garage, for each vehicle")] = Decimal(0)
    route: Annotated[RouteText | None, Field(description="for prices agreed for a route")] = None
    promo_code: PromoText | None = None
    notes: Note = ""


class CharterQuote(BaseSchema):
    """The price of a charter's current revision, line by line; `GET /pricing/quotes/{id}` tells the rules behind it."""

    id: str
    lines: list[Line]
    subtotal: Amount
    discount: Amount
    tax: Amount
    total: Amount
    currency: str
    warnings: list[Notice] = Field(default_factory=list)

    @property
    def blocking(self) -> list[Notice]:
        """What keeps the charter from being booked."""
        return [warning for warning in self.warnings if warning.blocking]


class Cancellation(BaseSchema):
    """What a cancellation refunds, or would refund while `preview` is true. Amounts in `currency`."""

    preview: bool
    initiated_by: Annotated[str, Field(examples=["client"])]
    hours_left: Annotated[float, Field(description="to the first departure; negative once it has passed")]
    refund_percent: int
    amount_paid: Amount
    refund: Amount
    currency: str
    reason: str = ""


class Cover(BaseSchema):
    """Who runs a vehicle of a charter, counted from 1: the vendor it was awarded to, an assigned driver, or both."""

    vehicle: int
    vendor_id: str | None = None
    bid_id: str | None = None
    assignment_id: str | None = None
    driver_id: str | None = None
    second_driver_id: str | None = None
    driver_names: list[str] = Field(default_factory=list)
    vehicle_id: str | None = None
    vehicle_name: str | None = None

    @property
    def is_run(self) -> bool:
        """Whether anybody does."""
        return self.vendor_id is not None or self.assignment_id is not None


class Charter(Entity, CharterInput):
    """A charter. `trip_date` and `timezone` are the first stop's; a change of what was quoted is a new revision."""

    KIND: ClassVar[str] = "charter"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    number: str = ""
    status: Status = Status.QUOTE
    status_reason: str = ""
    revision_number: int = 1
    miles: Miles
    miles_estimated: bool = False
    timezone: str
    trip_date: date
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    quote: CharterQuote
    quote_sent_at: AwareDatetime | None = None
    quote_expires_at: AwareDatetime | None = None
    accepted_by: str | None = None
    accepted_at: AwareDatetime | None = None
    instalments: list[Instalment] = Field(default_factory=list)
    """What is paid when, once that was agreed or accepted; until then it follows from the organization's policy."""
    amount_paid: Amount = 0
    credit_reserved: Amount = 0
    """What its client owes for it on credit, until its invoice is issued."""
    invoice_id: str | None = None
    """The invoice that it is on, be that a draft yet; a voided one lets go of it."""
    cancellation: Cancellation | None = None

    series_id: str | None = None
    recurrence_rule: str | None = None
    instance_number: int | None = None
    series_total: int | None = None
    is_series_master: bool = False
    parent_charter_id: str | None = None
    """The first charter of the series that this one belongs to; None for the first itself."""
    cloned_from_charter_id: str | None = None

    vehicles: list[Cover] = Field(default_factory=list)
    """Those that somebody runs; `bookings.coverage` keeps it, and the three below, which are taken from it."""
    vendor_id: str | None = None
    """The first of `vendor_ids`."""
    vendor_ids: list[str] = Field(default_factory=list)
    """Those that were awarded its vehicles."""
    flow_failures: Annotated[
        dict[str, FlowFailure], Field(description="flows that stand still since a step failed for good, by name")
    ] = Field(default_factory=dict)
    driver_id: str | None = None
    """The first that was assigned."""

    @property
    def is_accepted(self) -> bool:
        """Whether its client has said yes to what is quoted, booked or not."""
        return self.accepted_at is not None

    @property
    def last_day(self) -> date:
        """The day on which it ends, by its last stop's clock: papers must hold through it."""
        return self.ends_at.astimezone(ZoneInfo(self.stops[-1].timezone or self.timezone)).date()

    @property
    def uncovered_vehicles(self) -> list[int]:
        """The vehicles, counted from 1, that have neither a vendor nor a driver yet."""
        covered = {cover.vehicle for cover in self.vehicles}
        return [number for number in range(1, self.vehicle_count + 1) if number not in covered]

    def key(self) -> Key:
        return CHARTER.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        made = f"{ids.created_at_of(self.id):%Y-%m}"
        month, starts = f"{self.trip_date:%Y-%m}", sortable(self.starts_at)
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=made, id=self.id),
            "gsi2": BY_TRIP.key(org=self.org_id, month=month, day=self.trip_date, starts=starts, id=self.id),
            "gsi3": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
            "gsi4": BY_STATUS.key(org=self.org_id, status=self.status, month=made, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        drivers = (each for cover in self.vehicles for each in (cover.driver_id, cover.second_driver_id) if each)
        run_by_them = {run_by_attribute(each): True for each in (*self.vendor_ids, *drivers)}
        return {"status": str(self.status), "client_id": self.client_id, **run_by_them}


def run_by_attribute(party_id: str) -> str:
    """The attribute of charters that this vendor or driver runs a vehicle of: filters know only equality."""
    return f"run_by_{party_id}"
