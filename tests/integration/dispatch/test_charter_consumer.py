"""What assignments make of events elsewhere, on the table in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.compliance import subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.core.types import ids
from coachway.dispatch import erasure
from coachway.dispatch.assignments.model import ASSIGNMENT
from coachway.dispatch.matching import charter_consumer
from coachway.dispatch.recovery import workflow as recovery_workflow
from coachway.fleet.model import DRIVER, VEHICLE, Availability, Driver, DriverStatus, Vehicle, VehicleStatus
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import SYSTEM, assigned, charter, done, driver, found, trip, vehicle


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def told(kind: str, aggregate_id: str, **data: Any) -> None:
    """An event reaches the consumer."""
    delivery = Delivery(
        event_id=ids.ulid(), type=kind, org_id=ORG, aggregate_id=aggregate_id, correlation_id="c", data=data
    )
    charter_consumer.CONSUMERS[kind](SYSTEM, delivery)


def now_of(assignment_id: str) -> dict[str, Any]:
    return done("GET", f"/dispatch/assignments/{assignment_id}")


def facts(assignment_id: str, kind: str) -> list[dict[str, Any]]:
    key = ASSIGNMENT.key(org=ORG, id=assignment_id)
    return [each.data for each in query_all(Envelope, key.pk, prefix="EVENT#") if each.type == kind]


@pytest.mark.parametrize("kind", ["charter.cancelled", "charter.deleted", "quote.declined", "quote.expired"])
def test_a_trip_that_does_not_take_place_frees_its_driver_who_is_told(kind: str) -> None:
    rosa, coach, run = driver(phone="+12125550177"), vehicle(), trip()
    made = assigned(run, rosa, coach)
    for _ in range(2):
        told(kind, run)
    assert now_of(made["id"])["status"] == "released"
    [fact] = facts(made["id"], "assignment.released")
    assert (fact["driver_phone"], fact["pickup"]) == ("+12125550177", "11 Wall St, New York, NY")
    assert charter(run)["vehicles"] == []
    assigned(trip(), rosa, coach)


def test_a_trip_that_was_revised_is_offered_anew() -> None:
    rosa, coach = driver(), vehicle()
    run = str(booking_builders.create_charter()["id"])
    made = assigned(run, rosa, coach)
    told("charter.modified", run, revised=False, revision_number=1)
    assert now_of(made["id"])["status"] == "offered"
    assert booking_builders.ask("PUT", f"/charters/{run}", {"passengers": 39}).status == 200
    assert charter(run)["vehicles"] == []
    told("charter.modified", run, revised=True, revision_number=2)
    assert (now_of(made["id"])["status"], now_of(made["id"])["reason"]) == ("released", "The trip was changed")
    again = assigned(run, rosa, coach)
    assert again["charter_revision"] == 2
    told("charter.modified", run, revised=True, revision_number=2)  # heard of once more
    assert now_of(again["id"])["status"] == "offered"
    assert charter(run)["vehicles"][0]["assignment_id"] == again["id"]


def changed(resource: str, **fields: Any) -> None:
    """A driver or vehicle as fleet leaves it."""
    model: type[Driver | Vehicle] = Driver if resource.startswith("drv") else Vehicle
    pattern = DRIVER if model is Driver else VEHICLE
    before = store.get(model, pattern.key(org=ORG, id=resource))
    store.commit(SYSTEM, Update(before, before.model_copy(update=fields)))


def test_what_a_driver_on_leave_has_ahead_is_marked_until_they_are_back() -> None:
    rosa = driver()
    made = assigned(trip(), rosa, vehicle())
    changed(rosa, status=DriverStatus.ON_LEAVE)
    for _ in range(2):
        told("driver.updated", rosa, driver_id=rosa)
    assert now_of(made["id"])["concern"] == "Rosa Delgado is on leave"
    assert [each["reason"] for each in facts(made["id"], "assignment.endangered")] == ["Rosa Delgado is on leave"]
    changed(rosa, status=DriverStatus.ACTIVE)
    told("driver.updated", rosa, driver_id=rosa)
    assert now_of(made["id"])["concern"] == ""


def test_what_a_driver_who_is_away_has_ahead_is_marked() -> None:
    rosa = driver()
    made, later = assigned(trip(), rosa, vehicle()), assigned(trip("2027-04-07"), rosa, vehicle("Coach 2"))
    away = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    changed(rosa, availability=Availability.model_validate({"exceptions": [away]}))
    told("driver.availability_changed", rosa, driver_id=rosa)
    assert now_of(made["id"])["concern"].endswith("vacation")
    assert now_of(later["id"])["concern"] == ""


def test_what_a_vehicle_in_maintenance_has_ahead_is_marked_with_all_that_is_wrong() -> None:
    coach, rosa = vehicle(), driver()
    made = assigned(trip(), rosa, coach)
    changed(coach, status=VehicleStatus.MAINTENANCE)
    changed(rosa, status=DriverStatus.ON_LEAVE)
    told("vehicle.updated", coach, vehicle_id=coach)
    assert now_of(made["id"])["concern"] == "Rosa Delgado is on leave; Coach 12 is in maintenance"


def test_a_driver_whose_license_runs_out_sooner_is_a_concern() -> None:
    rosa = driver()
    made = assigned(trip(), rosa, vehicle())
    changed(rosa, license_expires=date(2027, 3, 2))
    told("driver.updated", rosa, driver_id=rosa)
    assert now_of(made["id"])["concern"] == "Rosa Delgado has a license that expires on 2027-03-02"


def test_a_vehicle_that_has_too_few_seats_now_is_a_concern() -> None:
    coach = vehicle()
    made = assigned(trip(), driver(), coach)
    changed(coach, capacity=39)
    told("vehicle.updated", coach, vehicle_id=coach)
    assert now_of(made["id"])["concern"] == "Coach 12 has 39 seats, but the trip needs 40"


@pytest.mark.parametrize("kind", ["document.expired", "compliance.reviewed"])
def test_papers_that_will_have_run_out_are_a_concern(kind: str) -> None:
    rosa = driver()
    made = assigned(trip(), rosa, vehicle())
    subject = store.get(Subject, subjects.key(ORG, SubjectType.DRIVER, rosa))
    store.commit(SYSTEM, Update(subject, subject.model_copy(update={"papers": subject.papers[1:]})))
    told(kind, ids.new("cmp"), subject_type="driver", subject_id=rosa)
    assert "Missing required document: drivers_license" in now_of(made["id"])["concern"]
    told(kind, ids.new("cmp"), subject_type="vendor", subject_id=ids.new("ven"))


def test_no_event_has_two_consumers_in_one_queue() -> None:
    heard = [*charter_consumer.CONSUMERS, *erasure.CONSUMERS, *recovery_workflow.CONSUMERS]
    assert sorted(set(heard)) == sorted(heard)
