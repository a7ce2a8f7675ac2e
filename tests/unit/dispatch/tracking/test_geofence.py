from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.bookings.charters.trip_model import StopType
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking.geofence import (
    FollowResult,
    Progress,
    StopEvent,
    StopEventKind,
    apply_recorded_events,
    follow_positions,
    meters_between,
)
from coachway.dispatch.tracking.position_encoding import GpsPosition, round_position
from tests.tracks import generate, read_track
from tests.unit.dispatch.builders import PLANNED_STOPS, create_stop, planned_stops

ARRIVED, DEPARTED = StopEventKind.ARRIVED, StopEventKind.DEPARTED
START = datetime(2027, 3, 3, 14, tzinfo=UTC)


def follow_track(track: str) -> FollowResult:
    return follow_positions(Progress(), read_track(track), planned_stops(track))


def describe_events(result: FollowResult) -> list[str]:
    return [f"{each.stop} {each.kind} {each.at:%H:%M}" for each in result.stop_events]


def test_follow_positions_of_a_trip_detects_arrivals_and_departures() -> None:
    result = follow_track("to-the-shore")
    assert describe_events(result) == ["0 arrived 13:24", "0 departed 13:50", "1 arrived 16:04", "1 departed 16:25"]
    assert result.progress.stop == 2


def test_follow_positions_through_a_tunnel_ignores_the_stray_position() -> None:
    result = follow_track("tunnel")
    assert describe_events(result) == ["0 arrived 12:49", "0 departed 13:09", "1 arrived 13:49"]
    times = [position.at for position in result.counted]
    assert max(second - first for first, second in pairwise(times)) > timedelta(minutes=10)
    assert len(read_track("tunnel")) - len(result.counted) == 1


def test_follow_positions_of_a_long_stop_detects_it_once() -> None:
    result = follow_track("long-stop")
    assert [(each.stop, each.kind) for each in result.stop_events if each.stop == 1] == [(1, ARRIVED), (1, DEPARTED)]
    departed_at, arrived_at = (
        next(event.at for event in result.stop_events if event[:2] == (1, kind)) for kind in (DEPARTED, ARRIVED)
    )
    assert timedelta(hours=2, minutes=30) < departed_at - arrived_at < timedelta(hours=2, minutes=45)


def test_follow_positions_with_noise_at_the_fence_detects_no_return() -> None:
    assert describe_events(follow_track("round-trip")) == ["0 arrived 15:00", "0 departed 15:10", "1 arrived 15:47"]


@pytest.mark.parametrize("track", PLANNED_STOPS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_follow_positions_in_batches_gives_the_same_result(track: str, data: st.DataObject) -> None:
    positions, stops = read_track(track)[::9], planned_stops(track)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(positions)), max_size=5)))
    progress = Progress()
    stop_events: list[StopEvent] = []
    for start, end in zip([0, *cuts], [*cuts, len(positions)], strict=True):
        partial = follow_positions(progress, positions[start:end], stops)
        progress, stop_events = partial.progress, [*stop_events, *partial.stop_events]
    whole = follow_positions(Progress(), positions, stops)
    assert (progress, stop_events) == (whole.progress, whole.stop_events)


@pytest.mark.parametrize("track", PLANNED_STOPS)
def test_follow_positions_again_detects_the_same(track: str) -> None:
    positions, stops = read_track(track), planned_stops(track)
    first = follow_positions(Progress(), positions, stops)
    record_events(stops, first.stop_events)
    repeated = follow_positions(Progress(), positions, stops)
    assert repeated.stop_events == first.stop_events
    assert (repeated.progress.stop, repeated.progress.is_at_stop) == (first.progress.stop, first.progress.is_at_stop)
    assert (apply_recorded_events(stops).stop, apply_recorded_events(stops).is_at_stop) == (
        first.progress.stop,
        first.progress.is_at_stop,
    )


def record_events(stops: list[AssignmentStop], stop_events: list[StopEvent]) -> None:
    for stop_event in stop_events:
        setattr(stops[stop_event.stop], f"{stop_event.kind}_at", stop_event.at)


places = st.tuples(st.floats(40.6, 40.62), st.floats(-74.02, -74.0))


@given(
    route=st.lists(st.tuples(places, st.integers(1, 600)), max_size=60),
    stop_places=st.lists(places | st.none(), min_size=2, max_size=5),
)
def test_follow_positions_of_any_route_visits_each_stop_once_in_order(
    route: list[tuple[tuple[float, float], int]], stop_places: list[tuple[float, float] | None]
) -> None:
    time, positions = START, []
    for (latitude, longitude), seconds in route:
        time += timedelta(seconds=seconds)
        positions.append(round_position(time, latitude, longitude))
    stops = [create_stop(place, arrival="2027-03-03T10:00-05:00") for place in stop_places]
    stop_events = follow_positions(Progress(), positions, stops).stop_events
    order = [(each.stop, each.kind is DEPARTED) for each in stop_events]
    assert order == sorted(set(order))
    assert [each.at for each in stop_events] == sorted(each.at for each in stop_events)


STOP_PLACE = generate.NEWARK


def create_position(seconds: int, meters_north: float, **fields: float) -> GpsPosition:
    return round_position(
        START + timedelta(seconds=seconds), STOP_PLACE[0] + meters_north / 111_195, STOP_PLACE[1], **fields
    )


def test_follow_positions_detects_an_arrival_from_the_first_of_two_positions() -> None:
    stops = [create_stop(STOP_PLACE)]
    assert (
        follow_positions(
            Progress(), [create_position(0, 150), create_position(10, 250), create_position(20, 150)], stops
        ).stop_events
        == []
    )
    assert follow_positions(
        Progress(), [create_position(0, 250), create_position(10, 150), create_position(20, 150)], stops
    ).stop_events == [StopEvent(0, ARRIVED, START + timedelta(seconds=10))]


@pytest.mark.parametrize(("meters", "is_inside"), [(195, True), (205, False)])
def test_follow_positions_uses_a_fence_of_200_meters(meters: float, is_inside: bool) -> None:
    assert (
        bool(
            follow_positions(
                Progress(), [create_position(0, meters), create_position(10, meters)], [create_stop(STOP_PLACE)]
            ).stop_events
        )
        is is_inside
    )


def test_follow_positions_ignores_inaccurate_positions() -> None:
    inaccurate = [create_position(10 * n, 0, accuracy_m=201) for n in range(5)]
    result = follow_positions(Progress(), inaccurate, [create_stop(STOP_PLACE)])
    assert (result.stop_events, result.counted) == ([], [])


def test_follow_positions_ignores_unreachable_positions_until_confirmed() -> None:
    first, jump, stray, return_position = (
        create_position(0, 0),
        create_position(10, 50_000),
        create_position(20, -50_000),
        create_position(30, 40),
    )
    stops = [create_stop(generate.PHILADELPHIA)]
    assert follow_positions(Progress(), [first, jump, stray, return_position], stops).counted == [
        first,
        return_position,
    ]
    confirmations = [create_position(20, 50_100), create_position(30, 50_200)]
    assert follow_positions(Progress(), [first, jump, *confirmations], stops).counted == [first, jump, *confirmations]


def test_follow_positions_with_two_positions_in_each_fence_detects_both_stops() -> None:
    stops = [create_stop(STOP_PLACE), create_stop(generate.PRINCETON)]
    positions = [
        round_position(START + timedelta(seconds=seconds), *place)
        for seconds, place in ((0, STOP_PLACE), (10, STOP_PLACE), (20, generate.PRINCETON), (30, generate.PRINCETON))
    ]
    assert [(each.stop, each.kind) for each in follow_positions(Progress(), positions, stops).stop_events] == [
        (0, ARRIVED),
        (0, DEPARTED),
        (1, ARRIVED),
    ]


def test_follow_positions_after_a_recorded_departure_detects_no_second_one() -> None:
    stops = [create_stop(STOP_PLACE, departed_at=START), create_stop(generate.PRINCETON)]
    result = follow_positions(
        Progress(),
        [create_position(0, 0), create_position(10, 0), create_position(20, 300), create_position(30, 400)],
        stops,
    )
    assert (result.stop_events, result.progress.stop) == ([], 1)


def test_follow_positions_with_late_positions_corrects_the_arrival_time() -> None:
    stops = [create_stop(STOP_PLACE, arrived_at=START + timedelta(minutes=9))]
    result = follow_positions(
        Progress(), [create_position(0, 0), create_position(10, 0), create_position(700, 0)], stops
    )
    assert result.stop_events == [StopEvent(0, ARRIVED, START)]


def test_follow_positions_skips_a_missed_stop_once_a_later_one_is_due() -> None:
    times = {"arrival": "2027-03-03T10:00-05:00"}
    stops = [create_stop(generate.PRINCETON), create_stop(None), create_stop(STOP_PLACE, **times)]
    early = [create_position(seconds, 0) for seconds in range(-1000, 0, 10)]
    assert follow_positions(Progress(), early, stops).stop_events == []
    assert follow_positions(
        Progress(), [create_position(seconds, 0) for seconds in range(0, 190, 10)], stops
    ).stop_events == [StopEvent(2, ARRIVED, START)]


def test_follow_positions_past_a_later_stop_detects_no_arrival() -> None:
    stops = [
        create_stop(generate.PRINCETON),
        create_stop(STOP_PLACE, stop_type=StopType.DROPOFF, arrival="2027-03-03T09:30-05:00"),
    ]
    positions = [create_position(10 * n, 90 * n - 400) for n in range(12)]
    assert follow_positions(Progress(), positions, stops).stop_events == []


def test_follow_positions_serves_stops_in_the_same_fence_together() -> None:
    nearby_place = (STOP_PLACE[0] + 100 / 111_195, STOP_PLACE[1])
    stops = [
        create_stop(STOP_PLACE, departure="2027-03-03T09:00-05:00"),
        create_stop(nearby_place, departure="2027-03-03T09:05-05:00"),
        create_stop(generate.PRINCETON),
    ]
    result = follow_positions(
        Progress(),
        [create_position(0, 0), create_position(10, 0), create_position(20, 400), create_position(30, 600)],
        stops,
    )
    assert [(each.stop, each.kind) for each in result.stop_events] == [
        (0, ARRIVED),
        (0, DEPARTED),
        (1, ARRIVED),
        (1, DEPARTED),
    ]


def round_trip_stops(back: str) -> list[AssignmentStop]:
    return [
        create_stop(STOP_PLACE, stop_type=StopType.PICKUP, departure="2027-03-03T09:00-05:00"),
        create_stop(STOP_PLACE, stop_type=StopType.DROPOFF, arrival=f"2027-03-03T{back}-05:00"),
    ]


def test_follow_positions_of_a_late_round_trip_does_not_end_it_at_departure() -> None:
    positions = [create_position(seconds, 0) for seconds in range(2400, 2700, 10)] + [
        create_position(2700 + 10 * n, 60 * n) for n in range(1, 30)
    ]
    result = follow_positions(Progress(), positions, round_trip_stops("09:50"))
    assert describe_events(result) == ["0 arrived 14:40", "0 departed 14:45"]


def test_follow_positions_of_a_tour_passing_its_start_does_not_end_it() -> None:
    outbound = [create_position(10 * n, 100 * n) for n in range(40)]
    inbound = [create_position(400 + 10 * n, 4000 - 100 * n) for n in range(80)]
    assert describe_events(
        follow_positions(Progress(), [create_position(-10, 0), *outbound, *inbound], round_trip_stops("12:00"))
    ) == [
        "0 arrived 13:59",
        "0 departed 14:00",
    ]
    stay = [create_position(800 + 10 * n, 0) for n in range(20)]
    result = follow_positions(
        Progress(), [create_position(-10, 0), *outbound, *inbound[:40], *stay], round_trip_stops("12:00")
    )
    assert describe_events(result)[2:] == ["1 arrived 14:13"]


def overnight_stops() -> list[AssignmentStop]:
    return [
        create_stop(STOP_PLACE, stop_type=StopType.DROPOFF, arrival="2027-03-03T09:00-05:00"),
        create_stop(STOP_PLACE, stop_type=StopType.PICKUP, departure="2027-03-04T09:00-05:00"),
        create_stop(generate.PRINCETON, stop_type=StopType.DROPOFF, arrival="2027-03-04T10:00-05:00"),
    ]


DAY_SECONDS = 86_400


def test_follow_positions_of_an_overnight_stay_departs_from_both_stops_in_the_morning() -> None:
    positions = [create_position(seconds, 0) for seconds in range(0, DAY_SECONDS, 300)] + [
        create_position(DAY_SECONDS + 10 * n, 150 * n) for n in range(1, 6)
    ]
    result = follow_positions(Progress(), positions, overnight_stops())
    assert [(each.stop, each.kind) for each in result.stop_events] == [
        (0, ARRIVED),
        (0, DEPARTED),
        (1, ARRIVED),
        (1, DEPARTED),
    ]
    assert {each.at for each in result.stop_events[1:]} == {START + timedelta(seconds=DAY_SECONDS + 20)}


def test_follow_positions_of_overnight_parking_elsewhere_returns_in_the_morning() -> None:
    positions = [create_position(seconds, 0) for seconds in range(0, 900, 10)]
    positions += [create_position(seconds, 1500) for seconds in range(960, DAY_SECONDS - 900, 300)]
    positions += [create_position(seconds, 0) for seconds in range(DAY_SECONDS - 600, DAY_SECONDS, 10)]
    positions += [create_position(DAY_SECONDS + 10 * n, 150 * n) for n in range(1, 6)]
    assert describe_events(follow_positions(Progress(), positions, overnight_stops())) == [
        "0 arrived 14:00",
        "0 departed 14:16",
        "1 arrived 13:50",
        "1 departed 14:00",
    ]


def test_meters_between_returns_meters() -> None:
    assert meters_between(Coordinates(40.0, -74.0), Coordinates(40.001, -74.0)) == pytest.approx(111.2, abs=0.2)
