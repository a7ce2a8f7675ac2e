"""Assignments by hand through their routes, on the table in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.table import tally
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.assignments.model import ASSIGNMENT
from coachway.dispatch.diaries.model import DIARY, DiaryPage
from coachway.fleet.model import JOBS
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    ask,
    assigned,
    awarded,
    charter,
    done,
    driver,
    found,
    given,
    trip,
    vehicle,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def jobs_on(resource: str, week: str) -> list[str]:
    page = store.find(DiaryPage, DIARY.key(org=ORG, resource=resource, week=week))
    return [job.assignment_id for job in page.jobs] if page else []


def ahead(resource: str) -> int:
    return store.get_counters(JOBS.key(org=ORG, resource=resource)).get("n", 0)


def test_the_worked_example() -> None:
    rosa, coach, run = driver(), vehicle(), trip()
    made = assigned(run, rosa, coach)
    assert (made["status"], made["driver_name"], made["vehicle_name"]) == ("offered", "Rosa Delgado", "Coach 12")
    assert (made["vehicle_number"], made["passengers"], made["contact_name"]) == (1, 40, "Acme Events")
    assert made["pickup_at"].startswith("2027-03-03T14:00")
    assert [each["status"] for each in made["duty"]] == ["D"]
    now = charter(run)
    assert (now["status"], now["driver_id"], now["vehicles"][0]["assignment_id"]) == ("confirmed", rosa, made["id"])
    assert jobs_on(rosa, "2027-W09") == jobs_on(coach, "2027-W09") == [made["id"]]
    assert ahead(rosa) == ahead(coach) == 1


def test_an_assignment_takes_three_calls() -> None:
    rosa, coach, run = driver(), vehicle(), trip()
    before = tally.calls
    assigned(run, rosa, coach)
    assert tally.calls - before == 4  # one of them looks up the key that signed the token


def test_a_driver_on_another_job_is_refused_by_its_name() -> None:
    rosa = driver()
    made = assigned(trip(), rosa, vehicle("Coach 1"))
    refused = given(trip(leaves="11:00"), rosa, vehicle("Coach 2"))
    assert (refused.status, refused.json()["code"]) == (409, "driver_not_available")
    [reason] = refused.json()["errors"]
    assert reason["field"] == "driver_id"
    assert reason["message"].startswith(
        f"overlap: Rosa Delgado is on {made['charter_number']} from 2027-03-03 09:00 EST"
    )
    assert "earliest legal start 2027-03-03T19:" in reason["message"]  # after the way back from Atlantic City


def test_the_way_between_two_jobs_counts() -> None:
    rosa, coach = driver(), vehicle()
    assigned(trip(), rosa, coach)
    refused = given(trip(leaves="13:00"), rosa, coach)
    assert refused.status == 409
    assert refused.json()["code"] == "crew_and_vehicle_not_available"
    said = [each["message"] for each in refused.json()["errors"]]
    assert [each.split(":")[0] for each in said] == ["travel time", "travel time"]
    assert "the travel time between the trips is 1 h 30 min too short" in said[0]
    assigned(trip(leaves="13:00", back=True), rosa, coach)


def test_a_vehicle_is_refused_for_everything_that_it_lacks() -> None:
    bus = vehicle("Minibus 3", vehicle_class="minibus", capacity=20, amenities=[], status="maintenance")
    refused = given(trip(amenities=[], passengers=40), driver(), bus)
    assert (refused.status, refused.json()["code"]) == (409, "vehicle_not_available")
    said = " | ".join(each["message"] for each in refused.json()["errors"])
    for part in ("status: Minibus 3 is in maintenance", "vehicle class", "20 seats, but the trip needs 40"):
        assert part in said


def test_a_driver_is_refused_for_everything_that_is_in_the_way() -> None:
    away = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    rosa = driver(
        license_class="C",
        endorsements=[],
        status="on_leave",
        availability={"exceptions": [{**away, "available": False}]},
        expires=date(2027, 3, 2),
        duty_statement=None,
        created_at="2027-03-02T00:00:00Z",
    )
    refused = given(trip(), rosa, vehicle())
    said = [each["message"] for each in refused.json()["errors"]]
    for part in ("status: Rosa Delgado is on leave", "vacation", "49 CFR 383.91", "drivers_license", "are not known"):
        assert any(part in each for each in said), said


def test_hours_of_service_block_by_rule_and_say_when_they_would_not() -> None:
    rosa = driver()
    assigned(trip(leaves="00:00", hours=9), rosa, vehicle("Coach 1"))
    refused = given(trip(leaves="13:00", hours=4, back=True), rosa, vehicle("Coach 2"))
    assert refused.status == 409
    [reason] = refused.json()["errors"]
    assert "drive limit by 3 h 00 min" in reason["message"]
    assert "(49 CFR 395.5(a)(1))" in reason["message"]
    assert "earliest legal start 2027-03-03T22:00+00:00" in reason["message"]


def test_a_job_that_would_make_a_later_one_illegal_is_refused() -> None:
    rosa = driver()
    assigned(trip(leaves="13:00", hours=4, back=True), rosa, vehicle("Coach 1"))
    refused = given(trip(leaves="00:00", hours=9), rosa, vehicle("Coach 2"))
    assert refused.status == 409
    assert "on a later trip" in refused.json()["errors"][0]["message"]


def test_a_declined_trip_frees_driver_vehicle_and_charter() -> None:
    rosa, coach, run = driver(), vehicle(), trip()
    made = assigned(run, rosa, coach)
    gone = done("POST", f"/dispatch/assignments/{made['id']}/decline", {"reason": "ill"}, by=rosa)
    assert (gone["status"], gone["reason"], gone["version"]) == ("declined", "ill", 2)
    assert jobs_on(rosa, "2027-W09") == jobs_on(coach, "2027-W09") == []
    assert ahead(rosa) == ahead(coach) == 0
    now = charter(run)
    assert (now["status"], now["driver_id"], now["vehicles"]) == ("confirmed", None, [])
    again = assigned(run, rosa, coach)
    assert again["id"] != made["id"]
    assert ask("POST", f"/dispatch/assignments/{made['id']}/accept").status == 409


def test_drivers_see_and_answer_their_own_only() -> None:
    rosa, sam, coach = driver(), driver("Sam Tran"), vehicle()
    made = assigned(trip(), rosa, coach)
    path = f"/dispatch/assignments/{made['id']}"
    assert ask("GET", path, by=sam).status == 404
    assert ask("POST", f"{path}/accept", by=sam).status == 404
    assert ask("POST", f"{path}/decline", {}, by=sam).status == 404
    assert ask("POST", f"{path}/release", {}, by=rosa).status == 403
    assert ask("POST", "/dispatch/assignments", {}, by=rosa).status == 403
    listed = {"date_from": "2027-03-01", "date_to": "2027-03-31"}
    assert done("GET", "/dispatch/assignments", by=sam, query=listed)["items"] == []
    assert [each["id"] for each in done("GET", "/dispatch/assignments", by=rosa, query=listed)["items"]] == [made["id"]]
    assert ask("GET", "/dispatch/assignments", by=sam, query={"driver_id": rosa}).status == 404
    assert done("POST", f"{path}/accept", by=rosa)["status"] == "accepted"
    assert done("POST", f"{path}/release", {"reason": "another plan"})["status"] == "released"


def test_a_charter_that_requires_two_drivers_gets_two() -> None:
    rosa, sam, coach = driver(), driver("Sam Tran"), vehicle()
    run = trip(requires_second_driver=True)
    refused = given(run, rosa, coach)
    assert [each["field"] for each in refused.json()["errors"]] == ["second_driver_id"]
    made = assigned(run, rosa, coach, second_driver_id=sam)
    assert (made["second_driver_name"], made["second_duty"][0]["riding"]) == ("Sam Tran", True)
    query = {"driver_id": sam, "date_from": "2027-03-01"}
    assert [each["id"] for each in done("GET", "/dispatch/assignments", query=query)["items"]] == [made["id"]]
    assert done("GET", f"/dispatch/assignments/{made['id']}", by=sam)["id"] == made["id"]
    clash = given(trip(leaves="10:00"), sam, vehicle("Coach 2"))
    assert clash.status == 409
    assert given(run, rosa, coach, second_driver_id=rosa).status == 422
    done("POST", f"/dispatch/assignments/{made['id']}/decline", {"reason": "ill"}, by=sam)
    declined = store.history(ASSIGNMENT.key(org=ORG, id=made["id"]))[-1]
    assert (declined.type, declined.data["declined_by"]) == ("assignment.declined", sam)


def test_each_vehicle_of_a_charter_has_a_driver_of_its_own() -> None:
    run = trip(vehicle_count=2, passengers=80)
    one = assigned(run, driver(), vehicle("Coach 1"))
    assert (one["vehicle_number"], one["passengers"], charter(run)["status"]) == (1, 40, "booked")
    two = assigned(run, driver("Sam Tran"), vehicle("Coach 2"), vehicle_number=2)
    assert (two["vehicle_number"], charter(run)["status"]) == (2, "confirmed")
    full = given(run, driver("Lee Ng"), vehicle("Coach 3"))
    assert (full.status, full.json()["code"]) == (409, "charter_fully_assigned")
    assert given(run, driver("Lee Ng"), vehicle("Coach 3"), vehicle_number=2).status == 409
    assert given(run, driver("Lee Ng"), vehicle("Coach 3"), vehicle_number=3).status == 422


def test_what_a_vendor_was_awarded_it_runs_with_its_own_driver_and_vehicle() -> None:
    run = trip()
    vendor_id = awarded(run)
    refused = given(run, driver(), vehicle())
    assert [each["message"].split(":")[0] for each in refused.json()["errors"]] == ["vendor", "vendor"]
    theirs, coach = driver("Vic Otto", vendor_id=vendor_id), vehicle("Blue 1", vendor_id=vendor_id)
    body = {"charter_id": run, "driver_id": theirs, "vehicle_id": coach}
    assert ask("POST", "/dispatch/assignments", body, by=ids.new("ven")).status == 404
    made = done("POST", "/dispatch/assignments", body, by=vendor_id)
    assert made["vendor_id"] == vendor_id
    cover = charter(run)["vehicles"][0]
    assert (cover["vendor_id"], cover["driver_id"]) == (vendor_id, theirs)
    query = {"date_from": "2027-03-01"}
    assert [each["id"] for each in done("GET", "/dispatch/assignments", by=vendor_id, query=query)["items"]] == [
        made["id"]
    ]
    assert done("GET", "/dispatch/assignments", by=ids.new("ven"), query=query)["items"] == []
    done("POST", f"/dispatch/assignments/{made['id']}/release", {}, by=vendor_id)
    assert charter(run)["vehicles"][0]["vendor_id"] == vendor_id
    assert given(trip(leaves="20:00"), theirs, coach).status == 409


def test_a_charter_that_is_over_takes_no_drivers() -> None:
    run = trip()
    booking_builders.ask("POST", f"/charters/{run}/cancel", {"reason": "off"})
    refused = given(run, driver(), vehicle())
    assert (refused.status, refused.json()["detail"]) == (409, "This charter is cancelled.")


def test_who_is_not_there_cannot_be_assigned() -> None:
    rosa, coach, run = driver(), vehicle(), trip()
    for body in (
        {"charter_id": ids.new("chr"), "driver_id": rosa, "vehicle_id": coach},
        {"charter_id": run, "driver_id": ids.new("drv"), "vehicle_id": coach},
        {"charter_id": run, "driver_id": rosa, "vehicle_id": ids.new("veh")},
    ):
        assert ask("POST", "/dispatch/assignments", body).status == 404


@pytest.mark.parametrize("name", ["charter_id", "driver_id", "vehicle_id", "status"])
def test_lists_are_filtered(name: str) -> None:
    rosa, coach, run = driver(), vehicle(), trip()
    made: dict[str, Any] = assigned(run, rosa, coach)
    assigned(trip("2027-03-10"), driver("Sam Tran"), vehicle("Coach 2"))
    other = done("POST", f"/dispatch/assignments/{made['id']}/accept")
    found_by = done(
        "GET", "/dispatch/assignments", query={name: other[name], "date_from": "2027-03-01", "date_to": "2027-03-31"}
    )
    assert [each["id"] for each in found_by["items"]] == [made["id"]]


def test_without_a_range_lists_begin_with_the_organizations_today() -> None:
    rosa, coach = driver(), vehicle()
    tonight = assigned(trip("2027-03-03", leaves="20:00"), rosa, coach)
    yesterday = assigned(trip("2027-03-02"), rosa, coach)
    assert yesterday["id"] != tonight["id"]
    # It is ten in the evening in New York, and tomorrow in UTC.
    with clock.frozen(datetime(2027, 3, 4, 3, tzinfo=UTC)):
        for query in ({"by": rosa}, {"query": {"driver_id": rosa}}, {"query": {"vehicle_id": coach}}):
            assert [each["id"] for each in done("GET", "/dispatch/assignments", **query)["items"]] == [tonight["id"]]


def test_a_list_goes_on_behind_its_cursor() -> None:
    rosa, coach = driver(), vehicle()
    made = [assigned(trip(f"2027-03-{day:02d}"), rosa, coach)["id"] for day in (3, 5, 7)]
    for query in ({}, {"driver_id": rosa}, {"vehicle_id": coach}):
        seen, cursor = list[str](), dict[str, str]()
        while True:
            page = done(
                "GET", "/dispatch/assignments", query={**query, "date_from": "2027-03-01", "limit": "1", **cursor}
            )
            seen += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == made
