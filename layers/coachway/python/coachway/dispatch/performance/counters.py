"""What each event adds to a driver's counters. Pure, so that the consumer and a rebuild count alike."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from coachway.contracts.dispatch.assignments import (
    AssignmentAccepted,
    AssignmentDeclined,
    AssignmentEvent,
    AssignmentOffered,
    AssignmentReleased,
    TripArrived,
    TripDeparted,
    TripHoursExceeded,
    TripLateRisk,
)
from coachway.contracts.ratings import VendorRated
from coachway.core.event_counters import Numbers

PUNCTUAL: Final = timedelta(minutes=5)
"""How long after the planned time an arrival or departure still counts as on time."""

DriversOfCharter = Callable[[str], Sequence[str]]
"""Returns the ids of the drivers who completed a charter's trips."""
EventData = Mapping[str, Any]
_Counter = Callable[[EventData, DriversOfCharter], Mapping[str, Numbers]]


def _crew(event: AssignmentEvent) -> list[str]:
    return [event.driver_id, *([event.second_driver_id] if event.second_driver_id else [])]


def _count_one(event_class: type[AssignmentEvent], name: str) -> _Counter:
    return lambda data, _: {driver_id: {name: 1} for driver_id in _crew(event_class.from_data(data))}


def _count_declined(data: EventData, _: DriversOfCharter) -> Mapping[str, Numbers]:
    return {AssignmentDeclined.from_data(data).driver_id: {"declined": 1}}


def _count_departure(data: EventData, _: DriversOfCharter) -> Mapping[str, Numbers]:
    event = TripDeparted.from_data(data)
    if event.stop != 0 or event.late_minutes is None:
        return {}
    return {driver_id: _punctuality(timedelta(minutes=event.late_minutes)) for driver_id in _crew(event)}


def _count_arrival(data: EventData, _: DriversOfCharter) -> Mapping[str, Numbers]:
    event = TripArrived.from_data(data)
    # Punctuality at the first stop is measured by its departure.
    numbers = _punctuality(event.at - event.planned_at) if event.stop and event.planned_at is not None else {}
    if event.is_last:
        numbers = {**numbers, "completed": 1}
    return dict.fromkeys(_crew(event), numbers) if numbers else {}


def _punctuality(late: timedelta) -> dict[str, int]:
    return {"judged_on_time": 1, "on_time": int(late <= PUNCTUAL)}


def _count_rating(data: EventData, list_drivers_of_charter: DriversOfCharter) -> Mapping[str, Numbers]:
    event = VendorRated.from_data(data)
    rating = (
        event.overall_rating if event.driver_professionalism_rating is None else event.driver_professionalism_rating
    )
    return {
        driver_id: {"ratings": 1, "rated": round(rating * 2)} for driver_id in list_drivers_of_charter(event.charter_id)
    }


COUNTERS: Final[Mapping[str, _Counter]] = {
    AssignmentOffered.TYPE: _count_one(AssignmentOffered, "offered"),
    AssignmentAccepted.TYPE: _count_one(AssignmentAccepted, "accepted"),
    AssignmentDeclined.TYPE: _count_declined,
    AssignmentReleased.TYPE: _count_one(AssignmentReleased, "released"),
    TripDeparted.TYPE: _count_departure,
    TripArrived.TYPE: _count_arrival,
    TripLateRisk.TYPE: _count_one(TripLateRisk, "late_risks"),
    TripHoursExceeded.TYPE: _count_one(TripHoursExceeded, "hours_exceeded"),
    VendorRated.TYPE: _count_rating,
}
"""By event type. The queue receives these events and no others."""


def counter_increments(
    event_type: str, data: EventData, list_drivers_of_charter: DriversOfCharter
) -> Mapping[str, Numbers]:
    """Return what an event adds to the counters, by driver."""
    counter = COUNTERS.get(event_type)
    return counter(data, list_drivers_of_charter) if counter else {}
