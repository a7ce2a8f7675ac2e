"""A trip of today on the deployed stack: the driver checks in, drives a recorded route and checks out."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from coachway.compliance.rules import SubjectType
from coachway.core.party_reference import DRIVER
from coachway.dispatch.tracking.position_store import TrailPage, trail_partition
from tests.integration.dispatch.tracking_builders import position_report
from tests.stack import Stack, eventually
from tests.tracks import read_track
from tests.workflows.dispatch_builders import DispatchOrganization
from tests.workflows.organization_builders import count_statuses, run_concurrently

pytestmark = pytest.mark.xdist_group("tracking")

PLANNED = datetime(2027, 3, 3, 14, tzinfo=UTC)
"""The planned departure of the recorded drive."""


class TrackingOrganization(DispatchOrganization):
    """An operator with approved documents and trips of today."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self.stack = stack
        self.approve_documents(SubjectType.ORGANIZATION, self.operator.org_id)
        self.office_email = f"office@{self.operator.slug}.example"
        self.call("PUT", "/organization", {"branding": {"email": self.office_email, "phone": "+12125550100"}})

    def create_assigned_trip(
        self, departure: datetime, vehicle_name: str
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Book and assign a trip of three hours; returns the charter's id, the assignment and the driver."""
        body = self.operator.charter_body()
        first, last = body["stops"]
        first |= {"estimated_departure": departure.isoformat(), "latitude": 40.7074, "longitude": -74.0113}
        arrives = departure + timedelta(hours=3)
        last |= {"estimated_arrival": arrives.isoformat(), "latitude": 39.3560, "longitude": -74.4310}
        charter_id = str(self.call("POST", "/charters", body)["id"])
        self.call("POST", f"/charters/{charter_id}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        driver = self.create_driver()
        self._set_added_at(driver["id"], departure - timedelta(days=1))
        body = {"charter_id": charter_id, "driver_id": driver["id"], "vehicle_id": self.create_vehicle(vehicle_name)}
        return charter_id, dict(self.call("POST", "/dispatch/assignments", body)), driver

    def _set_added_at(self, driver_id: str, added_at: datetime) -> None:
        """Change when a driver was added, in the table: of a day before that, only the driver's statement is known."""
        pk, sk = DRIVER.key(org=self.operator.org_id, id=driver_id)
        client, key = self.stack.client("dynamodb"), {"pk": {"S": pk}, "sk": {"S": sk}}
        item = client.get_item(TableName=self.stack.table, Key=key, ConsistentRead=True)["Item"]
        item["doc"]["S"] = json.dumps({**json.loads(item["doc"]["S"]), "created_at": added_at.isoformat()})
        client.put_item(TableName=self.stack.table, Item=item)

    def log_in_driver(self, driver: dict[str, Any]) -> httpx.Client:
        """Log in as a driver with the code of the text message; returns a client."""
        login = {"organization": self.operator.slug, "phone": driver["phone"]}
        assert self.operator.http.post("/auth/otp/request", json=login).status_code == 202

        text = eventually(lambda: self.stack.texts(driver["phone"]), 60, "no text message came")[-1]["body"]
        code = re.search(r"\b\d{6}\b", text)
        assert code is not None, text
        response = self.operator.http.post("/auth/otp/verify", json={**login, "code": code[0]})
        assert response.status_code == 200, response.text
        token = response.json()["access_token"]
        return httpx.Client(base_url=self.stack.api_url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def list_positions(self, assignment_id: str) -> list[Any]:
        pages = self.stack.client("dynamodb").query(
            TableName=self.stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": trail_partition(self.operator.org_id, assignment_id)}},
        )["Items"]
        return [position for page in pages for position in TrailPage.model_validate_json(page["doc"]["S"]).positions]


@pytest.fixture(scope="module")
def organization(stack: Stack) -> TrackingOrganization:
    return TrackingOrganization(stack)


def test_track_recorded_drive_completes_trip(organization: TrackingOrganization) -> None:
    departure = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2, minutes=40)
    charter_id, assignment, driver = organization.create_assigned_trip(departure, "Coach 12")
    link = organization.call("POST", f"/dispatch/charters/{charter_id}/track-link", {})
    phone, path = organization.log_in_driver(driver), f"/dispatch/assignments/{assignment['id']}"
    shift = departure - PLANNED
    track = [
        position._replace(at=position.at + shift)
        for position in read_track("to-the-shore")
        if position.at < PLANNED + timedelta(hours=2.1)
    ]

    early_response = phone.post(
        "/dispatch/check-ins", json={"assignment_id": assignment["id"], "points": [position_report(track[0])]}
    )
    assert (early_response.status_code, early_response.json()["code"]) == (409, "driver_not_on_duty")
    check_in = phone.post(f"{path}/check-in", json={"at": track[0].at.isoformat()})
    assert (check_in.status_code, check_in.json()["status"]) == (200, "checked_in"), check_in.text
    first_position = {"assignment_id": assignment["id"], "points": [position_report(track[0])]}
    assert phone.post("/dispatch/check-ins", json=first_position).status_code == 202
    undo, undo_path = {"at": (track[0].at + timedelta(seconds=10)).isoformat()}, f"{path}/undo-check-in"
    undone = run_concurrently(
        8, lambda n: phone.post(undo_path, json=undo) if n % 2 else organization.send("POST", undo_path, undo)
    )
    assert {(each.status_code, each.json()["status"]) for each in undone} == {(200, "accepted")}
    assert organization.list_positions(assignment["id"]) == []
    assert len({each.json()["version"] for each in undone}) == 1
    assert phone.post(f"{path}/check-in", json={"at": track[0].at.isoformat()}).json()["status"] == "checked_in"

    half = len(track) // 2
    batches = [track[first : first + 100] for first in range(0, half, 90)]
    random.Random(4).shuffle(batches)

    def send(number: int) -> httpx.Response:
        points = [position_report(position) for position in batches[number]]
        return phone.post("/dispatch/check-ins", json={"assignment_id": assignment["id"], "points": points})

    answers = run_concurrently(len(batches), send)
    assert count_statuses(answers) == {202: len(batches)}, [each.text for each in answers]
    sent_times = {position.at for batch in batches for position in batch}
    assert sum(each.json()["accepted"] for each in answers) == len(sent_times)
    assert sum(each.json()["duplicates"] for each in answers) == sum(map(len, batches)) - len(sent_times)
    live = httpx.get(f"{organization.stack.api_url}/track/{link['token']}", timeout=60).json()
    assert (live["status"], live["next_stop"]) == ("in_progress", 1)
    assert datetime.fromisoformat(live["position"]["recorded_at"]) == max(sent_times)

    batches = [track[first : first + 100] for first in range(half, len(track), 100)]
    for number in range(len(batches)):
        assert send(number).status_code == 202
    assert organization.list_positions(assignment["id"]) == track

    current = organization.call("GET", path)
    assert current["status"] == "completed"
    times = [(stop["arrived_at"], stop["departed_at"]) for stop in current["stops"]]
    assert [datetime.fromisoformat(text) - departure for pair in times for text in pair if text] == [
        timedelta(minutes=-35.5),
        timedelta(minutes=-10),
        timedelta(hours=2, minutes=4, seconds=30),
    ]
    assert organization.call("GET", f"/charters/{charter_id}")["status"] == "completed"
    assert phone.post(f"{path}/check-out", json={}).json()["checked_out_at"]
    live = httpx.get(f"{organization.stack.api_url}/track/{link['token']}", timeout=60).json()
    assert (live["status"], live["position"], live["vehicles"][0]["path"]) == ("completed", None, [])


def test_track_trip_of_other_driver_returns_404(organization: TrackingOrganization) -> None:
    _, assignment, _ = organization.create_assigned_trip(datetime.now(UTC) + timedelta(hours=1), "Coach 13")
    other_phone, path = (
        organization.log_in_driver(organization.create_driver()),
        f"/dispatch/assignments/{assignment['id']}",
    )
    for action in ("check-in", "depart", "check-out"):
        assert other_phone.post(f"{path}/{action}", json={}).status_code == 404
    body = {
        "assignment_id": assignment["id"],
        "points": [position_report(read_track("tunnel")[0]._replace(at=datetime.now(UTC)))],
    }
    assert other_phone.post("/dispatch/check-ins", json=body).status_code == 404


def test_missed_check_in_notifies_driver_and_office(organization: TrackingOrganization) -> None:
    _, assignment, driver = organization.create_assigned_trip(datetime.now(UTC) - timedelta(minutes=20), "Coach 14")
    response = organization.stack.client("lambda").invoke(
        FunctionName=organization.stack.function("dispatch-schedule"), Payload=b"{}"
    )
    result = json.loads(response["Payload"].read())
    assert "FunctionError" not in response, result
    organization.stack.wait_for_mail(
        organization.office_email, f"{assignment['charter_number']}: The driver has not checked in", 60
    )
    organization.stack.wait_for_mail(organization.office_email, f"{assignment['charter_number']}: .* minutes late", 60)
    phone = driver["phone"]
    eventually(
        lambda: [t for t in organization.stack.texts(phone) if "not checked in" in t["body"]], 60, "no text came"
    )


def test_dispatch_schedule_archive_succeeds(organization: TrackingOrganization) -> None:
    response = organization.stack.client("lambda").invoke(
        FunctionName=organization.stack.function("dispatch-schedule"), Payload=b'{"archive": true}'
    )
    assert "FunctionError" not in response, response["Payload"].read()
