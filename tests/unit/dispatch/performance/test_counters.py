"""What each event adds to a driver's counters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.dispatch.assignments import (
    AssignmentAccepted,
    AssignmentDeclined,
    AssignmentEvent,
    AssignmentOffered,
    AssignmentReleased,
    TripHoursExceeded,
    TripLateRisk,
)
from coachway.core.persistence.domain_events import Event
from coachway.dispatch.performance import counters as performance_counters
from tests.event_builders import (
    PLANNED_AT,
    build_assignment_event,
    build_charter_completed,
    build_trip_arrived,
    build_trip_departed,
    build_vendor_rated,
    event_data,
)

ROSA, EMIL = "drv_1", "drv_2"


def count_event(event: Event) -> dict[str, Any]:
    drivers_by_charter = {"chr_1": [ROSA, EMIL]}
    return dict(
        performance_counters.counter_increments(
            event.TYPE, event_data(event), lambda charter_id: drivers_by_charter.get(charter_id, [])
        )
    )


@pytest.mark.parametrize(
    ("event_class", "fields", "name"),
    [
        (AssignmentOffered, {"chosen_by": "score"}, "offered"),
        (AssignmentAccepted, {}, "accepted"),
        (AssignmentReleased, {"reason": ""}, "released"),
        (
            TripLateRisk,
            {"minutes": 15, "stop": 1, "address": "A", "planned_at": PLANNED_AT, "expected_at": None},
            "late_risks",
        ),
        (TripHoursExceeded, {"since": PLANNED_AT}, "hours_exceeded"),
    ],
)
def test_counter_increments_counts_both_drivers(
    event_class: type[AssignmentEvent], fields: dict[str, Any], name: str
) -> None:
    assert count_event(build_assignment_event(event_class, **fields)) == {ROSA: {name: 1}}
    both = build_assignment_event(event_class, second_driver_id=EMIL, **fields)
    assert count_event(both) == {ROSA: {name: 1}, EMIL: {name: 1}}


def test_counter_increments_of_a_decline_counts_only_the_first_driver() -> None:
    event = build_assignment_event(AssignmentDeclined, second_driver_id=EMIL, reason="")
    assert count_event(event) == {ROSA: {"declined": 1}}


@pytest.mark.parametrize(("late", "on_time"), [(0, 1), (5, 1), (6, 0)])
def test_counter_increments_of_the_first_departure_counts_punctuality(late: int, on_time: int) -> None:
    assert count_event(build_trip_departed(late_minutes=late)) == {ROSA: {"judged_on_time": 1, "on_time": on_time}}
    assert count_event(build_trip_departed(late_minutes=late, stop=1)) == {}
    assert count_event(build_trip_departed(late_minutes=None)) == {}


@pytest.mark.parametrize(("late_minutes", "on_time"), [(-10, 1), (5, 1), (6, 0)])
def test_counter_increments_of_an_arrival_counts_punctuality_and_completion(late_minutes: int, on_time: int) -> None:
    late = timedelta(minutes=late_minutes)
    punctuality = {"judged_on_time": 1, "on_time": on_time}
    assert count_event(build_trip_arrived(late=late)) == {ROSA: punctuality}
    assert count_event(build_trip_arrived(late=late, is_last=True)) == {ROSA: {**punctuality, "completed": 1}}
    assert count_event(build_trip_arrived(late=late, is_last=True, planned_at=None)) == {ROSA: {"completed": 1}}
    assert count_event(build_trip_arrived(late=late, stop=0)) == {}


def test_counter_increments_of_a_rating_counts_for_the_drivers_of_the_charter() -> None:
    assert count_event(build_vendor_rated("ven_1", 4.0))[EMIL] == {"ratings": 1, "rated": 8}
    rated_driver = build_vendor_rated("ven_1", 4.0, driver_professionalism_rating=2.5)
    assert count_event(rated_driver)[ROSA] == {"ratings": 1, "rated": 5}
    assert count_event(build_vendor_rated("ven_1", 4.0, charter_id="chr_2")) == {}


def test_counter_increments_of_another_event_returns_nothing() -> None:
    assert count_event(build_charter_completed("ven_1")) == {}
