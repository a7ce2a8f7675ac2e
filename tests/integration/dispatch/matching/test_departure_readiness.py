"""Checks of drivers, vehicle and documents before departure, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.operations import Update
from coachway.core.persistence.records import Key
from coachway.fleet.model import VEHICLE, Driver, DriverStatus, Vehicle, VehicleStatus
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.builders import get_assignment
from tests.integration.dispatch.document_builders import EXPIRED, expire_documents
from tests.integration.dispatch.tracking_builders import (
    action_path,
    create_offered_trip,
    create_trip_on_duty,
    event_types,
    freeze_time,
    send_departure_positions,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


@pytest.mark.parametrize("subject_type", ["driver", "vehicle", "organization"])
def test_check_in_with_expired_documents_lists_each(subject_type: str) -> None:
    _, assignment_id, rosa = create_offered_trip()
    stored = get_assignment(assignment_id)
    subject_id = {"driver": rosa, "vehicle": stored.vehicle_id, "organization": ORG}[subject_type]
    expire_documents(SubjectType(subject_type), subject_id)
    with freeze_time("08:00"):
        reply = send_request("POST", action_path(assignment_id, "check-in"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "departure_documents_invalid")
    errors = reply.json()["errors"]
    assert len(errors) == 3
    assert all("is not valid on 2027-03-03: " in item["message"] for item in errors)
    name = {"driver": "Rosa Delgado", "vehicle": "Coach 12", "organization": "The organization"}[subject_type]
    assert errors[0]["message"].startswith(name)


@pytest.mark.parametrize(
    ("subject_type", "fields", "message"),
    [
        ("driver", {"status": DriverStatus.ON_LEAVE}, "Rosa Delgado is on leave"),
        ("driver", {"license_expires": EXPIRED}, "Rosa Delgado has a license that expires on 2027-03-02"),
        ("vehicle", {"status": VehicleStatus.OUT_OF_SERVICE}, "Coach 12 is out of service"),
    ],
)
def test_depart_with_an_unavailable_driver_or_vehicle_is_refused_and_positions_raise_an_alarm(
    subject_type: str, fields: dict[str, Any], message: str
) -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    model, key = (
        (Driver, DRIVER.key(org=ORG, id=rosa)) if subject_type == "driver" else (Vehicle, vehicle_key(assignment_id))
    )
    before = store.get(model, key)
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update=fields)))
    with freeze_time("09:00"):
        reply = send_request("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "departure_not_ready")
    assert [(item["field"], item["message"]) for item in reply.json()["errors"]] == [(f"{subject_type}_id", message)]
    send_departure_positions(assignment_id, rosa)
    assert "trip.papers_lacking" in event_types(assignment_id)


def vehicle_key(assignment_id: str) -> Key:
    return VEHICLE.key(org=ORG, id=get_assignment(assignment_id).vehicle_id)


def test_depart_with_expired_documents_is_refused() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    expire_documents(SubjectType.DRIVER, rosa)
    with freeze_time("09:00"):
        reply = send_request("POST", action_path(assignment_id, "depart"), {}, driver_id=rosa)
    assert (reply.status, reply.json()["code"]) == (409, "departure_documents_invalid")
    assert builders.get_charter(charter_id)["status"] == "confirmed"


def test_departure_positions_with_expired_documents_raise_an_alarm() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    expire_documents(SubjectType.DRIVER, rosa)
    send_departure_positions(assignment_id, rosa)
    assert "trip.papers_lacking" in event_types(assignment_id)
    assert (get_assignment(assignment_id).status, builders.get_charter(charter_id)["status"]) == (
        "in_progress",
        "in_progress",
    )
