"""Positions through their route: kept once, in order, at a unit each; what follows from them."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import Any

import pytest

from coachway.core.caller import Caller
from coachway.core.errors import ConcurrentUpdate
from coachway.core.persistence.table import connection
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.dispatch.tracking import position_ingest, position_store
from coachway.dispatch.tracking.position_encoding import round_fix
from coachway.dispatch.tracking.position_ingest import PositionBatch, PositionReport
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.trip_builders import at, done, driven, events, on_duty, point, told
from tests.load.dynamodb_meter import Meter
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def kept(assignment_id: str) -> list[Any]:
    return [fix for page in position_store.list_pages(ORG, assignment_id) for fix in page.fixes]


def straight(count: int, seconds: int = 10, start: str = "08:10") -> list[Any]:
    """Fixes on a road that leads nowhere near a stop."""
    return [
        round_fix(at(start) + timedelta(seconds=seconds * n), 40.9 + n / 2000, -74.2, 45, 10, 5) for n in range(count)
    ]


def test_the_worked_example() -> None:
    _, assignment_id, rosa = on_duty()
    assert told(assignment_id, straight(3), by=rosa) == {"accepted": 3, "duplicates": 0, "ignored": 0}
    assert told(assignment_id, straight(5), by=rosa) == {"accepted": 2, "duplicates": 3, "ignored": 0}
    assert kept(assignment_id) == straight(5)


def taken(assignment_id: str, fixes: list[Any], rosa: str) -> Meter:
    """What DynamoDB charges for a batch."""
    caller = Caller(org_id=ORG, user_id="usr_1", role="driver", party_id=rosa)
    points = [PositionReport.model_validate(point(fix)) for fix in fixes]
    with trip_builders.the_time_is(fixes[-1].at), (meter := Meter()).running():
        position_ingest.ingest_positions(caller, PositionBatch(assignment_id=assignment_id, points=points))
    return meter


def test_a_check_in_costs_one_write_unit_and_two_reads() -> None:
    _, assignment_id, rosa = on_duty()
    fixes = straight(90)
    told(assignment_id, fixes[:1], by=rosa)
    for fix in fixes[1:]:
        meter = taken(assignment_id, [fix], rosa)
        assert (meter.write_units, meter.read_units, meter.calls) == (1, 2, 3)


def test_dynamodb_itself_charges_one_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = on_duty()
    told(assignment_id, straight(29), by=rosa)
    charged = []
    original = type(connection()).dispatch

    def dispatch(self: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = original(self, operation, request)
        if operation == "PutItem":
            charged.append(answer["ConsumedCapacity"]["CapacityUnits"])
        return answer

    monkeypatch.setattr(type(connection()), "dispatch", dispatch)
    told(assignment_id, straight(30)[-1:], by=rosa)
    assert charged == [1.0]


def test_a_full_page_is_less_than_a_kilobyte() -> None:
    _, assignment_id, rosa = on_duty()
    driven(assignment_id, read_track("to-the-shore"), by=rosa, together=100)
    pages = position_store.list_pages(ORG, assignment_id)
    assert max(len(page.fixes) for page in pages) == 30
    client: Any = connection().client
    for page in pages:
        place = page.key()
        raw = client.get_item(TableName=settings.table_name(), Key={"pk": {"S": place.pk}, "sk": {"S": place.sk}})
        size = sum(len(n) + len(next(iter(v.values()))) for n, v in raw["Item"].items())
        assert size < 950


def test_a_batch_costs_a_unit_for_each_page() -> None:
    _, assignment_id, rosa = on_duty()
    meter = taken(assignment_id, straight(100), rosa)
    assert (meter.write_units, meter.calls) == (4, 6)


def test_what_comes_late_twice_and_out_of_order_is_kept_once_and_in_order() -> None:
    _, assignment_id, rosa = on_duty()
    fixes = straight(180)
    chance = random.Random(7)
    batches = [fixes[first : first + 30] for first in range(0, 180, 20)]  # they overlap
    chance.shuffle(batches)
    taken = 0
    for batch in batches:
        mixed = chance.sample(batch, len(batch))
        with trip_builders.the_time_is(fixes[-1].at):
            answer = told(assignment_id, [*mixed, mixed[0]], by=rosa)
        taken += answer["accepted"]
        assert answer["accepted"] + answer["duplicates"] == len(batch) + 1
    assert taken == 180
    assert kept(assignment_id) == fixes


def test_two_batches_at_once_are_both_kept() -> None:
    _, assignment_id, rosa = on_duty()
    fixes = straight(120)
    answers: list[dict[str, Any]] = []

    def send(mine: list[Any]) -> None:
        answers.append(told_now(assignment_id, mine, rosa))

    with trip_builders.the_time_is(fixes[-1].at):
        threads = [threading.Thread(target=send, args=(fixes[n::4] + fixes[:5],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert kept(assignment_id) == fixes
    assert sum(each["accepted"] for each in answers) == 120
    assert sum(each["duplicates"] for each in answers) == 20


def told_now(assignment_id: str, fixes: list[Any], rosa: str) -> dict[str, Any]:
    body = {"assignment_id": assignment_id, "points": [point(fix) for fix in fixes]}
    return done("POST", "/dispatch/check-ins", body, by=rosa)


def test_a_try_that_was_interrupted_between_two_pages_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = on_duty()
    fixes, keep, calls = straight(100), position_store.save_page, []

    def fails(page: Any) -> None:
        calls.append(page)
        if len(calls) == 2:
            raise ConcurrentUpdate("another was faster")
        keep(page)

    monkeypatch.setattr(position_store, "save_page", fails)
    assert told(assignment_id, fixes, by=rosa) == {"accepted": 100, "duplicates": 0, "ignored": 0}
    assert kept(assignment_id) == fixes


def test_only_the_driver_and_the_organization_tell_where_a_vehicle_is() -> None:
    _, assignment_id, _ = on_duty()
    body = {"assignment_id": assignment_id, "points": [point(each) for each in straight(1)]}
    stranger = builders.driver("Sam Tran")
    with trip_builders.the_time_is("08:30"):
        assert trip_builders.ask("POST", "/dispatch/check-ins", body, by=stranger).status == 404
        assert trip_builders.ask("POST", "/dispatch/check-ins", body, rights="dispatch:read").status == 403
        assert trip_builders.ask("POST", "/dispatch/check-ins", {**body, "assignment_id": ids.new("asg")}).status == 404
        assert trip_builders.ask("POST", "/dispatch/check-ins", body).status == 202


def test_what_was_recorded_in_the_future_is_refused_by_its_place() -> None:
    _, assignment_id, rosa = on_duty()
    now, skewed = point(straight(1)[0]), {**point(straight(1)[0]), "recorded_at": at("08:16").isoformat()}
    body = {"assignment_id": assignment_id, "points": [now, skewed]}
    with trip_builders.the_time_is("08:10"):
        reply = trip_builders.ask("POST", "/dispatch/check-ins", body, by=rosa)
    assert (reply.status, [each["field"] for each in reply.json()["errors"]]) == (422, ["points.1.recorded_at"])
    assert kept(assignment_id) == []
    with trip_builders.the_time_is("08:11"):
        assert done("POST", "/dispatch/check-ins", body, by=rosa)["accepted"] == 2


def test_off_duty_nobody_keeps_where_a_driver_is() -> None:
    run = builders.trip()
    rosa = builders.driver()
    made = builders.assigned(run, rosa, builders.vehicle())
    body = {"assignment_id": made["id"], "points": [point(each) for each in straight(1)]}
    with trip_builders.the_time_is("08:30"):
        refused = trip_builders.ask("POST", "/dispatch/check-ins", body, by=rosa)
        assert (refused.status, refused.json()["code"]) == (409, "driver_not_on_duty")
        done("POST", f"/dispatch/assignments/{made['id']}/check-in", {}, by=rosa)
    assert told(made["id"], straight(3, start="08:24"), by=rosa)["ignored"] == 3
    assert told(made["id"], straight(2, start="08:31"), by=rosa)["accepted"] == 2


def test_of_two_positions_of_one_moment_the_first_stands() -> None:
    _, assignment_id, rosa = on_duty()
    one = point(straight(1)[0])
    same = [one, {**one, "speed_mph": None}, {**one, "latitude": 40.8, "heading": None}]
    with trip_builders.the_time_is("08:30"):
        body = {"assignment_id": assignment_id, "points": same}
        assert done("POST", "/dispatch/check-ins", body, by=rosa) == {"accepted": 1, "duplicates": 2, "ignored": 0}
        body["points"] = same[::-1]
        assert done("POST", "/dispatch/check-ins", body, by=rosa) == {"accepted": 0, "duplicates": 3, "ignored": 0}
    assert kept(assignment_id) == straight(1)


def test_a_page_takes_no_more_than_an_item_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = on_duty()
    monkeypatch.setattr(position_store, "MAX_FIXES", 25)
    assert told(assignment_id, straight(20), by=rosa) == {"accepted": 20, "duplicates": 0, "ignored": 0}
    between = [fix._replace(at=fix.at + timedelta(seconds=5)) for fix in straight(20)]
    assert told(assignment_id, [*straight(1), *between], by=rosa) == {"accepted": 5, "duplicates": 1, "ignored": 15}
    assert kept(assignment_id) == sorted([*straight(20), *between[:5]])


@pytest.mark.parametrize(
    ("points", "field"),
    [
        ([], "points"),
        ([{}], "points.0.latitude"),
        ([{"latitude": 91, "longitude": 0, "recorded_at": "2027-03-03T08:10:00-05:00"}], "points.0.latitude"),
        ([{"latitude": 1, "longitude": 0, "recorded_at": "yesterday"}], "points.0.recorded_at"),
        ([{"latitude": 1, "longitude": 0, "recorded_at": "0001-01-01T00:00:00+14:00"}], "points.0.recorded_at"),
        ([{"latitude": 1, "longitude": 0, "recorded_at": "9999-12-31T23:59:59-14:00"}], "points.0.recorded_at"),
        ([point(straight(1)[0])] * 101, "points"),
    ],
)
def test_nonsense_is_refused(points: list[Any], field: str) -> None:
    body = {"assignment_id": ids.new("asg"), "points": points}
    reply = trip_builders.ask("POST", "/dispatch/check-ins", body)
    assert reply.status == 422
    assert field in {each["field"] for each in reply.json()["errors"]}


def test_a_recorded_drive_runs_the_trip() -> None:
    run, assignment_id, rosa = on_duty()
    track = read_track("to-the-shore")
    driven(assignment_id, track, by=rosa)
    done_ = trip_builders.assignment(assignment_id)
    pickup, dropoff = done_.stops
    assert [pickup.arrived_at, pickup.departed_at, dropoff.arrived_at] == [
        at("08:24:30"),
        at("08:50:00"),
        at("11:04:30"),
    ]
    assert (pickup.dwell_minutes, pickup.billable_minutes) == (25, 0)
    assert done_.status == "completed"
    assert builders.charter(run)["status"] == "completed"
    assert events(assignment_id) == [
        "assignment.offered",
        "assignment.checked_in",
        "trip.arrived",
        "trip.departed",
        "trip.arrived",
        "trip.departed",
    ]
    with trip_builders.the_time_is("12:00"):
        out = done("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, by=rosa)
    assert (out["status"], out["checked_out_at"]) == ("completed", at("12:00").isoformat().replace("+00:00", "Z"))


def test_a_button_counts_although_the_telephone_is_ahead_of_it() -> None:
    """Positions carry the telephone's own time; what is pressed is not taken to be in the future."""
    _, assignment_id, rosa = on_duty()
    there = [round_fix(at("08:24") + timedelta(seconds=10 * n), 40.7074, -74.0113, 0, None, 5) for n in range(2)]
    with trip_builders.the_time_is("08:20"):
        told(assignment_id, there, by=rosa)
        path = f"/dispatch/assignments/{assignment_id}/depart"
        refused = trip_builders.ask("POST", path, {"stop": 0, "at": at("08:18").isoformat()}, by=rosa)
        assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "at")
        left = done("POST", path, {"stop": 0, "at": at("08:24:30").isoformat()}, by=rosa)["stops"][0]
        assert (left["arrived_at"], left["departed_at"]) == ("2027-03-03T13:24:00Z", "2027-03-03T13:24:00Z")


@pytest.mark.parametrize("seed", range(4))
def test_a_drive_that_comes_in_any_order_ends_as_it_would_have(seed: int) -> None:
    """What was recorded without a network comes in batches, some of it twice, the newest perhaps first."""
    run, assignment_id, rosa = on_duty()
    track = read_track("to-the-shore")
    batches = [track[first : first + 97] for first in range(0, len(track), 90)]
    random.Random(seed).shuffle(batches)
    with trip_builders.the_time_is(track[-1].at):
        for batch in batches:
            told(assignment_id, batch, by=rosa)
    assert kept(assignment_id) == track
    arrived = trip_builders.assignment(assignment_id)
    assert (arrived.stops[0].arrived_at, arrived.stops[0].departed_at) == (at("08:24:30"), at("08:50:00"))
    assert arrived.stops[1].arrived_at == at("11:04:30")
    assert (arrived.status, builders.charter(run)["status"]) == ("completed", "completed")
    told_of = [each for each in events(assignment_id) if each in {"trip.arrived", "trip.departed"}]
    assert sorted(told_of) == [
        "trip.arrived",
        "trip.arrived",
        "trip.departed",
        "trip.departed",
    ]
