"""What each event adds to a vendor's plain numbers. Pure: the consumer and a rebuild count alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ConfigDict, Field

from coachway.core.projections import Numbers
from coachway.core.schemas import BaseSchema
from coachway.vendors.rules import ON_TIME, PUNCTUAL

CATEGORIES: Final = (
    "overall",
    "vehicle_condition",
    "driver_professionalism",
    "on_time_performance",
    "communication",
    "value_for_money",
)
"""What is rated, each from 1 to 5 in halves."""


class OfVendor(BaseSchema):
    """As much of an event as says whose it is. The classes stand on higher floors; a test compares the fields."""

    model_config = ConfigDict(extra="ignore")

    vendor_id: str


class Rated(OfVendor):
    """What `vendor.rated` says."""

    overall_rating: float
    vehicle_condition_rating: float | None = None
    driver_professionalism_rating: float | None = None
    on_time_performance_rating: float | None = None
    communication_rating: float | None = None
    value_for_money_rating: float | None = None


class Completed(BaseSchema):
    """What `charter.completed` says of those who ran it."""

    model_config = ConfigDict(extra="ignore")

    vendor_ids: list[str] = Field(default_factory=list)


class Departed(BaseSchema):
    """What `trip.departed` says: `stop` counts from 0."""

    model_config = ConfigDict(extra="ignore")

    vendor_id: str | None = None
    """Of whom the driver is; none where it is the organization's own."""
    stop: int
    late_minutes: int | None = None


class Arrived(BaseSchema):
    """What `trip.arrived` says."""

    model_config = ConfigDict(extra="ignore")

    vendor_id: str | None = None
    stop: int
    at: datetime
    planned_at: datetime | None = None


def _count_event(name: str) -> Callable[[str], Mapping[str, Numbers]]:
    return lambda payload: {OfVendor.model_validate_json(payload).vendor_id: {name: 1}}


def _count_rating(text: str) -> Mapping[str, Numbers]:
    payload = Rated.model_validate_json(text)
    numbers = {"ratings": 1}
    for category in CATEGORIES:
        value = getattr(payload, f"{category}_rating")
        if value is not None:
            numbers |= {category: round(value * 2), f"rated_{category}": 1}
    if payload.on_time_performance_rating is not None:
        numbers |= {"judged_on_time": 1, "on_time": int(payload.on_time_performance_rating >= ON_TIME)}
    return {payload.vendor_id: numbers}


def _count_completed(text: str) -> Mapping[str, Numbers]:
    return {vendor_id: {"completed": 1} for vendor_id in Completed.model_validate_json(text).vendor_ids}


def _count_departure(text: str) -> Mapping[str, Numbers]:
    payload = Departed.model_validate_json(text)
    if payload.vendor_id is None or payload.stop != 0 or payload.late_minutes is None:
        return {}
    return _count_stop(payload.vendor_id, timedelta(minutes=payload.late_minutes))


def _count_arrival(text: str) -> Mapping[str, Numbers]:
    payload = Arrived.model_validate_json(text)
    # The first stop is judged by its departure: who waits there early has not been late.
    if payload.vendor_id is None or payload.stop == 0 or payload.planned_at is None:
        return {}
    return _count_stop(payload.vendor_id, payload.at - payload.planned_at)


def _count_stop(vendor_id: str, late: timedelta) -> Mapping[str, Numbers]:
    return {vendor_id: {"stops_judged": 1, "stops_on_time": int(late <= PUNCTUAL)}}


COUNTED: Final[Mapping[str, Callable[[str], Mapping[str, Numbers]]]] = {
    "bid.submitted": _count_event("submitted"),
    "bid.accepted": _count_event("won"),
    "bid.rejected": _count_event("lost"),
    "charter.completed": _count_completed,
    "trip.arrived": _count_arrival,
    "trip.departed": _count_departure,
    "vendor.rated": _count_rating,
}
"""By event type. The queue receives these events and no others."""


def counter_increments(event_type: str, data: Mapping[str, Any]) -> Mapping[str, Numbers]:
    """What an event adds, by vendor; empty for one that does not count."""
    read = COUNTED.get(event_type)
    return read(json.dumps(data)) if read else {}
