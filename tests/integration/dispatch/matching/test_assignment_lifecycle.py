"""Accepting, declining and releasing assignments, on the table in memory."""

from __future__ import annotations

import pytest

from coachway.core import store
from coachway.core.runtime import clock
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.fleet.model import OPEN_ASSIGNMENTS
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import calendar_builders
from tests.integration.dispatch.assignment_builders import count_open_blocks, get_diary_page, list_block_ids, local_time
from tests.integration.dispatch.builders import (
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    get_charter,
    post_assignment,
    send_ok,
    send_request,
    update_assignment,
)
from tests.integration.dispatch.document_builders import create_organization_documents

MARCH = {"date_from": "2027-03-01", "date_to": "2027-03-31"}


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()
    create_organization_documents()


def test_decline_assignment_frees_driver_vehicle_and_charter() -> None:
    rosa, coach, charter_id = create_driver(), create_vehicle(), create_trip()
    assignment = create_assignment(charter_id, rosa, coach)
    declined = send_ok("POST", f"/dispatch/assignments/{assignment['id']}/decline", {"reason": "ill"}, party_id=rosa)
    assert (declined["status"], declined["reason"], declined["version"]) == ("declined", "ill", 2)
    assert list_block_ids(rosa, "2027-W09") == list_block_ids(coach, "2027-W09") == []
    assert count_open_blocks(rosa) == count_open_blocks(coach) == 0
    charter = get_charter(charter_id)
    assert (charter["status"], charter["driver_id"], charter["vehicles"]) == ("confirmed", None, [])
    second_assignment = create_assignment(charter_id, rosa, coach)
    assert second_assignment["id"] != assignment["id"]
    assert send_request("POST", f"/dispatch/assignments/{assignment['id']}/accept").status == 409


def test_drivers_see_and_answer_only_their_own_assignments() -> None:
    rosa, sam, coach = create_driver(), create_driver("Sam Tran"), create_vehicle()
    assignment = create_assignment(create_trip(), rosa, coach)
    path = f"/dispatch/assignments/{assignment['id']}"
    assert send_request("GET", path, party_id=sam).status == 404
    assert send_request("POST", f"{path}/accept", party_id=sam).status == 404
    assert send_request("POST", f"{path}/decline", {}, party_id=sam).status == 404
    assert send_request("POST", f"{path}/release", {}, party_id=rosa).status == 403
    assert send_request("POST", "/dispatch/assignments", {}, party_id=rosa).status == 403
    march = {"date_from": "2027-03-01", "date_to": "2027-03-31"}
    assert send_ok("GET", "/dispatch/assignments", party_id=sam, query=march)["items"] == []
    assert [each["id"] for each in send_ok("GET", "/dispatch/assignments", party_id=rosa, query=march)["items"]] == [
        assignment["id"]
    ]
    assert send_request("GET", "/dispatch/assignments", party_id=sam, query={"driver_id": rosa}).status == 404
    assert send_ok("POST", f"{path}/accept", party_id=rosa)["status"] == "accepted"
    assert send_ok("POST", f"{path}/release", {"reason": "another plan"})["status"] == "released"


@pytest.mark.parametrize("action", ["decline", "release"])
def test_ended_assignment_hides_the_contact_and_notes_from_its_driver(action: str) -> None:
    rosa = create_driver()
    assignment = create_assignment(create_trip(), rosa, create_vehicle(), notes="Gate code 4711")
    path = f"/dispatch/assignments/{assignment['id']}"
    before = send_ok("GET", path, party_id=rosa)
    assert (bool(before["contact_name"]), before["notes"]) == (True, "Gate code 4711")
    by_driver = {"party_id": rosa} if action == "decline" else {}
    ended = send_ok("POST", f"{path}/{action}", {"reason": "ill"}, **by_driver)
    [listed] = send_ok("GET", "/dispatch/assignments", query=MARCH, party_id=rosa)["items"]
    views = [send_ok("GET", path, party_id=rosa), listed, *([ended] if by_driver else [])]
    assert [(view["contact_name"], view["contact_phone"], view["notes"]) for view in views] == [("", None, "")] * len(
        views
    )
    assert calendar_builders.send_request("GET", f"{path}/trip-sheet.pdf", driver_id=rosa).status == 404
    assert send_ok("GET", path)["contact_name"] == before["contact_name"]


def test_release_assignment_on_duty_keeps_the_worked_hours() -> None:
    rosa, coach = create_driver(), create_vehicle()
    assignment = create_assignment(create_trip(departure="00:00", hours=9), rosa, coach)
    update_assignment(assignment["id"], status=AssignmentStatus.CHECKED_IN, checked_in_at=local_time("00:00"))
    with clock.frozen(local_time("06:00")):
        released = send_ok(
            "POST", f"/dispatch/assignments/{assignment['id']}/release", {"reason": "the coach broke down"}
        )
        assert released["status"] == "released"
        [block] = get_diary_page(rosa).blocks
        assert (block.ends_at, block.duty[-1].end) == (local_time("06:00"), local_time("06:00"))
        assert store.get_counters(OPEN_ASSIGNMENTS.key(org=ORG, resource=rosa))["n"] == 0
        # After six hours of driving, four more are legal, five are not.
        reply = post_assignment(create_trip(departure="07:00", hours=5), rosa, coach)
        assert "drive limit by 1 h 00 min" in reply.text
        create_assignment(create_trip(departure="07:00", hours=4), rosa, coach)


def test_release_assignment_before_duty_leaves_no_hours() -> None:
    rosa, coach = create_driver(), create_vehicle()
    assignment = create_assignment(create_trip(departure="00:00", hours=9), rosa, coach)
    send_ok("POST", f"/dispatch/assignments/{assignment['id']}/release", {})
    create_assignment(create_trip(departure="10:00", hours=9), rosa, coach)


def test_release_assignment_in_progress_is_refused() -> None:
    assignment = create_assignment(create_trip(), create_driver(), create_vehicle())
    update_assignment(assignment["id"], status=AssignmentStatus.IN_PROGRESS, checked_in_at=local_time("08:30"))
    reply = send_request("POST", f"/dispatch/assignments/{assignment['id']}/release", {})
    assert (reply.status, reply.json()["code"]) == (409, "trip_under_way")


def test_decline_assignment_after_the_duty_began_is_refused() -> None:
    rosa = create_driver()
    assignment = create_assignment(create_trip(), rosa, create_vehicle())
    with clock.frozen(local_time("09:00")):
        reply = send_request("POST", f"/dispatch/assignments/{assignment['id']}/decline", {}, party_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "decline_too_late")
