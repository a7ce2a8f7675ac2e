from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.tracking.geofence import StopEvent, StopEventKind
from coachway.dispatch.tracking.trip_progress import ProgressStep, apply_stop_events_to_assignment
from tests.unit.dispatch.builders import trip
from tests.unit.dispatch.test_lateness import NINE, assignment, minutes

ARRIVED, DEPARTED = StopEventKind.ARRIVED, StopEventKind.DEPARTED
FREE = timedelta(minutes=15)
WHOLE = [
    StopEvent(0, ARRIVED, NINE - minutes(10)),
    StopEvent(0, DEPARTED, NINE + minutes(20)),
    StopEvent(1, ARRIVED, NINE + minutes(60)),
    StopEvent(1, DEPARTED, NINE + minutes(140)),
    StopEvent(2, ARRIVED, NINE + minutes(200)),
]


def checked_in() -> Assignment:
    return assignment("checked_in", stops=trip("long-stop"))


def through(before: Assignment, stop_events: list[StopEvent]) -> list[ProgressStep]:
    steps = []
    while (step := apply_stop_events_to_assignment(before, stop_events, FREE)).is_changed:
        steps.append(step)
        before = step.after
        assert len(steps) < 20
    return steps


def test_a_trip_begins_and_ends_in_two_steps() -> None:
    one, two = through(checked_in(), WHOLE)
    assert (one.starts_trip, one.ends_trip, one.after.status) == (True, False, "in_progress")
    assert (two.starts_trip, two.ends_trip, two.after.status) == (False, True, "completed")
    kinds = [type(each) for step in (one, two) for each in step.events]
    assert kinds == [TripArrived, TripDeparted, TripArrived, TripDeparted, TripArrived]


def test_arriving_at_the_first_stop_begins_nothing() -> None:
    [step] = through(checked_in(), WHOLE[:1])
    assert (step.starts_trip, step.after.status) == (False, "checked_in")


def test_a_trip_that_is_seen_at_a_later_stop_has_begun() -> None:
    [step] = through(checked_in(), WHOLE[2:3])
    assert (step.starts_trip, step.after.status, step.after.stops[0].departed_at) == (True, "in_progress", None)


def test_what_was_told_only_becomes_earlier_and_is_not_told_again() -> None:
    before = through(checked_in(), WHOLE)[-1].after
    assert through(before, [StopEvent(0, DEPARTED, NINE + minutes(25))]) == []
    [step] = through(before, [StopEvent(0, DEPARTED, NINE + minutes(15))])
    assert (step.events, step.after.stops[0].departed_at) == ([], NINE + minutes(15))
    assert step.after.stops[0].dwell_minutes == 25


def test_a_departure_says_how_late_it_was_and_what_the_wait_costs() -> None:
    [step] = through(checked_in(), WHOLE[:2])
    left = step.events[1]
    assert isinstance(left, TripDeparted)
    assert (left.late_minutes, left.dwell_minutes, left.billable_minutes) == (0, 30, 0)
    assert left.planned_at == datetime(2027, 3, 5, 13, 15, tzinfo=UTC)


def test_who_comes_to_a_stop_in_time_is_not_late_any_more() -> None:
    before = checked_in()
    before.late_minutes = 35
    in_time, late = NINE + timedelta(days=2, minutes=29), NINE + timedelta(days=2, minutes=30)
    assert before.stops[1].arrival == late - minutes(15)
    [step] = through(before, [StopEvent(1, ARRIVED, in_time)])
    assert step.after.late_minutes is None
    [step] = through(before, [StopEvent(1, ARRIVED, late)])
    assert step.after.late_minutes == 35


@given(st.lists(st.sampled_from(WHOLE), max_size=8))
def test_no_order_of_passages_tells_one_twice(stop_events: list[StopEvent]) -> None:
    steps = through(checked_in(), stop_events)
    told = [(type(each), each.stop) for s in steps for each in s.events if isinstance(each, TripArrived | TripDeparted)]
    assert len(told) == len(set(told))
    assert sum(step.starts_trip for step in steps) <= 1
    assert sum(step.ends_trip for step in steps) <= 1
    assert not any(step.starts_trip and step.ends_trip for step in steps)
