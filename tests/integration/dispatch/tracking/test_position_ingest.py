"""Ingest of positions and its cost, on the table in memory."""

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
from coachway.dispatch.tracking import position_ingest, position_store, stop_event_service
from coachway.dispatch.tracking.position_encoding import round_position
from coachway.dispatch.tracking.position_ingest import PositionBatch, PositionReport
from tests.integration.bookings.builders import ORG
from tests.integration.client import NO_IDEMPOTENCY_KEY
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.tracking_builders import (
    create_trip_on_duty,
    list_stored_positions,
    local_time,
    position_report,
    send_ok,
    send_positions,
    send_track,
)
from tests.load.dynamodb_meter import Meter
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def create_positions(count: int, seconds: int = 10, start: str = "08:10") -> list[Any]:
    """Create positions on a straight road away from all stops."""
    return [
        round_position(local_time(start) + timedelta(seconds=seconds * n), 40.9 + n / 2000, -74.2, 45, 10, 5)
        for n in range(count)
    ]


def test_ingest_positions_with_repeated_ones_stores_each_once() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    assert send_positions(assignment_id, create_positions(3), driver_id=rosa) == {
        "accepted": 3,
        "duplicates": 0,
        "ignored": 0,
        "untrusted": [],
    }
    assert send_positions(assignment_id, create_positions(5), driver_id=rosa) == {
        "accepted": 2,
        "duplicates": 3,
        "ignored": 0,
        "untrusted": [],
    }
    assert list_stored_positions(assignment_id) == create_positions(5)


def ingest_metered(assignment_id: str, positions: list[Any], rosa: str) -> Meter:
    """Ingest a batch and meter its cost."""
    caller = Caller(org_id=ORG, user_id="usr_1", role="driver", party_id=rosa)
    points = [PositionReport.model_validate(position_report(position)) for position in positions]
    with tracking_builders.freeze_time(positions[-1].at), (meter := Meter()).running():
        position_ingest.ingest_positions(caller, PositionBatch(assignment_id=assignment_id, points=points))
    return meter


def test_ingest_positions_of_one_position_takes_one_write_unit() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    positions = create_positions(90)
    send_positions(assignment_id, positions[:1], driver_id=rosa)
    for position in positions[1:]:
        meter = ingest_metered(assignment_id, [position], rosa)
        assert (meter.write_units, meter.read_units, meter.calls) == (1, 2, 3)


def test_ingest_positions_of_one_position_consumes_one_capacity_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    send_positions(assignment_id, create_positions(29), driver_id=rosa)
    consumed_units = []
    original = type(connection()).dispatch

    def dispatch(self: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        response: dict[str, Any] = original(self, operation, request)
        if operation == "PutItem":
            consumed_units.append(response["ConsumedCapacity"]["CapacityUnits"])
        return response

    monkeypatch.setattr(type(connection()), "dispatch", dispatch)
    send_positions(assignment_id, create_positions(30)[-1:], driver_id=rosa, headers=NO_IDEMPOTENCY_KEY)
    assert consumed_units == [1.0]


def test_save_page_full_is_smaller_than_one_kilobyte() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    send_track(assignment_id, read_track("to-the-shore"), driver_id=rosa, batch_size=100)
    pages = position_store.list_pages(ORG, assignment_id)
    assert max(len(page.positions) for page in pages) == 30
    client: Any = connection().client
    for page in pages:
        key = page.key()
        response = client.get_item(TableName=settings.table_name(), Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
        size = sum(len(n) + len(next(iter(v.values()))) for n, v in response["Item"].items())
        assert size < 950


def test_ingest_positions_of_a_batch_takes_one_write_unit_per_page() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    meter = ingest_metered(assignment_id, create_positions(100), rosa)
    assert (meter.write_units, meter.calls) == (4, 6)


def test_ingest_positions_in_any_order_stores_each_once_in_order() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    positions = create_positions(180)
    random_source = random.Random(7)
    batches = [positions[first : first + 30] for first in range(0, 180, 20)]  # they overlap
    random_source.shuffle(batches)
    accepted = 0
    for batch in batches:
        shuffled = random_source.sample(batch, len(batch))
        with tracking_builders.freeze_time(positions[-1].at):
            result = send_positions(assignment_id, [*shuffled, shuffled[0]], driver_id=rosa)
        accepted += result["accepted"]
        assert result["accepted"] + result["duplicates"] == len(batch) + 1
    assert accepted == 180
    assert list_stored_positions(assignment_id) == positions


def test_ingest_positions_in_parallel_stores_all() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    positions = create_positions(120)
    results: list[dict[str, Any]] = []

    def send(own_positions: list[Any]) -> None:
        results.append(send_at_current_time(assignment_id, own_positions, rosa))

    with tracking_builders.freeze_time(positions[-1].at):
        threads = [threading.Thread(target=send, args=(positions[n::4] + positions[:5],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert list_stored_positions(assignment_id) == positions
    assert sum(item["accepted"] for item in results) == 120
    assert sum(item["duplicates"] for item in results) == 20


def send_at_current_time(assignment_id: str, positions: list[Any], rosa: str) -> dict[str, Any]:
    body = {"assignment_id": assignment_id, "points": [position_report(position) for position in positions]}
    return send_ok("POST", "/dispatch/check-ins", body, driver_id=rosa)


def test_ingest_positions_interrupted_between_pages_is_completed_by_the_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    positions, save_page, calls = create_positions(100), position_store.save_page, []

    def fail_once(page: Any) -> None:
        calls.append(page)
        if len(calls) == 2:
            raise ConcurrentUpdate("the page was changed")
        save_page(page)

    monkeypatch.setattr(position_store, "save_page", fail_once)
    assert send_positions(assignment_id, positions, driver_id=rosa) == {
        "accepted": 100,
        "duplicates": 0,
        "ignored": 0,
        "untrusted": [],
    }
    assert list_stored_positions(assignment_id) == positions


@pytest.mark.parametrize(
    ("step", "first_accepted"), [((position_store, "save_page"), 100), ((stop_event_service, "write_step"), 0)]
)
def test_ingest_positions_killed_before_a_step_is_completed_by_the_same_request(
    monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str], first_accepted: int
) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    positions, key = read_track("to-the-shore")[60:160], {"Idempotency-Key": "once"}

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(*step, fail)
        with pytest.raises(AssertionError, match="500"):
            send_positions(assignment_id, positions, driver_id=rosa, headers=key)
    assert "trip.arrived" not in tracking_builders.event_types(assignment_id)
    response = send_positions(assignment_id, positions, driver_id=rosa, headers=key)
    assert (response["accepted"], response["accepted"] + response["duplicates"]) == (first_accepted, 100)
    assert list_stored_positions(assignment_id) == positions
    assert "trip.arrived" in tracking_builders.event_types(assignment_id)


def test_ingest_positions_of_another_driver_returns_404() -> None:
    _, assignment_id, _ = create_trip_on_duty()
    body = {"assignment_id": assignment_id, "points": [position_report(item) for item in create_positions(1)]}
    other_driver = builders.create_driver("Sam Tran")
    with tracking_builders.freeze_time("08:30"):
        assert tracking_builders.send_request("POST", "/dispatch/check-ins", body, driver_id=other_driver).status == 404
        assert tracking_builders.send_request("POST", "/dispatch/check-ins", body, rights="dispatch:read").status == 403
        assert (
            tracking_builders.send_request(
                "POST", "/dispatch/check-ins", {**body, "assignment_id": ids.new("asg")}
            ).status
            == 404
        )
        assert tracking_builders.send_request("POST", "/dispatch/check-ins", body).status == 202


def test_ingest_positions_in_the_future_returns_422() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    current, future = (
        position_report(create_positions(1)[0]),
        {**position_report(create_positions(1)[0]), "recorded_at": local_time("08:16").isoformat()},
    )
    body = {"assignment_id": assignment_id, "points": [current, future]}
    with tracking_builders.freeze_time("08:10"):
        reply = tracking_builders.send_request("POST", "/dispatch/check-ins", body, driver_id=rosa)
    assert (reply.status, [item["field"] for item in reply.json()["errors"]]) == (422, ["points.1.recorded_at"])
    assert list_stored_positions(assignment_id) == []
    with tracking_builders.freeze_time("08:11"):
        assert send_ok("POST", "/dispatch/check-ins", body, driver_id=rosa)["accepted"] == 2


def test_ingest_positions_off_duty_stores_nothing() -> None:
    charter_id = builders.create_trip()
    rosa = builders.create_driver()
    assignment = builders.create_assignment(charter_id, rosa, builders.create_vehicle())
    body = {"assignment_id": assignment["id"], "points": [position_report(item) for item in create_positions(1)]}
    with tracking_builders.freeze_time("08:30"):
        reply = tracking_builders.send_request("POST", "/dispatch/check-ins", body, driver_id=rosa)
        assert (reply.status, reply.json()["code"]) == (409, "driver_not_on_duty")
        send_ok("POST", f"/dispatch/assignments/{assignment['id']}/check-in", {}, driver_id=rosa)
    assert send_positions(assignment["id"], create_positions(3, start="08:24"), driver_id=rosa)["ignored"] == 3
    assert send_positions(assignment["id"], create_positions(2, start="08:31"), driver_id=rosa)["accepted"] == 2


def test_ingest_positions_of_the_same_moment_keeps_the_most_complete() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    report = position_report(create_positions(1)[0])
    points = [report, {**report, "speed_mph": None}, {**report, "latitude": 40.8, "heading": None}]
    with tracking_builders.freeze_time("08:30"):
        body = {"assignment_id": assignment_id, "points": points}
        assert send_ok("POST", "/dispatch/check-ins", body, driver_id=rosa) == {
            "accepted": 1,
            "duplicates": 2,
            "ignored": 0,
            "untrusted": [],
        }
        body["points"] = points[::-1]
        assert send_ok("POST", "/dispatch/check-ins", body, driver_id=rosa) == {
            "accepted": 0,
            "duplicates": 3,
            "ignored": 0,
            "untrusted": [],
        }
    assert list_stored_positions(assignment_id) == create_positions(1)


def send_fixes(assignment_id: str, rosa: str, *fixes: tuple[str, tuple[float, float]], **fields: Any) -> dict[str, Any]:
    """Send positions, each at a time in New York."""
    positions = [round_position(local_time(clock_time), *place, **fields) for clock_time, place in fixes]
    return send_positions(assignment_id, positions, driver_id=rosa)


def test_ingest_positions_without_a_fix_are_stored_and_decide_nothing() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    result = send_fixes(assignment_id, rosa, ("08:01", (0.0, 0.0)), ("08:02", (0.0, 0.0)), ("08:03", (0.0, 0.0)))
    assert (result["accepted"], {position["reason"] for position in result["untrusted"]}) == (3, {"no_fix"})
    assert len(list_stored_positions(assignment_id)) == 3
    assert "trip.late_risk" not in tracking_builders.event_types(assignment_id)
    with tracking_builders.freeze_time("08:04"):
        [vehicle] = send_ok("GET", f"/dispatch/charters/{charter_id}/track")["vehicles"]
    assert (vehicle["position"], vehicle["path"], vehicle["late_minutes"]) == (None, [], None)
    assert [position["reason"] for position in vehicle["untrusted_positions"]] == ["no_fix"] * 3


@pytest.mark.parametrize(
    ("second", "raises_alarm"),
    [
        (("08:06", (42.09, -76.81)), True),
        (("08:06", (42.1, -76.8)), False),
        (("08:06", (0.0, 0.0)), False),
        (("08:12", (40.7, -74.0)), False),
    ],
)
def test_ingest_positions_of_a_delay_need_a_second_one(
    second: tuple[str, tuple[float, float]], raises_alarm: bool
) -> None:
    """A receiver that is stuck repeats the same position, so that a repetition confirms nothing."""
    _, assignment_id, rosa = create_trip_on_duty()
    send_fixes(assignment_id, rosa, ("08:05", (42.1, -76.8)))
    assert "trip.late_risk" not in tracking_builders.event_types(assignment_id)
    send_fixes(assignment_id, rosa, second)
    assert ("trip.late_risk" in tracking_builders.event_types(assignment_id)) is raises_alarm


def test_ingest_positions_beyond_the_page_limit_ignores_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    monkeypatch.setattr(position_store, "MAX_POSITIONS", 25)
    assert send_positions(assignment_id, create_positions(20), driver_id=rosa) == {
        "accepted": 20,
        "duplicates": 0,
        "ignored": 0,
        "untrusted": [],
    }
    later_positions = [
        position._replace(at=position.at + timedelta(seconds=5), latitude=round(position.latitude + 1 / 4000, 5))
        for position in create_positions(20)
    ]
    assert send_positions(assignment_id, [*create_positions(1), *later_positions], driver_id=rosa) == {
        "accepted": 5,
        "duplicates": 1,
        "ignored": 15,
        "untrusted": [],
    }
    assert list_stored_positions(assignment_id) == sorted([*create_positions(20), *later_positions[:5]])


@pytest.mark.parametrize(
    ("points", "field"),
    [
        ([], "points"),
        ([{}], "points.0.latitude"),
        ([{"latitude": 91, "longitude": 0, "recorded_at": "2027-03-03T08:10:00-05:00"}], "points.0.latitude"),
        ([{"latitude": 1, "longitude": 0, "recorded_at": "yesterday"}], "points.0.recorded_at"),
        ([{"latitude": 1, "longitude": 0, "recorded_at": "0001-01-01T00:00:00+14:00"}], "points.0.recorded_at"),
        ([{"latitude": 1, "longitude": 0, "recorded_at": "9999-12-31T23:59:59-14:00"}], "points.0.recorded_at"),
        ([position_report(create_positions(1)[0])] * 101, "points"),
    ],
)
def test_ingest_positions_with_invalid_data_returns_422(points: list[Any], field: str) -> None:
    body = {"assignment_id": ids.new("asg"), "points": points}
    reply = tracking_builders.send_request("POST", "/dispatch/check-ins", body)
    assert reply.status == 422
    assert field in {item["field"] for item in reply.json()["errors"]}
