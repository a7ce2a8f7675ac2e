from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.trip_model import StopType
from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.assignments.rules import MILES_PER_HOUR
from coachway.dispatch.tracking import eta
from coachway.dispatch.tracking.geofence import Progress, follow_positions
from coachway.dispatch.tracking.position_encoding import round_position
from tests.tracks import generate, read_track
from tests.unit.dispatch.builders import create_stop, planned_stops

NOON = datetime(2027, 3, 3, 17, tzinfo=UTC)
FREE_WAIT = timedelta(minutes=15)


def test_estimate_arrivals_to_the_next_stop_uses_road_factor_and_average_speed() -> None:
    position = Coordinates(40.0, -74.0)
    progress = Progress(stop=1, latitude=position.latitude, longitude=position.longitude, seen_at=NOON)
    stops = [create_stop(generate.NEWARK), create_stop((40.5, -74.0))]
    miles = miles_between(position, Coordinates(40.5, -74.0)) * 1.3
    assert eta.estimate_arrivals(progress, stops, NOON, 60.0) == [None, NOON + timedelta(hours=miles / 60)]
    slow = timedelta(minutes=10) + timedelta(hours=(miles - 5) / 50)
    assert eta.estimate_arrivals(progress, stops, NOON, 30.0) == [None, NOON + slow]


def test_estimate_arrivals_at_later_stops_follows_the_plan() -> None:
    progress = Progress(stop=0, is_at_stop=True, latitude=40.7074, longitude=-74.0113, seen_at=NOON)
    stops = [
        create_stop(generate.WALL_STREET, departure="2027-03-03T12:30-05:00"),
        create_stop(generate.PRINCETON, arrival="2027-03-03T14:00-05:00", departure="2027-03-03T15:00-05:00"),
        create_stop(generate.PHILADELPHIA, arrival="2027-03-03T16:00-05:00"),
    ]
    on_time = eta.estimate_arrivals(progress, stops, NOON, 45.0)
    assert on_time == [None, stops[1].arrival, stops[2].arrival]
    late = eta.estimate_arrivals(progress, stops, NOON + timedelta(hours=2, minutes=45), 45.0)
    assert late[1] == NOON + timedelta(hours=4, minutes=15)
    assert late[2] == NOON + timedelta(hours=5, minutes=15)
    assert eta.find_lateness(stops, late) == (1, 135)


def test_estimate_arrivals_without_coordinates_returns_none() -> None:
    stops = [create_stop(generate.NEWARK), create_stop(None), create_stop(generate.PRINCETON)]
    assert eta.estimate_arrivals(Progress(stop=1), stops, NOON, 50.0) == [None, None, None]
    assert eta.find_lateness(stops, [None, None, None]) is None


def test_estimate_arrivals_after_the_last_stop_returns_none() -> None:
    stops = [create_stop(generate.NEWARK), create_stop(generate.PRINCETON)]
    assert eta.estimate_arrivals(Progress(stop=2), stops, NOON, 50.0) == [None, None]
    assert eta.estimate_arrivals(Progress(stop=1, is_at_stop=True), stops, NOON, 50.0) == [None, None]


def test_calculate_average_speed_is_limited_and_has_a_default() -> None:
    track = read_track("to-the-shore")
    driving = [position for position in track if position.at < datetime(2027, 3, 3, 14, 20, tzinfo=UTC)]
    assert 50 < eta.calculate_average_speed(driving) < 55
    assert eta.calculate_average_speed(track[:1]) == eta.calculate_average_speed([]) == MILES_PER_HOUR
    assert (
        eta.calculate_average_speed(
            [round_position(NOON + timedelta(seconds=n), 40.0, -74.0) for n in range(0, 600, 10)]
        )
        == eta.SLOWEST_MPH
    )


def test_estimate_arrivals_on_a_recorded_track_is_accurate() -> None:
    """From two hours before the arrival: within 15 minutes, except before a traffic jam."""
    stops, track = planned_stops("to-the-shore"), read_track("to-the-shore")
    arrived = datetime(2027, 3, 3, 16, 4, 30, tzinfo=UTC)
    for minutes in range(5, 125, 5):
        positions = [position for position in track if position.at <= arrived - timedelta(minutes=minutes)]
        followed = follow_positions(Progress(), positions, stops)
        (expected,) = eta.estimate_arrivals(
            followed.progress, stops, positions[-1].at, eta.calculate_average_speed(followed.counted)
        )[1:]
        assert expected is not None
        tolerance = timedelta(minutes=30 if 60 <= minutes <= 80 else 15)
        assert abs(expected - arrived) < tolerance, f"{minutes} minutes before"


@given(st.integers(0, 104))
def test_count_late_steps_counts_quarters_of_an_hour(minutes: int) -> None:
    assert (eta.count_late_steps(minutes) > 0) == (minutes >= 15)
    assert eta.count_late_steps(minutes + 15) == eta.count_late_steps(minutes) + 1


@pytest.mark.parametrize(
    ("arrived", "departed", "minutes", "billed"),
    [
        ("08:30", "09:00", 30, 0),  # an early arrival is not billed
        ("08:30", "09:15", 45, 0),  # within the free wait
        ("08:30", "09:16", 46, 1),
        ("09:20", "09:35", 15, 0),  # a late arrival: the wait starts at the arrival
        ("09:20", "09:40", 20, 5),
    ],
)
def test_calculate_dwell_minutes_bills_time_beyond_plan_and_free_wait(
    arrived: str, departed: str, minutes: int, billed: int
) -> None:
    pickup = create_stop(generate.NEWARK, departure="2027-03-03T09:00-05:00")
    pickup.arrived_at = datetime.fromisoformat(f"2027-03-03T{arrived}-05:00")
    stops = [pickup, create_stop(generate.PRINCETON, arrival="2027-03-03T11:00-05:00")]
    assert eta.calculate_dwell_minutes(stops, 0, FREE_WAIT) is None
    pickup.departed_at = datetime.fromisoformat(f"2027-03-03T{departed}-05:00")
    assert eta.calculate_dwell_minutes(stops, 0, FREE_WAIT) == (minutes, billed)


@pytest.mark.parametrize(
    ("departed", "billed"),
    [
        ("2027-03-04T08:50", 0),  # stays overnight, as planned
        ("2027-03-04T09:15", 0),
        ("2027-03-04T09:45", 30),
        ("2027-03-03T20:00", 105),  # leaves in the evening after a wait
    ],
)
def test_calculate_dwell_minutes_of_a_planned_overnight_stay_are_not_billed(departed: str, billed: int) -> None:
    hotel = {"stop_type": StopType.DROPOFF, "arrival": "2027-03-03T18:00-05:00"}
    stops = [
        create_stop(generate.NEWARK, **hotel, arrived_at=datetime.fromisoformat("2027-03-03T18:00-05:00")),
        create_stop(generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-04T09:00-05:00"),
    ]
    stops[0].departed_at = datetime.fromisoformat(f"{departed}-05:00")
    dwell = eta.calculate_dwell_minutes(stops, 0, FREE_WAIT)
    assert dwell is not None
    assert dwell[1] == billed


def test_calculate_dwell_minutes_of_a_late_round_trip_are_billed() -> None:
    arrived_at = datetime.fromisoformat("2027-03-03T08:50-05:00")
    stops = [
        create_stop(
            generate.NEWARK, stop_type=StopType.PICKUP, departure="2027-03-03T09:00-05:00", arrived_at=arrived_at
        ),
        create_stop(generate.NEWARK, stop_type=StopType.DROPOFF, arrival="2027-03-03T10:00-05:00"),
    ]
    stops[0].departed_at = arrived_at + timedelta(minutes=70)
    assert eta.calculate_dwell_minutes(stops, 0, FREE_WAIT) == (70, 45)
