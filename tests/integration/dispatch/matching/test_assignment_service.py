"""Assigning drivers and vehicles through the API, on the table in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.table import call_stats
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.dispatch.assignments.model import ASSIGNMENT
from coachway.dispatch.matching import assignment_service
from coachway.dispatch.matching.schemas import AssignInput
from coachway.fleet import drivers
from coachway.fleet.availability import AvailabilityInput
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.assignment_builders import count_open_blocks, list_block_ids
from tests.integration.dispatch.builders import (
    SYSTEM,
    award_to_vendor,
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    get_charter,
    post_assignment,
    send_ok,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()


def test_create_assignment_stores_assignment_diaries_and_charter() -> None:
    rosa, coach, charter_id = create_driver(), create_vehicle(), create_trip()
    assignment = create_assignment(charter_id, rosa, coach)
    assert (assignment["status"], assignment["driver_name"], assignment["vehicle_name"]) == (
        "offered",
        "Rosa Delgado",
        "Coach 12",
    )
    assert (assignment["vehicle_number"], assignment["passengers"], assignment["contact_name"]) == (
        1,
        40,
        "Acme Events",
    )
    assert assignment["pickup_at"] == "2027-03-03T09:00:00-05:00"
    assert [each["status"] for each in assignment["duty"]] == ["D"]
    charter = get_charter(charter_id)
    assert (charter["status"], charter["driver_id"], charter["vehicles"][0]["assignment_id"]) == (
        "confirmed",
        rosa,
        assignment["id"],
    )
    assert list_block_ids(rosa, "2027-W09") == list_block_ids(coach, "2027-W09") == [assignment["id"]]
    assert count_open_blocks(rosa) == count_open_blocks(coach) == 1


def test_create_assignment_takes_four_table_calls() -> None:
    rosa, coach, charter_id = create_driver(), create_vehicle(), create_trip()
    before = call_stats.calls
    create_assignment(charter_id, rosa, coach)
    assert call_stats.calls - before == 4  # including one read of the signing key


def test_create_assignment_with_an_overlapping_trip_names_the_trip() -> None:
    rosa = create_driver()
    assignment = create_assignment(create_trip(), rosa, create_vehicle("Coach 1"))
    reply = post_assignment(create_trip(departure="11:00"), rosa, create_vehicle("Coach 2"))
    assert (reply.status, reply.json()["code"]) == (409, "driver_not_available")
    [reason] = reply.json()["errors"]
    assert reason["field"] == "driver_id"
    assert reason["message"].startswith(
        f"overlap: Rosa Delgado is on {assignment['charter_number']} from 2027-03-03 09:00 EST"
    )
    assert "earliest legal start 2027-03-03T19:" in reason["message"]  # after the drive back from Atlantic City


def test_create_assignment_with_too_little_travel_time_is_refused() -> None:
    rosa, coach = create_driver(), create_vehicle()
    create_assignment(create_trip(), rosa, coach)
    reply = post_assignment(create_trip(departure="13:00"), rosa, coach)
    assert reply.status == 409
    assert reply.json()["code"] == "crew_and_vehicle_not_available"
    messages = [each["message"] for each in reply.json()["errors"]]
    assert [each.split(":")[0] for each in messages] == ["travel time", "travel time"]
    assert "the travel time between the trips is 1 h 30 min too short" in messages[0]
    create_assignment(create_trip(departure="13:00", is_return=True), rosa, coach)


def test_create_assignment_with_an_unsuitable_vehicle_lists_every_reason() -> None:
    minibus = create_vehicle("Minibus 3", vehicle_class="minibus", capacity=20, amenities=[], status="maintenance")
    reply = post_assignment(create_trip(amenities=[], passengers=40), create_driver(), minibus)
    assert (reply.status, reply.json()["code"]) == (409, "vehicle_not_available")
    messages = " | ".join(each["message"] for each in reply.json()["errors"])
    for part in ("status: Minibus 3 is in maintenance", "vehicle class", "20 seats, but the trip needs 40"):
        assert part in messages


def test_create_assignment_with_an_unavailable_driver_lists_every_reason() -> None:
    vacation = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    rosa = create_driver(
        license_class="C",
        endorsements=[],
        status="on_leave",
        availability={"exceptions": [{**vacation, "available": False}]},
        expires=date(2027, 3, 2),
        duty_statement=None,
        created_at="2027-03-02T00:00:00Z",
    )
    reply = post_assignment(create_trip(), rosa, create_vehicle())
    messages = [each["message"] for each in reply.json()["errors"]]
    for part in ("status: Rosa Delgado is on leave", "vacation", "49 CFR 383.91", "drivers license", "are not known"):
        assert any(part in each for each in messages), messages


def test_create_assignment_beyond_the_hours_of_service_names_limit_and_earliest_start() -> None:
    rosa = create_driver()
    create_assignment(create_trip(departure="00:00", hours=9), rosa, create_vehicle("Coach 1"))
    reply = post_assignment(create_trip(departure="13:00", hours=4, is_return=True), rosa, create_vehicle("Coach 2"))
    assert reply.status == 409
    [reason] = reply.json()["errors"]
    assert "drive limit by 3 h 00 min" in reason["message"]
    assert "(49 CFR 395.5(a)(1))" in reason["message"]
    assert "earliest legal start 2027-03-03T22:00+00:00" in reason["message"]


def test_create_assignment_that_makes_a_later_trip_illegal_is_refused() -> None:
    rosa = create_driver()
    create_assignment(create_trip(departure="13:00", hours=4, is_return=True), rosa, create_vehicle("Coach 1"))
    reply = post_assignment(create_trip(departure="00:00", hours=9), rosa, create_vehicle("Coach 2"))
    assert reply.status == 409
    assert "on a later trip" in reply.json()["errors"][0]["message"]


def test_create_assignment_with_a_required_second_driver_needs_two_drivers() -> None:
    rosa, sam, coach = create_driver(), create_driver("Sam Tran"), create_vehicle()
    charter_id = create_trip(requires_second_driver=True)
    reply = post_assignment(charter_id, rosa, coach)
    assert [each["field"] for each in reply.json()["errors"]] == ["second_driver_id"]
    assignment = create_assignment(charter_id, rosa, coach, second_driver_id=sam)
    assert (assignment["second_driver_name"], assignment["second_duty"][0]["riding"]) == ("Sam Tran", True)
    query = {"driver_id": sam, "date_from": "2027-03-01"}
    assert [each["id"] for each in send_ok("GET", "/dispatch/assignments", query=query)["items"]] == [assignment["id"]]
    assert send_ok("GET", f"/dispatch/assignments/{assignment['id']}", party_id=sam)["id"] == assignment["id"]
    conflict = post_assignment(create_trip(departure="10:00"), sam, create_vehicle("Coach 2"))
    assert conflict.status == 409
    assert post_assignment(charter_id, rosa, coach, second_driver_id=rosa).status == 422
    send_ok("POST", f"/dispatch/assignments/{assignment['id']}/decline", {"reason": "ill"}, party_id=sam)
    declined = store.list_history(ASSIGNMENT.key(org=ORG, id=assignment["id"]))[-1]
    assert (declined.type, declined.data["declined_by"]) == ("assignment.declined", sam)


def test_create_assignment_for_each_vehicle_confirms_the_charter() -> None:
    charter_id = create_trip(vehicle_count=2, passengers=80)
    first = create_assignment(charter_id, create_driver(), create_vehicle("Coach 1"))
    assert (first["vehicle_number"], first["passengers"], get_charter(charter_id)["status"]) == (1, 40, "booked")
    second = create_assignment(charter_id, create_driver("Sam Tran"), create_vehicle("Coach 2"), vehicle_number=2)
    assert (second["vehicle_number"], get_charter(charter_id)["status"]) == (2, "confirmed")
    reply = post_assignment(charter_id, create_driver("Lee Ng"), create_vehicle("Coach 3"))
    assert (reply.status, reply.json()["code"]) == (409, "charter_fully_assigned")
    assert (
        post_assignment(charter_id, create_driver("Lee Ng"), create_vehicle("Coach 3"), vehicle_number=2).status == 409
    )
    assert (
        post_assignment(charter_id, create_driver("Lee Ng"), create_vehicle("Coach 3"), vehicle_number=3).status == 422
    )


def test_create_assignment_of_an_awarded_vehicle_takes_only_the_vendor_s_resources() -> None:
    charter_id = create_trip()
    vendor_id = award_to_vendor(charter_id)
    reply = post_assignment(charter_id, create_driver(), create_vehicle())
    assert [each["message"].split(":")[0] for each in reply.json()["errors"]] == ["vendor", "vendor"]
    vendor_driver, coach = create_driver("Vic Otto", vendor_id=vendor_id), create_vehicle("Blue 1", vendor_id=vendor_id)
    body = {"charter_id": charter_id, "driver_id": vendor_driver, "vehicle_id": coach}
    assert send_request("POST", "/dispatch/assignments", body, party_id=ids.new("ven")).status == 404
    assignment = send_ok("POST", "/dispatch/assignments", body, party_id=vendor_id)
    assert assignment["vendor_id"] == vendor_id
    cover = get_charter(charter_id)["vehicles"][0]
    assert (cover["vendor_id"], cover["driver_id"]) == (vendor_id, vendor_driver)
    query = {"date_from": "2027-03-01"}
    assert [
        each["id"] for each in send_ok("GET", "/dispatch/assignments", party_id=vendor_id, query=query)["items"]
    ] == [assignment["id"]]
    assert send_ok("GET", "/dispatch/assignments", party_id=ids.new("ven"), query=query)["items"] == []
    send_ok("POST", f"/dispatch/assignments/{assignment['id']}/release", {}, party_id=vendor_id)
    assert get_charter(charter_id)["vehicles"][0]["vendor_id"] == vendor_id
    assert post_assignment(create_trip(departure="20:00"), vendor_driver, coach).status == 409


def test_create_assignment_of_a_cancelled_charter_is_refused() -> None:
    charter_id = create_trip()
    booking_builders.send_request("POST", f"/charters/{charter_id}/cancel", {"reason": "off"})
    reply = post_assignment(charter_id, create_driver(), create_vehicle())
    assert (reply.status, reply.json()["detail"]) == (409, "This charter is cancelled. It does not accept assignments.")


def test_create_assignment_with_unknown_ids_returns_404() -> None:
    rosa, coach, charter_id = create_driver(), create_vehicle(), create_trip()
    for body in (
        {"charter_id": ids.new("chr"), "driver_id": rosa, "vehicle_id": coach},
        {"charter_id": charter_id, "driver_id": ids.new("drv"), "vehicle_id": coach},
        {"charter_id": charter_id, "driver_id": rosa, "vehicle_id": ids.new("veh")},
    ):
        assert send_request("POST", "/dispatch/assignments", body).status == 404


def test_create_assignment_with_a_changed_diary_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa = create_driver()
    first_charter_id, second_charter_id = create_trip(), create_trip(departure="10:00")
    coaches = [create_vehicle("Coach 1"), create_vehicle("Coach 2")]
    commit, commits = assignment_service.commit_assignment, list[str]()

    def commit_after_rival(*args: Any, **options: Any) -> None:
        if not commits:
            commits.append("once")
            create_assignment(second_charter_id, rosa, coaches[1])
        commit(*args, **options)

    monkeypatch.setattr(assignment_service, "commit_assignment", commit_after_rival)
    body = AssignInput(charter_id=first_charter_id, driver_id=rosa, vehicle_id=coaches[0])
    with pytest.raises(errors.Conflict, match="overlap: Rosa Delgado is on"):
        assignment_service.create_assignment(Caller(org_id=ORG, user_id="usr_1", role="staff"), body)


def test_create_assignment_with_a_changed_availability_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rosa, charter_id, coach = create_driver(), create_trip(), create_vehicle()
    vacation = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    commit, commits = assignment_service.commit_assignment, list[str]()

    def commit_after_change(*args: Any, **options: Any) -> None:
        if not commits:
            commits.append("once")
            changes: PartialUpdate[AvailabilityInput] = PartialUpdate({"exceptions": [vacation]})
            drivers.set_availability(SYSTEM, rosa, changes, None)
        commit(*args, **options)

    monkeypatch.setattr(assignment_service, "commit_assignment", commit_after_change)
    body = AssignInput(charter_id=charter_id, driver_id=rosa, vehicle_id=coach)
    with pytest.raises(errors.Conflict, match="vacation"):
        assignment_service.create_assignment(Caller(org_id=ORG, user_id="usr_1", role="staff"), body)
    assert get_charter(charter_id)["vehicles"] == []
