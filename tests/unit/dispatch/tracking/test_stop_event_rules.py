from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.tracking.geofence import StopEvent, StopEventKind
from coachway.dispatch.tracking.stop_event_rules import ProgressStep, apply_reported_events
from tests.unit.dispatch.builders import PICKUP_AT, create_assignment, minutes, planned_stops

ARRIVED, DEPARTED = StopEventKind.ARRIVED, StopEventKind.DEPARTED
FREE_WAIT = timedelta(minutes=15)
ALL_EVENTS = [
    StopEvent(0, ARRIVED, PICKUP_AT - minutes(10)),
    StopEvent(0, DEPARTED, PICKUP_AT + minutes(20)),
    StopEvent(1, ARRIVED, PICKUP_AT + minutes(60)),
    StopEvent(1, DEPARTED, PICKUP_AT + minutes(140)),
    StopEvent(2, ARRIVED, PICKUP_AT + minutes(200)),
]


def create_checked_in_assignment() -> Assignment:
    return create_assignment("checked_in", stops=planned_stops("long-stop"))


def apply_all(before: Assignment, stop_events: list[StopEvent]) -> list[ProgressStep]:
    steps = []
    while (step := apply_reported_events(before, stop_events, FREE_WAIT)).is_changed:
        steps.append(step)
        before = step.after
        assert len(steps) < 20
    return steps


def test_apply_stop_events_of_a_whole_trip_takes_two_steps() -> None:
    first, second = apply_all(create_checked_in_assignment(), ALL_EVENTS)
    assert (first.starts_trip, first.ends_trip, first.after.status) == (True, False, "in_progress")
    assert (second.starts_trip, second.ends_trip, second.after.status) == (False, True, "completed")
    kinds = [type(event) for step in (first, second) for event in step.events]
    assert kinds == [TripArrived, TripDeparted, TripArrived, TripDeparted, TripArrived]


def test_apply_stop_events_arrival_at_the_first_stop_does_not_start_the_trip() -> None:
    [step] = apply_all(create_checked_in_assignment(), ALL_EVENTS[:1])
    assert (step.starts_trip, step.after.status) == (False, "checked_in")


def test_apply_stop_events_at_a_later_stop_starts_the_trip() -> None:
    [step] = apply_all(create_checked_in_assignment(), ALL_EVENTS[2:3])
    assert (step.starts_trip, step.after.status, step.after.stops[0].departed_at) == (True, "in_progress", None)


def test_apply_stop_events_only_moves_recorded_times_earlier() -> None:
    before = apply_all(create_checked_in_assignment(), ALL_EVENTS)[-1].after
    assert apply_all(before, [StopEvent(0, DEPARTED, PICKUP_AT + minutes(25))]) == []
    [step] = apply_all(before, [StopEvent(0, DEPARTED, PICKUP_AT + minutes(15))])
    assert (step.events, step.after.stops[0].departed_at) == ([], PICKUP_AT + minutes(15))
    assert step.after.stops[0].dwell_minutes == 25


def test_apply_stop_events_departure_has_delay_and_dwell_time() -> None:
    [step] = apply_all(create_checked_in_assignment(), ALL_EVENTS[:2])
    departure = step.events[1]
    assert isinstance(departure, TripDeparted)
    assert (departure.late_minutes, departure.dwell_minutes, departure.billable_minutes) == (0, 30, 0)
    assert departure.planned_at == datetime(2027, 3, 5, 13, 15, tzinfo=UTC)


def test_apply_stop_events_on_time_arrival_clears_the_delay() -> None:
    before = create_checked_in_assignment()
    before.late_minutes = 35
    on_time, late = PICKUP_AT + timedelta(days=2, minutes=29), PICKUP_AT + timedelta(days=2, minutes=30)
    assert before.stops[1].arrival == late - minutes(15)
    [step] = apply_all(before, [StopEvent(1, ARRIVED, on_time)])
    assert step.after.late_minutes is None
    [step] = apply_all(before, [StopEvent(1, ARRIVED, late)])
    assert step.after.late_minutes == 35


@given(st.lists(st.sampled_from(ALL_EVENTS), max_size=8))
def test_apply_stop_events_in_any_order_publishes_each_event_once(stop_events: list[StopEvent]) -> None:
    steps = apply_all(create_checked_in_assignment(), stop_events)
    published = [
        (type(each), each.stop) for s in steps for each in s.events if isinstance(each, TripArrived | TripDeparted)
    ]
    assert len(published) == len(set(published))
    assert sum(step.starts_trip for step in steps) <= 1
    assert sum(step.ends_trip for step in steps) <= 1
    assert not any(step.starts_trip and step.ends_trip for step in steps)
