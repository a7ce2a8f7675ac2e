from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.bookings.charters.model import StopType
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking.geofence import (
    FollowResult,
    Progress,
    StopEvent,
    StopEventKind,
    follow_fixes,
    known_progress,
    meters_between,
)
from coachway.dispatch.tracking.position_encoding import Fix, round_fix
from tests.tracks import generate, read_track
from tests.unit.dispatch.builders import TRIPS, stop, trip

ARRIVED, DEPARTED = StopEventKind.ARRIVED, StopEventKind.DEPARTED
START = datetime(2027, 3, 3, 14, tzinfo=UTC)


def drive(name: str) -> FollowResult:
    return follow_fixes(Progress(), read_track(name), trip(name))


def said(followed: FollowResult) -> list[str]:
    return [f"{each.stop} {each.kind} {each.at:%H:%M}" for each in followed.stop_events]


def test_a_drive_comes_to_its_stops_and_leaves_them() -> None:
    found = drive("to-the-shore")
    assert said(found) == ["0 arrived 13:24", "0 departed 13:50", "1 arrived 16:04", "1 departed 16:25"]
    assert found.progress.stop == 2


def test_a_tunnel_and_a_stray_fix_after_it_change_nothing() -> None:
    found = drive("tunnel")
    assert said(found) == ["0 arrived 12:49", "0 departed 13:09", "1 arrived 13:49"]
    seen = [fix.at for fix in found.counted]
    assert max(later - sooner for sooner, later in pairwise(seen)) > timedelta(minutes=10)
    assert len(read_track("tunnel")) - len(found.counted) == 1


def test_a_long_stop_is_one_stop() -> None:
    found = drive("long-stop")
    assert [(each.stop, each.kind) for each in found.stop_events if each.stop == 1] == [(1, ARRIVED), (1, DEPARTED)]
    left, came = (next(e.at for e in found.stop_events if e[:2] == (1, what)) for what in (DEPARTED, ARRIVED))
    assert timedelta(hours=2, minutes=30) < left - came < timedelta(hours=2, minutes=45)


def test_wavering_at_the_fence_of_a_round_trip_is_no_return() -> None:
    assert said(drive("round-trip")) == ["0 arrived 15:00", "0 departed 15:10", "1 arrived 15:47"]


@pytest.mark.parametrize("name", TRIPS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_it_does_not_matter_how_fixes_are_cut_into_batches(name: str, data: st.DataObject) -> None:
    fixes, stops = read_track(name)[::9], trip(name)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(fixes)), max_size=5)))
    progress = Progress()
    stop_events: list[StopEvent] = []
    for start, end in zip([0, *cuts], [*cuts, len(fixes)], strict=True):
        part = follow_fixes(progress, fixes[start:end], stops)
        progress, stop_events = part.progress, [*stop_events, *part.stop_events]
    whole = follow_fixes(Progress(), fixes, stops)
    assert (progress, stop_events) == (whole.progress, whole.stop_events)


@pytest.mark.parametrize("name", TRIPS)
def test_going_through_the_same_fixes_again_tells_nothing_new(name: str) -> None:
    fixes, stops = read_track(name), trip(name)
    first = follow_fixes(Progress(), fixes, stops)
    noted(stops, first.stop_events)
    again = follow_fixes(Progress(), fixes, stops)
    assert again.stop_events == []
    assert (again.progress.stop, again.progress.there) == (first.progress.stop, first.progress.there)
    assert (known_progress(stops).stop, known_progress(stops).there) == (first.progress.stop, first.progress.there)


def noted(stops: list[AssignmentStop], stop_events: list[StopEvent]) -> None:
    for stop_event in stop_events:
        setattr(stops[stop_event.stop], f"{stop_event.kind}_at", stop_event.at)


places = st.tuples(st.floats(40.6, 40.62), st.floats(-74.02, -74.0))


@given(
    way=st.lists(st.tuples(places, st.integers(1, 600)), max_size=60),
    where=st.lists(places | st.none(), min_size=2, max_size=5),
)
def test_each_stop_is_come_to_once_and_left_once_in_order(
    way: list[tuple[tuple[float, float], int]], where: list[tuple[float, float] | None]
) -> None:
    at, fixes = START, []
    for (latitude, longitude), seconds in way:
        at += timedelta(seconds=seconds)
        fixes.append(round_fix(at, latitude, longitude))
    stops = [stop(place, arrival="2027-03-03T10:00-05:00") for place in where]
    stop_events = follow_fixes(Progress(), fixes, stops).stop_events
    order = [(each.stop, each.kind is DEPARTED) for each in stop_events]
    assert order == sorted(set(order))
    assert [each.at for each in stop_events] == sorted(each.at for each in stop_events)


NEAR = generate.NEWARK


def at(seconds: int, meters_north: float, **more: float) -> Fix:
    return round_fix(START + timedelta(seconds=seconds), NEAR[0] + meters_north / 111_195, NEAR[1], **more)


def test_one_fix_inside_is_no_arrival_and_two_are_from_the_first_on() -> None:
    stops = [stop(NEAR)]
    assert follow_fixes(Progress(), [at(0, 150), at(10, 250), at(20, 150)], stops).stop_events == []
    assert follow_fixes(Progress(), [at(0, 250), at(10, 150), at(20, 150)], stops).stop_events == [
        StopEvent(0, ARRIVED, START + timedelta(seconds=10))
    ]


@pytest.mark.parametrize(("off", "inside"), [(195, True), (205, False)])
def test_the_fence_is_200_metres(off: float, inside: bool) -> None:
    assert bool(follow_fixes(Progress(), [at(0, off), at(10, off)], [stop(NEAR)]).stop_events) is inside


def test_a_fix_less_accurate_than_the_fence_is_ignored() -> None:
    vague = [at(10 * n, 0, accuracy_m=201) for n in range(5)]
    found = follow_fixes(Progress(), vague, [stop(NEAR)])
    assert (found.stop_events, found.counted) == ([], [])


def test_what_only_an_aeroplane_could_reach_does_not_count_until_another_fix_bears_it_out() -> None:
    here, far, alone, back = at(0, 0), at(10, 50_000), at(20, -50_000), at(30, 40)
    nowhere = [stop((10.0, 10.0))]
    assert follow_fixes(Progress(), [here, far, alone, back], nowhere).counted == [here, back]
    there = [at(20, 50_100), at(30, 50_200)]
    assert follow_fixes(Progress(), [here, far, *there], nowhere).counted == [here, far, *there]


def test_the_newest_fix_says_where_a_vehicle_is_unless_it_is_vague() -> None:
    here, far, vague = at(0, 0), at(10, 50_000), at(20, 0, accuracy_m=201)
    assert follow_fixes(Progress(), [here, far, vague], [stop(NEAR)]).newest == far
    assert follow_fixes(Progress(), [vague], [stop(NEAR)]).newest is None


def test_two_fixes_inside_each_fence_are_enough_whatever_lies_between() -> None:
    stops = [stop(NEAR), stop(generate.PRINCETON)]
    fixes = [
        round_fix(START + timedelta(seconds=seconds), *place)
        for seconds, place in ((0, NEAR), (10, NEAR), (20, generate.PRINCETON), (30, generate.PRINCETON))
    ]
    assert [(each.stop, each.kind) for each in follow_fixes(Progress(), fixes, stops).stop_events] == [
        (0, ARRIVED),
        (0, DEPARTED),
        (1, ARRIVED),
    ]


def test_a_stop_that_was_left_by_hand_is_not_left_again() -> None:
    stops = [stop(NEAR, departed_at=START), stop(generate.PRINCETON)]
    found = follow_fixes(Progress(), [at(0, 0), at(10, 0), at(20, 300), at(30, 400)], stops)
    assert (found.stop_events, found.progress.stop) == ([], 1)


def test_fixes_that_come_late_tell_the_true_time() -> None:
    stops = [stop(NEAR, arrived_at=START + timedelta(minutes=9))]
    found = follow_fixes(Progress(), [at(0, 0), at(10, 0), at(700, 0)], stops)
    assert found.stop_events == [StopEvent(0, ARRIVED, START)]


def test_a_stop_that_was_missed_is_passed_over_once_a_later_one_is_due() -> None:
    later = {"arrival": "2027-03-03T10:00-05:00"}
    stops = [stop(generate.PRINCETON), stop(None), stop(NEAR, **later)]
    early = [at(seconds, 0) for seconds in range(-1000, 0, 10)]
    assert follow_fixes(Progress(), early, stops).stop_events == []
    assert follow_fixes(Progress(), [at(seconds, 0) for seconds in range(0, 190, 10)], stops).stop_events == [
        StopEvent(2, ARRIVED, START)
    ]


def test_who_drives_past_a_later_stop_has_not_come_to_it() -> None:
    stops = [stop(generate.PRINCETON), stop(NEAR, stop_type=StopType.DROPOFF, arrival="2027-03-03T09:30-05:00")]
    past = [at(10 * n, 90 * n - 400) for n in range(12)]
    assert follow_fixes(Progress(), past, stops).stop_events == []


def test_stops_in_one_fence_are_served_together() -> None:
    beside = (NEAR[0] + 100 / 111_195, NEAR[1])
    stops = [
        stop(NEAR, departure="2027-03-03T09:00-05:00"),
        stop(beside, departure="2027-03-03T09:05-05:00"),
        stop(generate.PRINCETON),
    ]
    found = follow_fixes(Progress(), [at(0, 0), at(10, 0), at(20, 400), at(30, 600)], stops)
    assert [(each.stop, each.kind) for each in found.stop_events] == [
        (0, ARRIVED),
        (0, DEPARTED),
        (1, ARRIVED),
        (1, DEPARTED),
    ]


def round_trip(back: str) -> list[AssignmentStop]:
    return [
        stop(NEAR, stop_type=StopType.PICKUP, departure="2027-03-03T09:00-05:00"),
        stop(NEAR, stop_type=StopType.DROPOFF, arrival=f"2027-03-03T{back}-05:00"),
    ]


def test_a_round_trip_that_leaves_late_is_not_over_as_it_leaves() -> None:
    late = [at(seconds, 0) for seconds in range(2400, 2700, 10)] + [at(2700 + 10 * n, 60 * n) for n in range(1, 30)]
    found = follow_fixes(Progress(), late, round_trip("09:50"))
    assert said(found) == ["0 arrived 14:40", "0 departed 14:45"]


def test_a_tour_that_passes_where_it_began_is_not_over() -> None:
    out = [at(10 * n, 100 * n) for n in range(40)]
    back = [at(400 + 10 * n, 4000 - 100 * n) for n in range(80)]
    assert said(follow_fixes(Progress(), [at(-10, 0), *out, *back], round_trip("12:00"))) == [
        "0 arrived 13:59",
        "0 departed 14:00",
    ]
    stays = [at(800 + 10 * n, 0) for n in range(20)]
    early = follow_fixes(Progress(), [at(-10, 0), *out, *back[:40], *stays], round_trip("12:00"))
    assert said(early)[2:] == ["1 arrived 14:13"]


def overnight() -> list[AssignmentStop]:
    return [
        stop(NEAR, stop_type=StopType.DROPOFF, arrival="2027-03-03T09:00-05:00"),
        stop(NEAR, stop_type=StopType.PICKUP, departure="2027-03-04T09:00-05:00"),
        stop(generate.PRINCETON, stop_type=StopType.DROPOFF, arrival="2027-03-04T10:00-05:00"),
    ]


DAY = 86_400


def test_who_stays_overnight_leaves_both_stops_in_the_morning() -> None:
    fixes = [at(seconds, 0) for seconds in range(0, DAY, 300)] + [at(DAY + 10 * n, 150 * n) for n in range(1, 6)]
    found = follow_fixes(Progress(), fixes, overnight())
    assert [(each.stop, each.kind) for each in found.stop_events] == [
        (0, ARRIVED),
        (0, DEPARTED),
        (1, ARRIVED),
        (1, DEPARTED),
    ]
    assert {each.at for each in found.stop_events[1:]} == {START + timedelta(seconds=DAY + 20)}


def test_who_parks_elsewhere_overnight_comes_back_in_the_morning() -> None:
    fixes = [at(seconds, 0) for seconds in range(0, 900, 10)]
    fixes += [at(seconds, 1500) for seconds in range(960, DAY - 900, 300)]
    fixes += [at(seconds, 0) for seconds in range(DAY - 600, DAY, 10)]
    fixes += [at(DAY + 10 * n, 150 * n) for n in range(1, 6)]
    assert said(follow_fixes(Progress(), fixes, overnight())) == [
        "0 arrived 14:00",
        "0 departed 14:16",
        "1 arrived 13:50",
        "1 departed 14:00",
    ]


def test_metres_are_metres() -> None:
    assert meters_between(Coordinates(40.0, -74.0), Coordinates(40.001, -74.0)) == pytest.approx(111.2, abs=0.2)
