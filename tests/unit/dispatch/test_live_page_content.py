"""What the page of a live link says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachway.bookings.charters.model import StopType
from coachway.bookings.charters.rules import Status
from coachway.core.documents.formatting import Formatter
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.live_page import content as live_page_content
from coachway.dispatch.live_page.content import LivePage
from coachway.dispatch.tracking.schemas import Position, StopTrack, VehicleTrack

NOW = datetime(2027, 3, 3, 15, 20, tzinfo=UTC)
WORDS = Formatter(timezone="America/New_York")


def at(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOW + timedelta(minutes=minutes)


def stop(kind: str, address: str, latitude: float, longitude: float, **minutes: int | None) -> StopTrack:
    times = {name: at(minutes.get(name)) for name in ("arrival", "departure", "eta", "arrived_at", "departed_at")}
    return StopTrack(
        stop_type=StopType(kind),
        address=address,
        latitude=latitude,
        longitude=longitude,
        timezone="America/New_York",
        **times,
    )


def trip(*, left: bool = True, **last: int | None) -> list[StopTrack]:
    past = {"arrived_at": -95, "departed_at": -78} if left else {}
    return [
        stop("pickup", "11 Wall St, New York, NY", 40.7074, -74.0113, departure=-80, **past),
        stop("dropoff", "1901 Boardwalk, Atlantic City, NJ", 39.356, -74.431, arrival=100, **last),
    ]


def vehicle(
    stops: list[StopTrack],
    *,
    number: int = 1,
    status: AssignmentStatus = AssignmentStatus.IN_PROGRESS,
    next_stop: int | None = 1,
    late: int | None = 0,
    seen: int | None = 0,
) -> VehicleTrack:
    position = None
    if seen is not None:
        recorded = NOW - timedelta(minutes=seen)
        position = Position(
            latitude=40.2, longitude=-74.1, speed_mph=55, heading=160, accuracy_m=5, recorded_at=recorded
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


def page(*vehicles: VehicleTrack, status: Status = Status.IN_PROGRESS, vehicle_count: int = 1) -> LivePage:
    return live_page_content.build_page(status, vehicles, trip(left=False), WORDS, NOW, vehicle_count=vehicle_count)


def test_a_trip_is_not_over_while_a_vehicle_of_it_is_not_known() -> None:
    there = vehicle(trip(arrived_at=-5), status=AssignmentStatus.COMPLETED, next_stop=None, seen=None)
    assert page(there).is_over
    assert not page(there, vehicle_count=2).is_over
    assert page(there, vehicle_count=2).vehicles[0].activity == "Passengers dropped off"


def test_it_says_where_the_vehicle_goes_and_when_it_comes() -> None:
    shown = page(vehicle(trip(eta=108)))
    [coach] = shown.vehicles
    assert (coach.activity, coach.arrival, coach.wait) == (
        "On the way to 1901 Boardwalk",
        "12:08\N{NO-BREAK SPACE}PM EST",
        "in about 1 h 50 min",
    )
    assert shown.banner is None
    assert [each.progress for each in shown.stops] == [
        "Left at 9:02\N{NO-BREAK SPACE}AM EST",
        "Expected at 12:08\N{NO-BREAK SPACE}PM EST",
    ]
    assert shown.map is not None
    assert len(shown.map.arrows) == 1


def test_a_time_of_another_day_names_the_day() -> None:
    tomorrow = 24 * 60
    stops = trip(eta=tomorrow + 8)
    stops[1] = stops[1].model_copy(update={"arrival": at(tomorrow)})
    shown = page(vehicle(stops))
    assert shown.vehicles[0].arrival == "10:28\N{NO-BREAK SPACE}AM EST on Thu, Mar 4, 2027"
    assert [each.planned for each in shown.stops] == [
        "Departs 9:00\N{NO-BREAK SPACE}AM EST",
        "Arrives 10:20\N{NO-BREAK SPACE}AM EST on Thu, Mar 4, 2027",
    ]


def test_a_vehicle_that_comes_to_the_pickup_comes_to_you_and_the_map_is_of_that() -> None:
    stops = trip(left=False)
    stops[0] = stops[0].model_copy(update={"eta": at(9)})
    shown = page(vehicle(stops, status=AssignmentStatus.CHECKED_IN, next_stop=0))
    assert shown.vehicles[0].activity == "On the way to you at 11 Wall St"
    assert shown.vehicles[0].wait == "in about 9 minutes"
    assert shown.map is not None
    assert [mark.numbers for mark in shown.map.marks] == ["1"]


def test_a_vehicle_at_a_stop_stands_there_until_it_leaves() -> None:
    stops = trip(eta=108)
    stops[0] = stops[0].model_copy(update={"departed_at": None, "departure": at(10)})
    [coach] = page(vehicle(stops)).vehicles
    assert coach.activity == "At 11 Wall St until 10:30\N{NO-BREAK SPACE}AM EST"
    assert coach.wait == "in about 1 h 50 min, at 1901 Boardwalk"


@pytest.mark.parametrize(
    ("late", "title"),
    [(4, None), (5, "About 5 minutes late"), (14, "About 14 minutes late"), (22, "About 20 minutes late")],
)
def test_lateness_is_told_kindly_and_not_more_exactly_than_it_is_known(late: int, title: str | None) -> None:
    banner = page(vehicle(trip(eta=108), late=late)).banner
    assert (banner.title if banner else None) == title


def test_of_several_vehicles_the_late_one_is_named() -> None:
    shown = page(vehicle(trip(eta=108)), vehicle(trip(eta=130), number=2, late=30))
    assert shown.banner is not None
    assert shown.banner.title == "Vehicle 2 is about 30 minutes late"
    assert [each.title for each in shown.vehicles] == ["1 · Coach 1", "2 · Coach 2"]
    assert all(each.progress == "" for each in shown.stops)


def test_a_position_that_is_not_fresh_is_said_to_be_so() -> None:
    shown = page(vehicle(trip(eta=108), seen=7))
    [note] = shown.vehicles[0].notes
    assert note.startswith("No signal for 7 minutes, ")
    assert note.endswith("Last position at 10:13\N{NO-BREAK SPACE}AM EST.")
    assert shown.map is not None
    assert shown.map.arrows[0].is_old


def test_before_the_driver_checks_in_there_is_the_time_of_departure_and_no_vehicle() -> None:
    early = [each.model_copy(update={"departure": at(300)}) for each in trip(left=False)]
    shown = page(vehicle(early, status=AssignmentStatus.ACCEPTED, next_stop=0, seen=None), status=Status.CONFIRMED)
    assert shown.vehicles == []
    assert shown.banner is not None
    assert "The trip starts on Wednesday, March 3, 2027, 3:20\N{NO-BREAK SPACE}PM EST." in shown.banner.text
    assert shown.map is not None
    assert shown.map.arrows == []


def test_a_trip_that_should_have_started_asks_to_call() -> None:
    banner = page(status=Status.CONFIRMED).banner
    assert banner is not None
    assert (banner.mood, "Call us if you are waiting" in banner.text) == ("late", True)


def test_after_the_drop_off_there_is_no_vehicle_even_if_one_was_told() -> None:
    over = vehicle(trip(arrived_at=-1), status=AssignmentStatus.COMPLETED, next_stop=None)
    shown = page(over)
    assert shown.is_over
    assert shown.banner is not None
    assert shown.banner.title == "The trip is over"
    assert (shown.vehicles, shown.map is not None and shown.map.arrows) == ([], [])


def test_a_vehicle_that_is_done_before_the_others_is_not_on_the_map() -> None:
    over = vehicle(trip(arrived_at=-1), status=AssignmentStatus.COMPLETED, next_stop=None)
    shown = page(over, vehicle(trip(eta=30), number=2))
    assert [each.activity for each in shown.vehicles] == ["Passengers dropped off", "On the way to 1901 Boardwalk"]
    assert shown.map is not None
    assert [each.name for each in shown.map.arrows] == ["2"]


def test_a_cancelled_trip_says_so() -> None:
    banner = page(status=Status.CANCELLED).banner
    assert banner is not None
    assert banner.title == "This trip was cancelled"


def test_stops_in_one_town_are_called_by_their_streets() -> None:
    stops = trip(eta=108)
    stops[1] = stops[1].model_copy(update={"address": "350 5th Ave, New York, NY"})
    shown = page(vehicle(stops))
    assert shown.map is not None
    assert [mark.name for mark in shown.map.marks] == ["11 Wall St", "350 5th Ave"]


def test_stops_without_a_place_leave_no_map() -> None:
    stops = [each.model_copy(update={"latitude": None, "longitude": None}) for each in trip(eta=108)]
    assert page(vehicle(stops, seen=None)).map is None
