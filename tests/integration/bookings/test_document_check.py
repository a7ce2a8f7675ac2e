"""Document checks before departure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import VehicleCoverage
from coachway.compliance import service as compliance
from coachway.compliance import subjects
from coachway.compliance.model import DocumentInput, ReviewInput, Subject
from coachway.compliance.rules import REQUIRED, DocumentStatus, DocumentSummary, SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.types import ids
from tests.integration.bookings.builders import ORG, create_charter, create_organizations, set_status

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
LAST_DAY = date(2027, 3, 3)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def create_vendor(*, until: date, missing: int = 0) -> str:
    """A vendor with all required documents except the last `missing` ones."""
    vendor_id = ids.new("ven")
    store.commit(CALLER, subjects.create_subject_op(ORG, SubjectType.VENDOR, vendor_id, name="Premium Coach Lines"))
    required = REQUIRED[SubjectType.VENDOR]
    for kind in required[: len(required) - missing]:
        request = DocumentInput(vendor_id=vendor_id, document_type=kind, document_name=kind, expiration_date=until)
        document = compliance.submit_document(CALLER, request)
        compliance.review_document(CALLER, document.id, ReviewInput.model_validate({"status": "approved"}), None)
    return vendor_id


def create_awarded_charter(*vendor_ids: str) -> str:
    """A confirmed charter whose vehicles are awarded to these vendors."""
    charter_id = str(create_charter()["id"])
    for status in ("booked", "confirmed"):
        assert set_status(charter_id, status).status == 200
    charter = charter_queries.get_charter(CALLER, charter_id)
    fields = {"vendor_id": vendor_ids[0], "vendor_ids": list(vendor_ids)}
    store.commit(CALLER, Update(charter, charter.model_copy(update=fields)))
    return charter_id


def test_start_with_vendor_documents_valid_through_last_day_succeeds() -> None:
    assert set_status(create_awarded_charter(create_vendor(until=LAST_DAY)), "in_progress").status == 200


def test_start_with_document_expiring_during_trip_is_rejected() -> None:
    charter = create_awarded_charter(
        create_vendor(until=date(2099, 1, 1)), create_vendor(until=date(2027, 3, 2), missing=1)
    )
    rejected = set_status(charter, "in_progress")
    assert (rejected.status, rejected.json()["code"]) == (409, "documents_not_in_order")
    field_errors = rejected.json()["errors"]
    assert {each["field"] for each in field_errors} == {"vendor_ids.1"}
    assert "The vendor: Missing required document: safety inspection" in [each["message"] for each in field_errors]
    assert "The vendor: Required document is not valid on 2027-03-03: business license" in [
        each["message"] for each in field_errors
    ]


def test_start_with_vendor_without_documents_is_rejected() -> None:
    assert set_status(create_awarded_charter(ids.new("ven")), "in_progress").status == 409


def create_subject(kind: SubjectType, subject_id: str, until: date) -> str:
    """A subject with all required documents."""
    documents = [
        DocumentSummary(id=ids.new("cmp"), document_type=each, status=DocumentStatus.APPROVED, expiration_date=until)
        for each in REQUIRED[kind]
    ]
    subject = Subject(org_id=ORG, subject_type=kind, subject_id=subject_id, name=subject_id, documents=documents)
    store.commit(CALLER, Create(subject))
    return subject_id


def create_assigned_charter(**until: date) -> str:
    """A confirmed charter with two drivers and a vehicle of the organization's own."""
    expiry_dates = {name: until.get(name, date(2099, 1, 1)) for name in ("organization", "rosa", "sam", "coach")}
    create_subject(SubjectType.ORGANIZATION, ORG, expiry_dates["organization"])
    rosa, sam = (create_subject(SubjectType.DRIVER, ids.new("drv"), expiry_dates[name]) for name in ("rosa", "sam"))
    coach = create_subject(SubjectType.VEHICLE, ids.new("veh"), expiry_dates["coach"])
    charter_id = str(create_charter()["id"])
    for status in ("booked", "confirmed"):
        assert set_status(charter_id, status).status == 200
    charter = charter_queries.get_charter(CALLER, charter_id)
    cover = VehicleCoverage(
        vehicle=1,
        assignment_id=ids.new("asg"),
        driver_id=rosa,
        second_driver_id=sam,
        driver_names=["Rosa Delgado", "Sam Tran"],
        vehicle_id=coach,
        vehicle_name="Coach 12",
    )
    store.commit(CALLER, Update(charter, charter.model_copy(update={"vehicles": [cover]})))
    return charter_id


def test_start_of_own_trip_with_valid_documents_succeeds() -> None:
    assert set_status(create_assigned_charter(), "in_progress").status == 200


@pytest.mark.parametrize(
    ("subject", "field", "name"),
    [
        ("organization", "organization", "The organization"),
        ("rosa", "vehicles.0.driver_id", "Rosa Delgado"),
        ("sam", "vehicles.0.second_driver_id", "Sam Tran"),
        ("coach", "vehicles.0.vehicle_id", "Coach 12"),
    ],
)
def test_start_by_hand_with_expired_document_is_rejected(subject: str, field: str, name: str) -> None:
    rejected = set_status(create_assigned_charter(**{subject: date(2027, 3, 2)}), "in_progress")
    assert (rejected.status, rejected.json()["code"]) == (409, "documents_not_in_order")
    field_errors = rejected.json()["errors"]
    assert {each["field"] for each in field_errors} == {field}
    assert all(
        each["message"].startswith(f"{name}: Required document is not valid on 2027-03-03") for each in field_errors
    )
