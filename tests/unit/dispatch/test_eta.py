from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.model import StopType
from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.rules import MILES_PER_HOUR
from coachway.dispatch.tracking import eta
from coachway.dispatch.tracking.geofence import Progress, follow_fixes
from coachway.dispatch.tracking.position_encoding import round_fix
from tests.tracks import generate, read_track
from tests.unit.dispatch.builders import stop, trip

NOON = datetime(2027, 3, 3, 17, tzinfo=UTC)
FREE = timedelta(minutes=15)


def test_the_way_left_times_the_road_factor_at_the_recent_pace() -> None:
    here = Coordinates(40.0, -74.0)
    progress = Progress(stop=1, latitude=here.latitude, longitude=here.longitude, seen_at=NOON)
    stops = [stop(generate.NEWARK), stop((40.5, -74.0))]
    miles = miles_between(here, Coordinates(40.5, -74.0)) * 1.3
    assert eta.estimate_arrivals(progress, stops, NOON, 60.0) == [None, NOON + timedelta(hours=miles / 60)]
    slow = timedelta(minutes=10) + timedelta(hours=(miles - 5) / 50)
    assert eta.estimate_arrivals(progress, stops, NOON, 30.0) == [None, NOON + slow]


def test_later_stops_follow_the_plan_and_are_not_left_before_it() -> None:
    progress = Progress(stop=0, there=True, latitude=40.7074, longitude=-74.0113, seen_at=NOON)
    stops = [
        stop(generate.WALL_STREET, departure="2027-03-03T12:30-05:00"),
        stop(generate.PRINCETON, arrival="2027-03-03T14:00-05:00", departure="2027-03-03T15:00-05:00"),
        stop(generate.PHILADELPHIA, arrival="2027-03-03T16:00-05:00"),
    ]
    on_time = eta.estimate_arrivals(progress, stops, NOON, 45.0)
    assert on_time == [None, stops[1].arrival, stops[2].arrival]
    late = eta.estimate_arrivals(progress, stops, NOON + timedelta(hours=2, minutes=45), 45.0)
    assert late[1] == NOON + timedelta(hours=4, minutes=15)
    assert late[2] == NOON + timedelta(hours=5, minutes=15)
    assert eta.find_lateness(stops, late) == (1, 135)


def test_nobody_can_tell_where_places_are_not_known() -> None:
    stops = [stop(generate.NEWARK), stop(None), stop(generate.PRINCETON)]
    assert eta.estimate_arrivals(Progress(stop=1), stops, NOON, 50.0) == [None, None, None]
    assert eta.find_lateness(stops, [None, None, None]) is None


def test_an_over_trip_expects_nothing() -> None:
    stops = [stop(generate.NEWARK), stop(generate.PRINCETON)]
    assert eta.estimate_arrivals(Progress(stop=2), stops, NOON, 50.0) == [None, None]
    assert eta.estimate_arrivals(Progress(stop=1, there=True), stops, NOON, 50.0) == [None, None]


def test_the_pace_is_that_of_the_road_and_neither_never_nor_soon() -> None:
    track = read_track("to-the-shore")
    driving = [fix for fix in track if fix.at < datetime(2027, 3, 3, 14, 20, tzinfo=UTC)]
    assert 50 < eta.average_speed(driving) < 55
    assert eta.average_speed(track[:1]) == eta.average_speed([]) == MILES_PER_HOUR
    assert (
        eta.average_speed([round_fix(NOON + timedelta(seconds=n), 40.0, -74.0) for n in range(0, 600, 10)])
        == eta.SLOWEST_MPH
    )


def test_on_the_recorded_drive_the_expectation_comes_true() -> None:
    """From two hours before: within a quarter of an hour, but for the jam, whose end nobody foresees."""
    stops, track = trip("to-the-shore"), read_track("to-the-shore")
    arrived = datetime(2027, 3, 3, 16, 4, 30, tzinfo=UTC)
    for minutes in range(5, 125, 5):
        seen = [fix for fix in track if fix.at <= arrived - timedelta(minutes=minutes)]
        followed = follow_fixes(Progress(), seen, stops)
        (expected,) = eta.estimate_arrivals(followed.progress, stops, seen[-1].at, eta.average_speed(followed.counted))[
            1:
        ]
        assert expected is not None
        wrong = timedelta(minutes=30 if 60 <= minutes <= 80 else 15)
        assert abs(expected - arrived) < wrong, f"{minutes} minutes before"


@given(st.integers(0, 104))
def test_each_quarter_of_an_hour_is_a_step(minutes: int) -> None:
    assert (eta.late_step(minutes) > 0) == (minutes >= 15)
    assert eta.late_step(minutes + 15) == eta.late_step(minutes) + 1


@pytest.mark.parametrize(
    ("came", "left", "minutes", "billed"),
    [
        ("08:30", "09:00", 30, 0),  # early: on its own account
        ("08:30", "09:15", 45, 0),  # the free wait
        ("08:30", "09:16", 46, 1),
        ("09:20", "09:35", 15, 0),  # it came late: the client's wait begins then
        ("09:20", "09:40", 20, 5),
    ],
)
def test_waiting_beyond_the_plan_and_the_free_wait_is_billed(came: str, left: str, minutes: int, billed: int) -> None:
    pickup = stop(generate.NEWARK, departure="2027-03-03T09:00-05:00")
    pickup.arrived_at = datetime.fromisoformat(f"2027-03-03T{came}-05:00")
    stops = [pickup, stop(generate.PRINCETON, arrival="2027-03-03T11:00-05:00")]
    assert eta.dwell_minutes(stops, 0, FREE) is None
    pickup.departed_at = datetime.fromisoformat(f"2027-03-03T{left}-05:00")
    assert eta.dwell_minutes(stops, 0, FREE) == (minutes, billed)


@pytest.mark.parametrize(
    ("left", "billed"),
    [
        ("2027-03-04T08:50", 0),  # it stayed for the night, as planned
        ("2027-03-04T09:15", 0),
        ("2027-03-04T09:45", 30),
        ("2027-03-03T20:00", 105),  # it did not stay, but was kept waiting before it left
    ],
)
def test_a_night_that_was_planned_is_not_billed_as_waiting(left: str, billed: int) -> None:
    hotel = {"stop_type": StopType.DROPOFF, "arrival": "2027-03-03T18:00-05:00"}
    stops = [
        stop(generate.NEWARK, **hotel, arrived_at=datetime.fromisoformat("2027-03-03T18:00-05:00")),
        stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-04T09:00-05:00"),
    ]
    stops[0].departed_at = datetime.fromisoformat(f"{left}-05:00")
    found = eta.dwell_minutes(stops, 0, FREE)
    assert found is not None
    assert found[1] == billed


def test_a_round_trip_that_is_kept_waiting_is_billed_although_it_ends_where_it_began() -> None:
    came = datetime.fromisoformat("2027-03-03T08:50-05:00")
    stops = [
        stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-03T09:00-05:00", arrived_at=came),
        stop(generate.NEWARK, stop_type=StopType.DROPOFF, arrival="2027-03-03T10:00-05:00"),
    ]
    stops[0].departed_at = came + timedelta(minutes=70)
    assert eta.dwell_minutes(stops, 0, FREE) == (70, 45)
