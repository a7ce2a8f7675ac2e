"""Consumers of charter, fleet and compliance events, on the table in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.compliance import subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.core.types import ids
from coachway.dispatch import erasure
from coachway.dispatch.assignments.model import ASSIGNMENT
from coachway.dispatch.matching import charter_consumer
from coachway.dispatch.recovery import workflow as recovery_workflow
from coachway.fleet.availability import Availability
from coachway.fleet.model import VEHICLE, Driver, DriverStatus, Vehicle, VehicleStatus
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    SYSTEM,
    create_assignment,
    create_delivery,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    get_charter,
    send_ok,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()


def deliver_event(kind: str, aggregate_id: str, **data: Any) -> None:
    """Deliver an event to its consumer."""
    charter_consumer.CONSUMERS[kind](SYSTEM, create_delivery(kind, aggregate_id, **data))


def get_assignment_json(assignment_id: str) -> dict[str, Any]:
    return send_ok("GET", f"/dispatch/assignments/{assignment_id}")


def list_event_data(assignment_id: str, kind: str) -> list[dict[str, Any]]:
    key = ASSIGNMENT.key(org=ORG, id=assignment_id)
    return [each.data for each in query_all(Envelope, key.pk, prefix="EVENT#") if each.type == kind]


@pytest.mark.parametrize("kind", ["charter.cancelled", "charter.deleted", "quote.declined", "quote.expired"])
def test_on_charter_cancelled_releases_the_assignment_and_notifies_the_driver(kind: str) -> None:
    rosa, coach, charter_id = create_driver(phone="+12125550177"), create_vehicle(), create_trip()
    assignment = create_assignment(charter_id, rosa, coach)
    for _ in range(2):
        deliver_event(kind, charter_id)
    assert get_assignment_json(assignment["id"])["status"] == "released"
    [data] = list_event_data(assignment["id"], "assignment.released")
    assert (data["driver_phone"], data["pickup"]) == ("+12125550177", "11 Wall St, New York, NY")
    assert get_charter(charter_id)["vehicles"] == []
    create_assignment(create_trip(), rosa, coach)


def test_on_charter_modified_releases_assignments_of_earlier_revisions() -> None:
    rosa, coach = create_driver(), create_vehicle()
    charter_id = str(booking_builders.create_charter()["id"])
    assignment = create_assignment(charter_id, rosa, coach)
    deliver_event("charter.modified", charter_id, revised=False, revision_number=1)
    assert get_assignment_json(assignment["id"])["status"] == "offered"
    assert booking_builders.send_request("PUT", f"/charters/{charter_id}", {"passengers": 39}).status == 200
    assert get_charter(charter_id)["vehicles"] == []
    deliver_event("charter.modified", charter_id, revised=True, revision_number=2)
    assert (get_assignment_json(assignment["id"])["status"], get_assignment_json(assignment["id"])["reason"]) == (
        "released",
        "The trip was changed",
    )
    second_assignment = create_assignment(charter_id, rosa, coach)
    assert second_assignment["charter_revision"] == 2
    deliver_event("charter.modified", charter_id, revised=True, revision_number=2)  # delivered again
    assert get_assignment_json(second_assignment["id"])["status"] == "offered"
    assert get_charter(charter_id)["vehicles"][0]["assignment_id"] == second_assignment["id"]


def update_resource(resource: str, **fields: Any) -> None:
    """Store changed fields of a driver or vehicle."""
    model: type[Driver | Vehicle] = Driver if resource.startswith("drv") else Vehicle
    pattern = DRIVER if model is Driver else VEHICLE
    before = store.get(model, pattern.key(org=ORG, id=resource))
    store.commit(SYSTEM, Update(before, before.model_copy(update=fields)))


def test_on_driver_changed_on_leave_sets_the_risk_reason_until_the_return() -> None:
    rosa = create_driver()
    assignment = create_assignment(create_trip(), rosa, create_vehicle())
    update_resource(rosa, status=DriverStatus.ON_LEAVE)
    for _ in range(2):
        deliver_event("driver.updated", rosa, driver_id=rosa)
    assert get_assignment_json(assignment["id"])["risk_reason"] == "Rosa Delgado is on leave"
    assert [each["reason"] for each in list_event_data(assignment["id"], "assignment.endangered")] == [
        "Rosa Delgado is on leave"
    ]
    update_resource(rosa, status=DriverStatus.ACTIVE)
    deliver_event("driver.updated", rosa, driver_id=rosa)
    assert get_assignment_json(assignment["id"])["risk_reason"] == ""


def test_on_driver_changed_unavailable_sets_the_risk_reason_of_affected_trips() -> None:
    rosa = create_driver()
    assignment, later = (
        create_assignment(create_trip(), rosa, create_vehicle()),
        create_assignment(create_trip("2027-04-07"), rosa, create_vehicle("Coach 2")),
    )
    vacation = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    update_resource(rosa, availability=Availability.model_validate({"exceptions": [vacation]}))
    deliver_event("driver.availability_changed", rosa, driver_id=rosa)
    assert get_assignment_json(assignment["id"])["risk_reason"].endswith("vacation")
    assert get_assignment_json(later["id"])["risk_reason"] == ""


def test_on_vehicle_changed_in_maintenance_sets_a_risk_reason_with_all_reasons() -> None:
    coach, rosa = create_vehicle(), create_driver()
    assignment = create_assignment(create_trip(), rosa, coach)
    update_resource(coach, status=VehicleStatus.MAINTENANCE)
    update_resource(rosa, status=DriverStatus.ON_LEAVE)
    deliver_event("vehicle.updated", coach, vehicle_id=coach)
    assert (
        get_assignment_json(assignment["id"])["risk_reason"] == "Rosa Delgado is on leave; Coach 12 is in maintenance"
    )


def test_on_driver_changed_with_an_earlier_license_expiry_sets_the_risk_reason() -> None:
    rosa = create_driver()
    assignment = create_assignment(create_trip(), rosa, create_vehicle())
    update_resource(rosa, license_expires=date(2027, 3, 2))
    deliver_event("driver.updated", rosa, driver_id=rosa)
    assert (
        get_assignment_json(assignment["id"])["risk_reason"] == "Rosa Delgado has a license that expires on 2027-03-02"
    )


def test_on_vehicle_changed_with_too_few_seats_sets_the_risk_reason() -> None:
    coach = create_vehicle()
    assignment = create_assignment(create_trip(), create_driver(), coach)
    update_resource(coach, capacity=39)
    deliver_event("vehicle.updated", coach, vehicle_id=coach)
    assert get_assignment_json(assignment["id"])["risk_reason"] == "Coach 12 has 39 seats, but the trip needs 40"


@pytest.mark.parametrize("kind", ["document.expired", "compliance.reviewed"])
def test_on_documents_changed_with_a_missing_document_sets_the_risk_reason(kind: str) -> None:
    rosa = create_driver()
    assignment = create_assignment(create_trip(), rosa, create_vehicle())
    subject = store.get(Subject, subjects.build_subject_key(ORG, SubjectType.DRIVER, rosa))
    store.commit(SYSTEM, Update(subject, subject.model_copy(update={"documents": subject.documents[1:]})))
    deliver_event(kind, ids.new("cmp"), subject_type="driver", subject_id=rosa)
    assert "Missing required document: drivers license" in get_assignment_json(assignment["id"])["risk_reason"]
    deliver_event(kind, ids.new("cmp"), subject_type="vendor", subject_id=ids.new("ven"))


def test_dispatch_consumers_handle_each_event_type_once() -> None:
    event_types = [*charter_consumer.CONSUMERS, *erasure.CONSUMERS, *recovery_workflow.CONSUMERS]
    assert sorted(set(event_types)) == sorted(event_types)
