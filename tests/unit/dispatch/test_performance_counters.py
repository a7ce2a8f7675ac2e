"""What each event adds to a driver's counters."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.contracts.ratings import VendorRated
from coachway.dispatch.performance import counters as performance_counters

ROSA, EMIL = "drv_1", "drv_2"
CREW: dict[str, Any] = {"driver_id": ROSA, "second_driver_id": None}


def count_event(kind: str, **data: Any) -> dict[str, Any]:
    drivers_by_charter = {"chr_1": [ROSA, EMIL]}
    return dict(
        performance_counters.counter_increments(
            kind, {**CREW, **data}, lambda charter_id: drivers_by_charter.get(charter_id, [])
        )
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("assignment.offered", "offered"),
        ("assignment.accepted", "accepted"),
        ("assignment.released", "released"),
        ("trip.late_risk", "late_risks"),
        ("trip.hours_exceeded", "hours_exceeded"),
    ],
)
def test_counter_increments_counts_both_drivers(kind: str, name: str) -> None:
    assert count_event(kind) == {ROSA: {name: 1}}
    assert count_event(kind, second_driver_id=EMIL) == {ROSA: {name: 1}, EMIL: {name: 1}}


def test_counter_increments_of_a_decline_counts_only_the_first_driver() -> None:
    assert count_event("assignment.declined", second_driver_id=EMIL) == {ROSA: {"declined": 1}}


@pytest.mark.parametrize(("late", "on_time"), [(0, 1), (5, 1), (6, 0)])
def test_counter_increments_of_the_first_departure_counts_punctuality(late: int, on_time: int) -> None:
    assert count_event("trip.departed", stop=0, late_minutes=late) == {ROSA: {"judged_on_time": 1, "on_time": on_time}}
    assert count_event("trip.departed", stop=1, late_minutes=late) == {}
    assert count_event("trip.departed", stop=0, late_minutes=None) == {}


@pytest.mark.parametrize(("at", "on_time"), [("11:50", 1), ("12:05", 1), ("12:06", 0)])
def test_counter_increments_of_an_arrival_counts_punctuality_and_completion(at: str, on_time: int) -> None:
    data: dict[str, Any] = {"stop": 1, "at": f"2027-03-03T{at}:00Z", "planned_at": "2027-03-03T12:00:00Z"}
    punctuality = {"judged_on_time": 1, "on_time": on_time}
    assert count_event("trip.arrived", is_last=False, **data) == {ROSA: punctuality}
    assert count_event("trip.arrived", is_last=True, **data) == {ROSA: {**punctuality, "completed": 1}}
    assert count_event("trip.arrived", is_last=True, **{**data, "planned_at": None}) == {ROSA: {"completed": 1}}
    assert count_event("trip.arrived", is_last=False, **{**data, "stop": 0}) == {}


def test_counter_increments_of_a_rating_counts_for_the_drivers_of_the_charter() -> None:
    data = {"charter_id": "chr_1", "overall_rating": 4.0}
    assert count_event("vendor.rated", **data)[EMIL] == {"ratings": 1, "rated": 8}
    assert count_event("vendor.rated", **data, driver_professionalism_rating=2.5)[ROSA] == {"ratings": 1, "rated": 5}
    assert count_event("vendor.rated", **{**data, "charter_id": "chr_2"}) == {}


def test_counter_increments_of_another_event_returns_nothing() -> None:
    assert count_event("charter.completed") == {}


def test_event_data_schemas_use_fields_of_the_events() -> None:
    for schema, event in (
        (performance_counters.TripDepartedData, TripDeparted),
        (performance_counters.TripArrivedData, TripArrived),
        (performance_counters.VendorRatedData, VendorRated),
    ):
        assert set(schema.model_fields) <= set(event.model_fields)
