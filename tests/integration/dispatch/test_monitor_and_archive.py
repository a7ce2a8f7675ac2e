"""What is told of trips whose vehicles say nothing, and where old trails go: the timers, on the table in memory."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from coachway.core import file_storage, store
from coachway.core.errors import ConcurrentUpdate
from coachway.core.persistence import single_item
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.dispatch.assignments.watch import MonitoringSchedule
from coachway.dispatch.tracking import archive_job, monitor_job, position_store
from coachway.dispatch.tracking.position_encoding import round_fix
from tests.entries import load
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.trip_builders import assignment, at, done, events, on_duty, the_time_is, told
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


@pytest.fixture
def bucket(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The deployment's bucket."""
    monkeypatch.setenv("BUCKET_NAME", "files")
    file_storage.forget()
    client = boto3.client("s3")
    client.create_bucket(Bucket="files")
    yield client
    file_storage.forget()


def looked(local: str, day: str = "2027-03-03") -> dict[str, int]:
    with the_time_is(local, day):
        return monitor_job.run().model_dump()


def said(assignment_id: str, kind: str) -> list[dict[str, Any]]:
    """What the events of one kind say of an assignment."""
    found = query_all(Envelope, assignment(assignment_id).key().pk, prefix="EVENT#")
    return [each.data for each in found if each.type == kind]


def test_a_driver_who_does_not_report_is_told_of_once() -> None:
    made = builders.assigned(builders.trip(), builders.driver(), builders.vehicle())["id"]
    assert looked("09:14")["checked"] == 0
    assert looked("09:15")["unstarted"] == 1
    assert looked("09:16")["unstarted"] == looked("09:20")["unstarted"] == 0
    [told_of] = said(made, "trip.unstarted")
    assert (told_of["minutes"], told_of["driver_name"]) == (15, "Rosa Delgado")
    assert told_of["driver_phone"].startswith("+1212")


@pytest.mark.parametrize("made_at", ["10:05:00", "10:59:30"])
def test_a_trip_that_is_given_to_somebody_after_it_should_have_begun_is_looked_at(made_at: str) -> None:
    run, rosa, coach = builders.trip(), builders.driver(), builders.vehicle()
    looked(made_at)  # what fell due before ten has been gone through
    with the_time_is(made_at):
        builders.assigned(run, rosa, coach)
    assert looked("11:01")["unstarted"] == 1


def test_a_trip_that_does_not_leave_is_late_once_for_each_quarter_of_an_hour() -> None:
    _, made, _ = on_duty()
    for minutes in range(0, 60, 5):
        looked(f"09:{minutes:02d}")
    assert [each["minutes"] for each in said(made, "trip.late_risk")] == [15, 30, 45]
    assert [each["stop"] for each in said(made, "trip.late_risk")] == [0, 0, 0]
    assert assignment(made).late_minutes == 45


def test_nobody_is_told_of_a_trip_for_ever() -> None:
    _, made, _ = on_duty()
    for hour in range(9, 20):
        for minutes in (0, 15, 30, 45):
            looked(f"{hour:02d}:{minutes:02d}")
    assert [each["minutes"] for each in said(made, "trip.late_risk")] == list(range(15, 121, 15))


def test_a_vehicle_that_says_nothing_is_late_once_its_stop_should_be_reached() -> None:
    _, made, rosa = on_duty()
    with the_time_is("09:05"):
        done("POST", f"/dispatch/assignments/{made}/depart", {}, by=rosa)
    for local in ("09:20", "11:30", "12:05"):
        assert looked(local)["alarms"] == 0
    assert looked("12:16")["alarms"] == 1
    [late] = said(made, "trip.late_risk")
    assert (late["stop"], late["minutes"], late["expected_at"]) == (1, 16, None)


def test_positions_tell_of_lateness_before_it_comes_and_once_for_each_step() -> None:
    _, made, rosa = on_duty()
    with the_time_is("09:40"):
        done("POST", f"/dispatch/assignments/{made}/depart", {}, by=rosa)
    slow = [round_fix(at("09:41") + timedelta(seconds=20 * n), 40.7 - n / 400, -74.02, 40, 180, 5) for n in range(30)]
    for fix in slow:
        told(made, [fix], by=rosa)
    first, *more = said(made, "trip.late_risk")
    assert first["minutes"] >= 15
    assert first["expected_at"] > first["planned_at"]
    steps = [each["minutes"] // 15 for each in (first, *more)]
    assert steps == sorted(set(steps))


def test_driving_past_the_hours_of_service_is_told_once() -> None:
    _, made, rosa = on_duty()
    with the_time_is("09:00"):
        done("POST", f"/dispatch/assignments/{made}/depart", {}, by=rosa)
    assert assignment(made).may_drive_until == at("19:00")
    for local in ("18:59", "19:10", "19:40", "20:30"):
        looked(local)
    assert [each["since"] for each in said(made, "trip.hours_exceeded")] == [
        at("19:00").isoformat().replace("+00:00", "Z")
    ]
    _, seen, sam = on_duty(name="Sam Tran", coach="Coach 2", day="2027-03-10")
    with the_time_is("09:00", "2027-03-10"):
        done("POST", f"/dispatch/assignments/{seen}/depart", {}, by=sam)
    for local in ("18:58", "19:05", "19:06"):
        told(seen, [round_fix(at(local, "2027-03-10"), 40.0, -74.2)], by=sam)
    assert events(seen).count("trip.hours_exceeded") == 1


def test_two_drivers_drive_one_after_the_other_before_that_is_too_long() -> None:
    """Each may drive for ten hours, and be on duty for fifteen, riding along included."""
    run = builders.trip(requires_second_driver=True)
    rosa, sam = builders.driver(), builders.driver("Sam Tran")
    made = builders.assigned(run, rosa, builders.vehicle(), second_driver_id=sam)["id"]
    with the_time_is("09:00"):
        done("POST", f"/dispatch/assignments/{made}/check-in", {}, by=rosa)
        done("POST", f"/dispatch/assignments/{made}/depart", {}, by=rosa)
    assert assignment(made).may_drive_until == at("00:00", "2027-03-04")
    looked("20:00")
    assert said(made, "trip.hours_exceeded") == []


def test_a_rest_on_the_way_gives_new_hours() -> None:
    stops_at = builders.trip()
    _, made, rosa = on_duty(stops_at)
    with the_time_is("18:00"):
        done("POST", f"/dispatch/assignments/{made}/depart", {}, by=rosa)
    assert assignment(made).may_drive_until == at("23:00")  # ten hours on duty are over, five of duty left


def test_what_is_over_is_watched_no_more_and_archived_in_four_weeks(bucket: Any) -> None:
    _, made, rosa = on_duty()
    track = read_track("to-the-shore")
    trip_builders.driven(made, track, by=rosa, together=100)
    assert looked("12:05")["over"] == 1
    assert looked("13:00")["checked"] == 0
    with the_time_is("12:00", "2027-03-30"):
        assert archive_job.run().trails == 0
    with the_time_is("12:10", "2027-03-31"):
        assert archive_job.run().model_dump() == {"trails": 1, "fixes": len(track), "failed": 0}
        assert archive_job.run().trails == 0
    assert position_store.list_pages(ORG, made) == []
    kept = gzip.decompress(bucket.get_object(Bucket="files", Key=archive_job.archive_key(ORG, made))["Body"].read())
    lines = [json.loads(line) for line in kept.decode().splitlines()]
    assert len(lines) == len(track)
    assert lines[0] == {
        "at": "2027-03-03T13:05:00.000+00:00",
        "latitude": track[0].latitude,
        "longitude": track[0].longitude,
        "speed_mph": track[0].speed_mph,
        "heading": track[0].heading,
        "accuracy_m": track[0].accuracy_m,
    }


def test_archiving_that_was_interrupted_goes_on_with_the_file_that_is_there(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, made, rosa = on_duty()
    trip_builders.driven(made, read_track("to-the-shore")[:120], by=rosa, together=100)
    with the_time_is("09:00"):
        done("POST", f"/dispatch/assignments/{made}/depart", {}, by=rosa)
        done("POST", f"/dispatch/assignments/{made}/check-out", {}, by=rosa)
    looked("12:00")
    removed: list[Any] = []
    remove = single_item.delete_if_unchanged

    def once(page: Any) -> None:
        if removed:
            raise ConcurrentUpdate("the machine stopped")
        removed.append(page)
        remove(page)

    monkeypatch.setattr(single_item, "delete_if_unchanged", once)
    with the_time_is("12:10", "2027-04-01"):
        assert archive_job.run().failed == 1
        monkeypatch.setattr(single_item, "delete_if_unchanged", remove)
        assert archive_job.run().failed == 0
    kept = gzip.decompress(bucket.get_object(Bucket="files", Key=archive_job.archive_key(ORG, made))["Body"].read())
    assert len(kept.decode().splitlines()) == 120
    assert position_store.list_pages(ORG, made) == []


def test_what_was_declined_is_forgotten() -> None:
    rosa = builders.driver()
    made = builders.assigned(builders.trip(), rosa, builders.vehicle())["id"]
    builders.done("POST", f"/dispatch/assignments/{made}/decline", {"reason": "ill"}, by=rosa)
    assert looked("09:20")["over"] == 1
    watch = MonitoringSchedule(org_id=ORG, assignment_id=made, due=clock.now())
    assert store.find(MonitoringSchedule, watch.key()) is None


def test_the_timer_says_which_of_its_jobs_it_does(bucket: Any) -> None:
    handler = load("dispatch", "timer").handler
    assert handler({}, None).keys() == {"trips"}
    assert handler({"archive": True}, None).keys() == {"archive"}
