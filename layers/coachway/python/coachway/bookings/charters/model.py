"""Charters: requests, the stored record and its access patterns."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    ValidationInfo,
    model_validator,
)

from coachway.bookings.charters.cancellation_policy import Cancellation
from coachway.bookings.charters.rules import RUN_STATUSES, CharterStatus
from coachway.bookings.charters.uncovered_trip_model import UncoveredTrip, UncoveredVehicle
from coachway.bookings.instalments import Instalment
from coachway.core.persistence.records import AccessPattern, Entity, Key, stored_as
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import LocalTime, LocalTimeInput, sortable
from coachway.core.types.geo import Latitude, Longitude, require_place
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import Note, Text
from coachway.core.types.time_zones import TimeZone, with_fixed_offset
from coachway.core.types.vehicle_classes import VehicleClass
from coachway.core.workflows.failure import WorkflowFailure
from coachway.pricing.extras_model import PromoText
from coachway.pricing.quote_model import Line, Miles, Notice
from coachway.pricing.rule_model import AmenityCode, RouteText

CharterId = Annotated[str, Field(pattern=ids.pattern("chr"))]
ClientId = Annotated[str, Field(pattern=ids.pattern("cli"))]


SUPPORTED_YEARS: Final = "must be between the years 2001 and 2150"


def is_supported_date(at: datetime) -> bool:
    """Whether a trip can be at this time: in the years 2001 to 2150."""
    return 2001 <= at.year <= 2150


def _require_supported_date(at: datetime) -> datetime:
    if not is_supported_date(at):
        raise ValueError(SUPPORTED_YEARS)
    return with_fixed_offset(at)


TripTime = Annotated[LocalTimeInput, AfterValidator(_require_supported_date)]
"""A time with a UTC offset, in the years 2001 to 2150."""

CHARTER = AccessPattern(
    "a charter",
    pk="ORG#{org}#CHARTER#{id}",
    sk="HEAD",
)
BY_MONTH = AccessPattern(
    "charters by month of creation, newest first",
    index="gsi1",
    pk="ORG#{org}#CHARTERS#{month}",
    sk="{id}",
)
BY_TRIP = AccessPattern(
    "charters by month of the trip, earliest departure first",
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
    "charters in a status, by month of creation, newest first",
    index="gsi4",
    pk="ORG#{org}#CHARTERS#{status}#{month}",
    sk="{id}",
)


class TripType(StrEnum):
    """The type of a trip."""

    ONE_WAY = "one_way"
    ROUND_TRIP = "round_trip"
    MULTI_DAY = "multi_day"


class StopType(StrEnum):
    """What happens at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"
    WAYPOINT = "waypoint"


class Stop(RequestSchema):
    """A place, with the times of arrival and departure. Missing times are estimated from the distance."""

    stop_type: StopType = StopType.WAYPOINT
    address: Annotated[Text, Personal(blank=ERASED)]
    latitude: Annotated[Latitude | None, Personal()] = None
    longitude: Annotated[Longitude | None, Personal()] = None
    geocoded_address: Annotated[Text | None, Personal()] = None
    estimated_arrival: TripTime | None = None
    estimated_departure: TripTime | None = None
    timezone: Annotated[
        TimeZone | None,
        Field(
            description="IANA time zone. Defaults to the first stop's; for the first stop, to the organization's.",
        ),
    ] = None

    @model_validator(mode="wrap")
    @classmethod
    def _check_consistency(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        stop = handler(value)
        if stop is value:  # the stop of a stored charter, which becomes part of another model
            return stop
        require_place(stop, "latitude", "longitude", info)
        if stop.estimated_arrival and stop.estimated_departure and stop.estimated_departure < stop.estimated_arrival:
            raise ValueError("estimated_departure: must not be before estimated_arrival")
        return stop

    @property
    def time(self) -> datetime | None:
        """The time of departure, or of arrival if there is no departure."""
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
    """The trip to quote. It departs at the `estimated_departure` of the first stop."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHARTER_EXAMPLE]})

    client_id: ClientId
    trip_type: TripType
    vehicle_class: VehicleClass
    vehicle_count: Annotated[int, Field(ge=1, le=100)] = 1
    passengers: Annotated[int, Field(ge=1, le=10_000)]
    requires_second_driver: bool = False
    requires_coi: Annotated[bool, Field(description="Whether the client needs a certificate of insurance.")] = False
    amenities: list[AmenityCode] = Field(default_factory=list, max_length=30)
    stops: Annotated[list[Stop], Field(min_length=2, max_length=50)]
    miles: Annotated[
        Miles | None,
        Field(description="Miles with passengers, per vehicle. Defaults to 1.3 times the straight line between stops."),
    ] = None
    deadhead_miles: Annotated[Miles, Field(description="Empty miles from and to the garage, per vehicle.")] = Decimal(0)
    route: Annotated[RouteText | None, Field(description="Name of a route with agreed prices.")] = None
    promo_code: PromoText | None = None
    notes: Annotated[Note, Personal()] = ""


class CharterQuote(BaseSchema):
    """The price of the current revision, line by line. `GET /pricing/quotes/{id}` returns the applied rules."""

    id: str
    lines: list[Line]
    subtotal: StoredAmount
    discount: StoredAmount
    tax: StoredAmount
    total: StoredAmount
    currency: str
    warnings: list[Notice] = Field(default_factory=list)

    @property
    def blocking(self) -> list[Notice]:
        """The warnings that keep the charter from being booked."""
        return [warning for warning in self.warnings if warning.blocking]

    @property
    def preventing_sending(self) -> list[Notice]:
        """The warnings that keep the quote from being sent."""
        return [warning for warning in self.warnings if warning.prevents_sending]


class VehicleCoverage(BaseSchema):
    """The coverage of one vehicle of a charter, numbered from 1: by a vendor, an assigned driver, or both."""

    vehicle: int
    vendor_id: str | None = None
    bid_id: str | None = None
    assignment_id: str | None = None
    driver_id: str | None = None
    second_driver_id: str | None = None
    driver_names: Annotated[list[str], Personal("driver")] = Field(default_factory=list)
    vehicle_id: str | None = None
    vehicle_name: str | None = None

    @property
    def is_covered(self) -> bool:
        """Whether the vehicle has a vendor or a driver."""
        return self.vendor_id is not None or self.assignment_id is not None


class Charter(Entity, CharterInput):
    """A charter. `trip_date` and `timezone` are those of the first stop. Changing the trip creates a new revision."""

    KIND: ClassVar[str] = "charter"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    number: str = ""
    status: CharterStatus = CharterStatus.QUOTE
    status_reason: Annotated[str, Personal()] = ""
    ended_by: Annotated[str, Field(description="User who cancelled the charter or declined its quote.")] = ""
    revision_number: int = 1
    miles: Miles
    miles_estimated: bool = False
    timezone: str
    trip_date: date
    starts_at: LocalTime
    ends_at: LocalTime
    quote: CharterQuote
    quote_sent_at: AwareDatetime | None = None
    quote_expires_at: AwareDatetime | None = None
    accepted_by: Annotated[str | None, Personal()] = None
    accepted_at: AwareDatetime | None = None
    instalments: list[Instalment] = Field(default_factory=list)
    """Set when agreed or accepted; until then the organization's payment policy applies."""
    amount_paid: StoredAmount = 0
    credit_reserved: StoredAmount = 0
    """The part of the client's credit that the charter uses until its invoice is issued."""
    invoice_id: str | None = None
    """The draft or issued invoice of the charter; None again after that is voided."""
    cancellation: Cancellation | None = None

    series_id: str | None = None
    recurrence_rule: str | None = None
    instance_number: int | None = None
    series_total: int | None = None
    is_series_master: bool = False
    parent_charter_id: str | None = None
    """The first charter of the series; None on that charter itself."""
    cloned_from_charter_id: str | None = None

    vehicles: list[VehicleCoverage] = Field(default_factory=list)
    """The covered vehicles. The module `coverage` updates `vendor_id`, `vendor_ids` and `driver_id` with it."""
    vendor_id: str | None = None
    """The first of `vendor_ids`."""
    vendor_ids: list[str] = Field(default_factory=list)
    """The vendors that were awarded vehicles."""
    workflow_failures: Annotated[
        dict[str, WorkflowFailure],
        Field(description="Workflows that stopped because a step failed, by name."),
        stored_as("flow_failures", "workflow_failures"),
    ] = Field(default_factory=dict)
    driver_id: str | None = None
    """The driver of the first vehicle that has one."""

    @property
    def is_accepted(self) -> bool:
        """Whether the client has accepted the current quote, booked or not."""
        return self.accepted_at is not None

    @property
    def last_day(self) -> date:
        """The date on which the trip ends, local to the last stop. Documents must be valid through it."""
        return self.ends_at.astimezone(ZoneInfo(self.stops[-1].timezone or self.timezone)).date()

    @property
    def uncovered_vehicles(self) -> list[int]:
        """The numbers of the vehicles without a vendor or a driver, from 1."""
        covered = {cover.vehicle for cover in self.vehicles}
        return [number for number in range(1, self.vehicle_count + 1) if number not in covered]

    def key(self) -> Key:
        return CHARTER.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        created = f"{ids.get_created_at(self.id):%Y-%m}"
        month, starts = f"{self.trip_date:%Y-%m}", sortable(self.starts_at)
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=created, id=self.id),
            "gsi2": BY_TRIP.key(org=self.org_id, month=month, day=self.trip_date, starts=starts, id=self.id),
            "gsi3": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
            "gsi4": BY_STATUS.key(org=self.org_id, status=self.status, month=created, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        drivers = (each for cover in self.vehicles for each in (cover.driver_id, cover.second_driver_id) if each)
        run_by = {run_by_attribute(each): True for each in (*self.vendor_ids, *drivers)}
        return {"status": str(self.status), "client_id": self.client_id, **run_by}

    def slim_copy(self) -> UncoveredTrip | None:
        vehicles = self._list_vehicles_without_driver()
        if not vehicles:
            return None
        names = ("org_id", "number", "trip_date", "timezone", "starts_at", "ends_at", "passengers")
        fields = {name: getattr(self, name) for name in names}
        pickup, dropoff = self.stops[0].address, self.stops[-1].address
        return UncoveredTrip(charter_id=self.id, pickup=pickup, dropoff=dropoff, vehicles=vehicles, **fields)

    def _list_vehicles_without_driver(self) -> list[UncoveredVehicle]:
        """List the vehicles that dispatch has to assign; none before booking, or after the trip."""
        if self.status not in RUN_STATUSES:
            return []
        covers = {cover.vehicle: cover for cover in self.vehicles}
        vehicles = (covers.get(number, VehicleCoverage(vehicle=number)) for number in range(1, self.vehicle_count + 1))
        return [
            UncoveredVehicle(number=cover.vehicle, vendor_id=cover.vendor_id)
            for cover in vehicles
            if cover.assignment_id is None
            and (cover.vendor_id is not None or self.status is not CharterStatus.COMPLETED)
        ]


def run_by_attribute(party_id: str) -> str:
    """The attribute that marks charters of a vendor or driver, since filters can only test equality."""
    return f"run_by_{party_id}"
