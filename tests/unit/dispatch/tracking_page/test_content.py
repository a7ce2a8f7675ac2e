"""The content of the tracking page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.charters.trip_model import StopType
from coachway.core.documents.formatting import Formatter
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking.schemas import Position, StopTrack, VehicleTrack
from coachway.dispatch.tracking_page import content as tracking_page_content
from coachway.dispatch.tracking_page.content import TrackingPage

NOW = datetime(2027, 3, 3, 15, 20, tzinfo=UTC)
FORMATTER = Formatter(timezone="America/New_York")


def minutes_from_now(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOW + timedelta(minutes=minutes)


def create_stop_track(kind: str, address: str, latitude: float, longitude: float, **minutes: int | None) -> StopTrack:
    times = {
        name: minutes_from_now(minutes.get(name))
        for name in ("arrival", "departure", "eta", "arrived_at", "departed_at")
    }
    return StopTrack(
        stop_type=StopType(kind),
        address=address,
        latitude=latitude,
        longitude=longitude,
        timezone="America/New_York",
        **times,
    )


def create_stop_tracks(*, has_departed: bool = True, **last_times: int | None) -> list[StopTrack]:
    past_times = {"arrived_at": -95, "departed_at": -78} if has_departed else {}
    return [
        create_stop_track("pickup", "11 Wall St, New York, NY", 40.7074, -74.0113, departure=-80, **past_times),
        create_stop_track("dropoff", "1901 Boardwalk, Atlantic City, NJ", 39.356, -74.431, arrival=100, **last_times),
    ]


def create_vehicle_track(
    stops: list[StopTrack],
    *,
    number: int = 1,
    status: AssignmentStatus = AssignmentStatus.IN_PROGRESS,
    next_stop: int | None = 1,
    late: int | None = 0,
    position_age: int | None = 0,
) -> VehicleTrack:
    position = None
    if position_age is not None:
        recorded_at = NOW - timedelta(minutes=position_age)
        position = Position(
            latitude=40.2, longitude=-74.1, speed_mph=55, heading=160, accuracy_m=5, recorded_at=recorded_at
        )
    return VehicleTrack(
        vehicle_number=number,
        vehicle_name=f"Coach {number}",
        status=status,
        position=position,
        path=[position] if position else [],
        next_stop=next_stop,
        eta=stops[next_stop].eta if next_stop is not None else None,
        late_minutes=late,
        stops=stops,
    )


def build_page(
    *vehicles: VehicleTrack, status: CharterStatus = CharterStatus.IN_PROGRESS, vehicle_count: int = 1
) -> TrackingPage:
    return tracking_page_content.build_page(
        status, vehicles, create_stop_tracks(has_departed=False), FORMATTER, NOW, vehicle_count=vehicle_count
    )


def test_build_page_with_an_unassigned_vehicle_is_not_over() -> None:
    completed = create_vehicle_track(
        create_stop_tracks(arrived_at=-5), status=AssignmentStatus.COMPLETED, next_stop=None, position_age=None
    )
    assert build_page(completed).is_over
    assert not build_page(completed, vehicle_count=2).is_over
    assert build_page(completed, vehicle_count=2).vehicles[0].activity == "Passengers dropped off"


def test_build_page_under_way_shows_destination_and_arrival() -> None:
    content = build_page(create_vehicle_track(create_stop_tracks(eta=108)))
    [coach] = content.vehicles
    assert (coach.activity, coach.arrival, coach.wait) == (
        "On the way to 1901 Boardwalk",
        "12:08\N{NO-BREAK SPACE}PM EST",
        "in about 1 h 50 min",
    )
    assert content.banner is None
    assert [item.progress for item in content.stops] == [
        "Left at 9:02\N{NO-BREAK SPACE}AM EST",
        "Expected at 12:08\N{NO-BREAK SPACE}PM EST",
    ]
    assert content.map is not None
    assert len(content.map.arrows) == 1


def test_build_page_with_times_on_another_day_shows_the_day() -> None:
    tomorrow = 24 * 60
    stops = create_stop_tracks(eta=tomorrow + 8)
    stops[1] = stops[1].model_copy(update={"arrival": minutes_from_now(tomorrow)})
    content = build_page(create_vehicle_track(stops))
    assert content.vehicles[0].arrival == "10:28\N{NO-BREAK SPACE}AM EST on Thu, Mar 4, 2027"
    assert [item.planned for item in content.stops] == [
        "Departs 9:00\N{NO-BREAK SPACE}AM EST",
        "Arrives 10:20\N{NO-BREAK SPACE}AM EST on Thu, Mar 4, 2027",
    ]


@pytest.mark.parametrize("position_age", [0, None])
def test_build_page_before_the_vehicle_leaves_says_that_it_has_not_left(position_age: int | None) -> None:
    stops = create_stop_tracks(has_departed=False)
    stops[0] = stops[0].model_copy(update={"eta": minutes_from_now(9), "departure": minutes_from_now(48)})
    track = create_vehicle_track(
        stops, status=AssignmentStatus.CHECKED_IN, next_stop=0, position_age=position_age
    ).model_copy(update={"has_moved": False})
    [vehicle] = (content := build_page(track)).vehicles
    assert (vehicle.activity, vehicle.arrival) == ("The driver is on duty and has not left yet", "")
    assert content.stops[0].progress == ""
    [moving] = build_page(track.model_copy(update={"has_moved": True})).vehicles
    assert (moving.activity, moving.wait) == ("On the way to you at 11 Wall St", "in about 9 minutes")


def test_build_page_before_the_pickup_shows_the_map_of_the_pickup() -> None:
    stops = create_stop_tracks(has_departed=False)
    stops[0] = stops[0].model_copy(update={"eta": minutes_from_now(9)})
    content = build_page(create_vehicle_track(stops, status=AssignmentStatus.CHECKED_IN, next_stop=0))
    assert content.vehicles[0].activity == "On the way to you at 11 Wall St"
    assert content.vehicles[0].wait == "in about 9 minutes"
    assert content.map is not None
    assert [mark.numbers for mark in content.map.marks] == ["1"]


def test_build_page_at_a_stop_shows_the_planned_departure() -> None:
    stops = create_stop_tracks(eta=108)
    stops[0] = stops[0].model_copy(update={"departed_at": None, "departure": minutes_from_now(10)})
    [coach] = build_page(create_vehicle_track(stops)).vehicles
    assert coach.activity == "At 11 Wall St until 10:30\N{NO-BREAK SPACE}AM EST"
    assert coach.wait == "in about 1 h 50 min, at 1901 Boardwalk"


@pytest.mark.parametrize(
    ("late", "title"),
    [(4, None), (5, "About 5 minutes late"), (14, "About 14 minutes late"), (22, "About 20 minutes late")],
)
def test_build_page_late_shows_a_rounded_delay(late: int, title: str | None) -> None:
    banner = build_page(create_vehicle_track(create_stop_tracks(eta=108), late=late)).banner
    assert (banner.title if banner else None) == title


def test_build_page_with_several_vehicles_names_the_late_one() -> None:
    content = build_page(
        create_vehicle_track(create_stop_tracks(eta=108)),
        create_vehicle_track(create_stop_tracks(eta=130), number=2, late=30),
    )
    assert content.banner is not None
    assert content.banner.title == "Vehicle 2 is about 30 minutes late"
    assert [item.title for item in content.vehicles] == ["1 · Coach 1", "2 · Coach 2"]
    assert all(item.progress == "" for item in content.stops)


def test_build_page_with_an_old_position_shows_its_age() -> None:
    content = build_page(create_vehicle_track(create_stop_tracks(eta=108), position_age=7))
    [note] = content.vehicles[0].notes
    assert note.startswith("No signal for 7 minutes, ")
    assert note.endswith("Last position at 10:13\N{NO-BREAK SPACE}AM EST.")
    assert content.map is not None
    assert content.map.arrows[0].is_old


def test_build_page_before_check_in_shows_departure_without_vehicle() -> None:
    stops = [
        item.model_copy(update={"departure": minutes_from_now(300)}) for item in create_stop_tracks(has_departed=False)
    ]
    content = build_page(
        create_vehicle_track(stops, status=AssignmentStatus.ACCEPTED, next_stop=0, position_age=None),
        status=CharterStatus.CONFIRMED,
    )
    assert content.vehicles == []
    assert content.banner is not None
    assert "The trip starts on Wednesday, March 3, 2027, 3:20\N{NO-BREAK SPACE}PM EST." in content.banner.text
    assert content.map is not None
    assert content.map.arrows == []


def test_build_page_after_a_missed_start_asks_to_call() -> None:
    banner = build_page(status=CharterStatus.CONFIRMED).banner
    assert banner is not None
    assert (banner.tone, "Call us if you are waiting" in banner.text) == ("late", True)


def test_build_page_after_the_drop_off_shows_no_vehicle() -> None:
    completed = create_vehicle_track(
        create_stop_tracks(arrived_at=-1), status=AssignmentStatus.COMPLETED, next_stop=None
    )
    content = build_page(completed)
    assert content.is_over
    assert content.banner is not None
    assert content.banner.title == "The trip is over"
    assert (content.vehicles, content.map is not None and content.map.arrows) == ([], [])


def test_build_page_with_one_completed_vehicle_shows_only_the_other_on_the_map() -> None:
    completed = create_vehicle_track(
        create_stop_tracks(arrived_at=-1), status=AssignmentStatus.COMPLETED, next_stop=None
    )
    content = build_page(completed, create_vehicle_track(create_stop_tracks(eta=30), number=2))
    assert [item.activity for item in content.vehicles] == ["Passengers dropped off", "On the way to 1901 Boardwalk"]
    assert content.map is not None
    assert [item.name for item in content.map.arrows] == ["2"]


def test_build_page_of_a_cancelled_trip_says_so() -> None:
    banner = build_page(status=CharterStatus.CANCELLED).banner
    assert banner is not None
    assert banner.title == "This trip was cancelled"


def test_build_page_with_stops_in_one_town_names_them_by_street() -> None:
    stops = create_stop_tracks(eta=108)
    stops[1] = stops[1].model_copy(update={"address": "350 5th Ave, New York, NY"})
    content = build_page(create_vehicle_track(stops))
    assert content.map is not None
    assert [mark.name for mark in content.map.marks] == ["11 Wall St", "350 5th Ave"]


def test_build_page_without_coordinates_has_no_map() -> None:
    stops = [item.model_copy(update={"latitude": None, "longitude": None}) for item in create_stop_tracks(eta=108)]
    assert build_page(create_vehicle_track(stops, position_age=None)).map is None
