"""What each event says of a driver."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.contracts.ratings import VendorRated
from coachway.dispatch.performance import counters as performance_counters

ROSA, EMIL = "drv_1", "drv_2"
CREW: dict[str, Any] = {"driver_id": ROSA, "second_driver_id": None}


def added(kind: str, **said: Any) -> dict[str, Any]:
    drove = {"chr_1": [ROSA, EMIL]}
    return dict(
        performance_counters.counter_increments(kind, {**CREW, **said}, lambda charter_id: drove.get(charter_id, []))
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
def test_both_drivers_of_a_trip_are_counted(kind: str, name: str) -> None:
    assert added(kind) == {ROSA: {name: 1}}
    assert added(kind, second_driver_id=EMIL) == {ROSA: {name: 1}, EMIL: {name: 1}}


def test_a_decline_is_the_drivers_not_the_second_ones() -> None:
    assert added("assignment.declined", second_driver_id=EMIL) == {ROSA: {"declined": 1}}


@pytest.mark.parametrize(("late", "on_time"), [(0, 1), (5, 1), (6, 0)])
def test_the_first_departure_is_judged(late: int, on_time: int) -> None:
    assert added("trip.departed", stop=0, late_minutes=late) == {ROSA: {"judged_on_time": 1, "on_time": on_time}}
    assert added("trip.departed", stop=1, late_minutes=late) == {}
    assert added("trip.departed", stop=0, late_minutes=None) == {}


@pytest.mark.parametrize(("at", "on_time"), [("11:50", 1), ("12:05", 1), ("12:06", 0)])
def test_an_arrival_is_judged_by_its_plan_and_the_last_one_completes_the_trip(at: str, on_time: int) -> None:
    when: dict[str, Any] = {"stop": 1, "at": f"2027-03-03T{at}:00Z", "planned_at": "2027-03-03T12:00:00Z"}
    judged = {"judged_on_time": 1, "on_time": on_time}
    assert added("trip.arrived", is_last=False, **when) == {ROSA: judged}
    assert added("trip.arrived", is_last=True, **when) == {ROSA: {**judged, "completed": 1}}
    assert added("trip.arrived", is_last=True, **{**when, "planned_at": None}) == {ROSA: {"completed": 1}}
    assert added("trip.arrived", is_last=False, **{**when, "stop": 0}) == {}


def test_a_rating_counts_for_whoever_drove() -> None:
    said = {"charter_id": "chr_1", "overall_rating": 4.0}
    assert added("vendor.rated", **said)[EMIL] == {"ratings": 1, "rated": 8}
    assert added("vendor.rated", **said, driver_professionalism_rating=2.5)[ROSA] == {"ratings": 1, "rated": 5}
    assert added("vendor.rated", **{**said, "charter_id": "chr_2"}) == {}


def test_nothing_else_counts() -> None:
    assert added("charter.completed") == {}


def test_the_events_say_what_is_read_of_them() -> None:
    for shape, event in (
        (performance_counters.TripDepartedData, TripDeparted),
        (performance_counters.TripArrivedData, TripArrived),
        (performance_counters.VendorRatedData, VendorRated),
    ):
        assert set(shape.model_fields) <= set(event.model_fields)
