"""A trip of today on the deployed stack: its driver reports for duty, drives a recorded road, and is done."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from coachway.compliance.rules import SubjectType
from coachway.dispatch.tracking.position_store import TrailPage, trail_partition
from tests.integration.dispatch.tracking_builders import position_report
from tests.stack import Stack, eventually
from tests.tracks import read_track
from tests.workflows.carrier import at_once, statuses
from tests.workflows.yard import Yard

pytestmark = pytest.mark.xdist_group("tracking")

PLANNED = datetime(2027, 3, 3, 14, tzinfo=UTC)
"""When the recorded drive should have left Wall Street."""


class Today(Yard):
    """A carrier with its papers, and trips of today."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self.stack = stack
        self._papers(SubjectType.ORGANIZATION, self.carrier.org_id)
        self.office = f"office@{self.carrier.slug}.example"
        self.ask("PUT", "/organization", {"branding": {"email": self.office, "phone": "+12125550100"}})

    def given(self, left: datetime, coach: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """A booked trip of three hours that leaves at this moment, and its driver: charter, assignment, driver."""
        body = self.carrier.trip()
        first, last = body["stops"]
        first |= {"estimated_departure": left.isoformat(), "latitude": 40.7074, "longitude": -74.0113}
        arrives = left + timedelta(hours=3)
        last |= {"estimated_arrival": arrives.isoformat(), "latitude": 39.3560, "longitude": -74.4310}
        run = str(self.ask("POST", "/charters", body)["id"])
        self.ask("POST", f"/charters/{run}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        rosa = self.driver()
        wanted = {"charter_id": run, "driver_id": rosa["id"], "vehicle_id": self.vehicle(coach)}
        return run, dict(self.ask("POST", "/dispatch/assignments", wanted)), rosa

    def logged_in(self, driver: dict[str, Any]) -> httpx.Client:
        """The driver's telephone: logged in with the code that came to it."""
        said = {"organization": self.carrier.slug, "phone": driver["phone"]}
        assert self.carrier.http.post("/auth/otp/request", json=said).status_code == 202

        text = eventually(lambda: self.stack.texts(driver["phone"]), 60, "no text message came")[-1]["body"]
        code = re.search(r"\b\d{6}\b", text)
        assert code is not None, text
        answer = self.carrier.http.post("/auth/otp/verify", json={**said, "code": code[0]})
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        return httpx.Client(base_url=self.stack.api_url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def kept(self, assignment_id: str) -> list[Any]:
        pages = self.stack.client("dynamodb").query(
            TableName=self.stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": trail_partition(self.carrier.org_id, assignment_id)}},
        )["Items"]
        return [fix for page in pages for fix in TrailPage.model_validate_json(page["doc"]["S"]).fixes]


@pytest.fixture(scope="module")
def today(stack: Stack) -> Today:
    return Today(stack)


def test_a_recorded_drive_runs_a_trip_from_checking_in_to_the_last_drop_off(today: Today) -> None:
    left = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2, minutes=40)
    run, made, rosa = today.given(left, "Coach 12")
    link = today.ask("POST", f"/dispatch/charters/{run}/track-link", {})
    phone, path = today.logged_in(rosa), f"/dispatch/assignments/{made['id']}"
    shift = left - PLANNED
    track = [
        fix._replace(at=fix.at + shift) for fix in read_track("to-the-shore") if fix.at < PLANNED + timedelta(hours=2.1)
    ]

    refused = phone.post(
        "/dispatch/check-ins", json={"assignment_id": made["id"], "points": [position_report(track[0])]}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "driver_not_on_duty")
    reported = phone.post(f"{path}/check-in", json={"at": track[0].at.isoformat()})
    assert (reported.status_code, reported.json()["status"]) == (200, "checked_in"), reported.text

    half = len(track) // 2
    batches = [track[first : first + 100] for first in range(0, half, 90)]
    random.Random(4).shuffle(batches)

    def send(number: int) -> httpx.Response:
        points = [position_report(fix) for fix in batches[number]]
        return phone.post("/dispatch/check-ins", json={"assignment_id": made["id"], "points": points})

    answers = at_once(len(batches), send)
    assert statuses(answers) == {202: len(batches)}, [each.text for each in answers]
    sent = {fix.at for batch in batches for fix in batch}
    assert sum(each.json()["accepted"] for each in answers) == len(sent)
    assert sum(each.json()["duplicates"] for each in answers) == sum(map(len, batches)) - len(sent)
    seen = httpx.get(f"{today.stack.api_url}/track/{link['token']}", timeout=60).json()
    assert (seen["status"], seen["next_stop"]) == ("in_progress", 1)
    assert datetime.fromisoformat(seen["position"]["recorded_at"]) == max(sent)

    batches = [track[first : first + 100] for first in range(half, len(track), 100)]
    for number in range(len(batches)):
        assert send(number).status_code == 202
    assert today.kept(made["id"]) == track

    after = today.ask("GET", path)
    assert after["status"] == "completed"
    times = [(stop["arrived_at"], stop["departed_at"]) for stop in after["stops"]]
    assert [datetime.fromisoformat(text) - left for pair in times for text in pair if text] == [
        timedelta(minutes=-35.5),
        timedelta(minutes=-10),
        timedelta(hours=2, minutes=4, seconds=30),
    ]
    assert today.ask("GET", f"/charters/{run}")["status"] == "completed"
    assert phone.post(f"{path}/check-out", json={}).json()["checked_out_at"]
    seen = httpx.get(f"{today.stack.api_url}/track/{link['token']}", timeout=60).json()
    assert (seen["status"], seen["position"], seen["vehicles"][0]["path"]) == ("completed", None, [])


def test_somebody_else_s_driver_neither_sees_nor_moves_a_trip(today: Today) -> None:
    _, made, _ = today.given(datetime.now(UTC) + timedelta(hours=1), "Coach 13")
    stranger, path = today.logged_in(today.driver()), f"/dispatch/assignments/{made['id']}"
    for what in ("check-in", "depart", "check-out"):
        assert stranger.post(f"{path}/{what}", json={}).status_code == 404
    body = {
        "assignment_id": made["id"],
        "points": [position_report(read_track("tunnel")[0]._replace(at=datetime.now(UTC)))],
    }
    assert stranger.post("/dispatch/check-ins", json=body).status_code == 404


def test_a_driver_who_does_not_report_and_the_office_are_told(today: Today) -> None:
    _, made, rosa = today.given(datetime.now(UTC) - timedelta(minutes=20), "Coach 14")
    answer = today.stack.client("lambda").invoke(FunctionName=today.stack.function("dispatch-schedule"), Payload=b"{}")
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    today.stack.wait_for_mail(today.office, f"{made['charter_number']}: The driver has not checked in", 60)
    today.stack.wait_for_mail(today.office, f"{made['charter_number']}: .* minutes late", 60)
    phone = rosa["phone"]
    eventually(lambda: [t for t in today.stack.texts(phone) if "not checked in" in t["body"]], 60, "no text came")


def test_old_trails_lie_in_the_bucket(today: Today) -> None:
    answer = today.stack.client("lambda").invoke(
        FunctionName=today.stack.function("dispatch-schedule"), Payload=b'{"archive": true}'
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
