"""What each event adds to a driver's counters. Pure, so that the consumer and a rebuild count alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ConfigDict

from coachway.core.schemas import BaseSchema

Numbers = Mapping[str, int]

PUNCTUAL: Final = timedelta(minutes=5)
"""How long after the planned time an arrival or departure still counts as on time."""


class CrewData(BaseSchema):
    """The drivers in the data of an assignment's event."""

    model_config = ConfigDict(extra="ignore")

    driver_id: str
    second_driver_id: str | None = None

    @property
    def crew(self) -> list[str]:
        """The ids of the drivers."""
        return [self.driver_id, *([self.second_driver_id] if self.second_driver_id else [])]


class TripDepartedData(CrewData):
    """Data of `trip.departed`."""

    stop: int
    late_minutes: int | None = None


class TripArrivedData(CrewData):
    """Data of `trip.arrived`."""

    stop: int
    at: datetime
    planned_at: datetime | None = None
    is_last: bool


class VendorRatedData(BaseSchema):
    """Data of `vendor.rated` about the drivers."""

    model_config = ConfigDict(extra="ignore")

    charter_id: str
    overall_rating: float
    driver_professionalism_rating: float | None = None


DriversOfCharter = Callable[[str], Sequence[str]]
"""Returns the ids of the drivers who completed a charter's trips."""
_Counter = Callable[[str, DriversOfCharter], Mapping[str, Numbers]]


def _count_one(name: str) -> _Counter:
    return lambda data, _: {driver_id: {name: 1} for driver_id in CrewData.model_validate_json(data).crew}


def _count_declined(data: str, _: DriversOfCharter) -> Mapping[str, Numbers]:
    return {CrewData.model_validate_json(data).driver_id: {"declined": 1}}


def _count_departure(text: str, _: DriversOfCharter) -> Mapping[str, Numbers]:
    data = TripDepartedData.model_validate_json(text)
    if data.stop != 0 or data.late_minutes is None:
        return {}
    return {driver_id: _punctuality(timedelta(minutes=data.late_minutes)) for driver_id in data.crew}


def _count_arrival(text: str, _: DriversOfCharter) -> Mapping[str, Numbers]:
    data = TripArrivedData.model_validate_json(text)
    # Punctuality at the first stop is measured by its departure.
    numbers = _punctuality(data.at - data.planned_at) if data.stop and data.planned_at is not None else {}
    if data.is_last:
        numbers = {**numbers, "completed": 1}
    return dict.fromkeys(data.crew, numbers) if numbers else {}


def _punctuality(late: timedelta) -> dict[str, int]:
    return {"judged_on_time": 1, "on_time": int(late <= PUNCTUAL)}


def _count_rating(text: str, drivers_of_charter: DriversOfCharter) -> Mapping[str, Numbers]:
    data = VendorRatedData.model_validate_json(text)
    rating = data.overall_rating if data.driver_professionalism_rating is None else data.driver_professionalism_rating
    return {driver_id: {"ratings": 1, "rated": round(rating * 2)} for driver_id in drivers_of_charter(data.charter_id)}


COUNTERS: Final[Mapping[str, _Counter]] = {
    "assignment.offered": _count_one("offered"),
    "assignment.accepted": _count_one("accepted"),
    "assignment.declined": _count_declined,
    "assignment.released": _count_one("released"),
    "trip.departed": _count_departure,
    "trip.arrived": _count_arrival,
    "trip.late_risk": _count_one("late_risks"),
    "trip.hours_exceeded": _count_one("hours_exceeded"),
    "vendor.rated": _count_rating,
}
"""By event type. The queue receives these events and no others."""


def counter_increments(
    event_type: str, data: Mapping[str, Any], drivers_of_charter: DriversOfCharter
) -> Mapping[str, Numbers]:
    """Return what an event adds to the counters, by driver."""
    counter = COUNTERS.get(event_type)
    return counter(json.dumps(data), drivers_of_charter) if counter else {}
