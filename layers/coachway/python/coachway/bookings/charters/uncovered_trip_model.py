"""Slim copies of charters for the dispatch board: their vehicles without a driver."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from coachway.core.persistence.records import SLIM_COPY, AccessPattern, Key, Record
from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import LocalTime, sortable
from coachway.core.types.personal import ERASED, Personal

UNCOVERED_TRIP = AccessPattern(
    "the slim copy of a charter: its vehicles without a driver",
    pk="ORG#{org}#CHARTER#{id}",
    sk=SLIM_COPY,
)
UNCOVERED_TRIPS = AccessPattern(
    "the trips of a day with vehicles that have no driver, earliest departure first",
    index="gsi1",
    pk="ORG#{org}#UNCOVERED_TRIPS#{day}",
    sk="{starts}#{id}",
)


class UncoveredVehicle(BaseSchema):
    """A vehicle without a driver, numbered from 1. It may have been awarded to a vendor."""

    number: int
    vendor_id: str | None = None
    vehicle_class: str | None = None
    """None in copies of an earlier release."""


class UncoveredTrip(Record):
    """A trip with vehicles that have no driver: the slim copy of its charter."""

    KIND: ClassVar[str] = "uncovered_trip"

    org_id: str
    charter_id: str
    number: str
    trip_date: date
    timezone: str
    starts_at: LocalTime
    ends_at: LocalTime
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]
    passengers: int
    vehicles: list[UncoveredVehicle]

    def key(self) -> Key:
        return UNCOVERED_TRIP.key(org=self.org_id, id=self.charter_id)

    def indexes(self) -> Mapping[str, Key]:
        starts = sortable(self.starts_at)
        return {"gsi1": UNCOVERED_TRIPS.key(org=self.org_id, day=self.trip_date, starts=starts, id=self.charter_id)}
