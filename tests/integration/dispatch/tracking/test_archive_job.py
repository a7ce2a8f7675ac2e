"""The timer that archives positions, on the table in memory."""

from __future__ import annotations

import gzip
import json
from typing import Any

import boto3
import pytest

from coachway.core import file_storage
from coachway.core.errors import ConcurrentUpdate
from coachway.core.persistence import conditional_writes
from coachway.dispatch.tracking import archive_job, monitor_job, position_store
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import tracking_builders
from tests.integration.dispatch.tracking_builders import (
    create_trip_on_duty,
    freeze_time,
    send_ok,
)
from tests.tracks import read_track
from tools.function_modules import load


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


@pytest.fixture
def bucket(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bucket for files."""
    monkeypatch.setenv("BUCKET_NAME", "files")
    file_storage.clear_client_cache()
    client = boto3.client("s3")
    client.create_bucket(Bucket="files")
    yield client
    file_storage.clear_client_cache()


def run_monitor(clock_time: str, day: str = "2027-03-03") -> dict[str, int]:
    with freeze_time(clock_time, day):
        return monitor_job.run().model_dump()


def test_archive_after_four_weeks_moves_the_positions_to_a_file(bucket: Any) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    track = read_track("to-the-shore")
    tracking_builders.send_track(assignment_id, track, driver_id=rosa, batch_size=100)
    assert run_monitor("12:05")["over"] == 1
    assert run_monitor("13:00")["checked"] == 0
    with freeze_time("12:00", "2027-03-30"):
        assert archive_job.run().trails == 0
    with freeze_time("12:10", "2027-03-31"):
        assert archive_job.run().model_dump() == {"trails": 1, "positions": len(track), "failed": 0}
        assert archive_job.run().trails == 0
    assert position_store.list_pages(ORG, assignment_id) == []
    content = gzip.decompress(
        bucket.get_object(Bucket="files", Key=archive_job.archive_key(ORG, assignment_id))["Body"].read()
    )
    lines = [json.loads(line) for line in content.decode().splitlines()]
    assert len(lines) == len(track)
    assert lines[0] == {
        "at": "2027-03-03T13:05:00.000+00:00",
        "latitude": track[0].latitude,
        "longitude": track[0].longitude,
        "speed_mph": track[0].speed_mph,
        "heading": track[0].heading,
        "accuracy_m": track[0].accuracy_m,
    }


def test_archive_after_an_interruption_continues(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    tracking_builders.send_track(assignment_id, read_track("to-the-shore")[:120], driver_id=rosa, batch_size=100)
    with freeze_time("09:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, driver_id=rosa)
    run_monitor("12:00")
    removed: list[Any] = []
    delete_page = conditional_writes.delete_if_unchanged

    def delete_once(page: Any) -> None:
        if removed:
            raise ConcurrentUpdate("interrupted")
        removed.append(page)
        delete_page(page)

    monkeypatch.setattr(conditional_writes, "delete_if_unchanged", delete_once)
    with freeze_time("12:10", "2027-04-01"):
        assert archive_job.run().failed == 1
        monkeypatch.setattr(conditional_writes, "delete_if_unchanged", delete_page)
        assert archive_job.run().failed == 0
    content = gzip.decompress(
        bucket.get_object(Bucket="files", Key=archive_job.archive_key(ORG, assignment_id))["Body"].read()
    )
    assert len(content.decode().splitlines()) == 120
    assert position_store.list_pages(ORG, assignment_id) == []


def test_timer_handler_runs_the_requested_job(bucket: Any) -> None:
    handler = load("dispatch", "timer").handler
    assert "archive" not in handler({}, None)
    assert handler({"archive": True}, None).keys() == {"archive"}
