"""What each event adds to a driver's plain numbers. Pure: the consumer and a rebuild count alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ConfigDict

from coachway.core.schemas import BaseSchema

Numbers = Mapping[str, int]

PUNCTUAL: Final = timedelta(minutes=5)
"""A driver who comes or leaves no later than so much after the plan is on time."""


class OfCrew(BaseSchema):
    """As much of an event as says whose assignment it is."""

    model_config = ConfigDict(extra="ignore")

    driver_id: str
    second_driver_id: str | None = None

    @property
    def crew(self) -> list[str]:
        """The ids of the drivers."""
        return [self.driver_id, *([self.second_driver_id] if self.second_driver_id else [])]


class Departed(OfCrew):
    """What `trip.departed` says."""

    stop: int
    late_minutes: int | None = None


class Arrived(OfCrew):
    """What `trip.arrived` says."""

    stop: int
    at: datetime
    planned_at: datetime | None = None
    is_last: bool


class Rated(BaseSchema):
    """What `vendor.rated` says of those who drove."""

    model_config = ConfigDict(extra="ignore")

    charter_id: str
    overall_rating: float
    driver_professionalism_rating: float | None = None


Drove = Callable[[str], Sequence[str]]
"""The ids of the drivers who ran a charter, by its id."""
_Read = Callable[[str, Drove], Mapping[str, Numbers]]


def _one_more(name: str) -> _Read:
    return lambda said, _: {each: {name: 1} for each in OfCrew.model_validate_json(said).crew}


def _declined(said: str, _: Drove) -> Mapping[str, Numbers]:
    return {OfCrew.model_validate_json(said).driver_id: {"declined": 1}}


def _departed(text: str, _: Drove) -> Mapping[str, Numbers]:
    said = Departed.model_validate_json(text)
    if said.stop != 0 or said.late_minutes is None:
        return {}
    return {each: _judged(timedelta(minutes=said.late_minutes)) for each in said.crew}


def _arrived(text: str, _: Drove) -> Mapping[str, Numbers]:
    said = Arrived.model_validate_json(text)
    # The first stop is judged by its departure.
    numbers = _judged(said.at - said.planned_at) if said.stop and said.planned_at is not None else {}
    if said.is_last:
        numbers = {**numbers, "completed": 1}
    return dict.fromkeys(said.crew, numbers) if numbers else {}


def _judged(late: timedelta) -> dict[str, int]:
    return {"judged_on_time": 1, "on_time": int(late <= PUNCTUAL)}


def _rated(text: str, drove: Drove) -> Mapping[str, Numbers]:
    said = Rated.model_validate_json(text)
    rating = said.overall_rating if said.driver_professionalism_rating is None else said.driver_professionalism_rating
    return {each: {"ratings": 1, "rated": round(rating * 2)} for each in drove(said.charter_id)}


COUNTED: Final[Mapping[str, _Read]] = {
    "assignment.offered": _one_more("offered"),
    "assignment.accepted": _one_more("accepted"),
    "assignment.declined": _declined,
    "assignment.released": _one_more("released"),
    "trip.departed": _departed,
    "trip.arrived": _arrived,
    "trip.late_risk": _one_more("late_risks"),
    "trip.hours_exceeded": _one_more("hours_exceeded"),
    "vendor.rated": _rated,
}
"""By the event's type; `template.yaml` lets just these reach the queue."""


def counter_increments(event_type: str, data: Mapping[str, Any], drove: Drove) -> Mapping[str, Numbers]:
    """What an event adds, by driver; empty for one that does not count."""
    read = COUNTED.get(event_type)
    return read(json.dumps(data), drove) if read else {}
