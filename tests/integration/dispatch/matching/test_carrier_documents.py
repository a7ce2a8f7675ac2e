"""Documents of the organization at the assignment, on the board and at check-in, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.compliance.rules import DocumentType, SubjectType
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, document_builders
from tests.integration.dispatch.tracking_builders import action_path, freeze_time, send_request

MISSING = [
    "The organization: Missing required document: liability insurance",
    "The organization: Missing required document: workers comp",
]


@pytest.fixture(autouse=True)
def organization() -> None:
    builders.create_organization()


def assign(charter_id: str) -> Any:
    body = {
        "charter_id": charter_id,
        "driver_id": builders.create_driver(),
        "vehicle_id": builders.create_vehicle(),
    }
    return builders.send_request("POST", "/dispatch/assignments", body)


def list_board_problems() -> list[str]:
    columns = builders.send_ok("GET", "/dispatch/board", query={"day": "2027-03-03"})["columns"]
    [card] = [card for cards in columns.values() for card in cards]
    return list(card["document_problems"])


def test_assignment_days_before_names_the_missing_documents_and_the_board_shows_them() -> None:
    document_builders.create_organization_documents(DocumentType.LIABILITY_INSURANCE, DocumentType.WORKERS_COMP)
    charter_id = builders.create_trip()
    assert list_board_problems() == MISSING
    with freeze_time("09:00", "2027-03-01"):
        reply = assign(charter_id)
        assert (reply.status, reply.json()["document_problems"]) == (201, MISSING)
        assert list_board_problems() == MISSING


def test_assignment_without_any_document_of_the_organization_names_each() -> None:
    with freeze_time("09:00", "2027-03-01"):
        warnings = assign(builders.create_trip()).json()["document_problems"]
    assert warnings == ["The organization: Missing required document: business license", *MISSING]


@pytest.mark.parametrize("path", ["/dispatch/assignments", "/dispatch/assignments/auto"])
def test_assignment_on_the_day_before_is_refused_and_names_the_missing_documents(path: str) -> None:
    document_builders.create_organization_documents(DocumentType.LIABILITY_INSURANCE, DocumentType.WORKERS_COMP)
    charter_id = builders.create_trip()
    driver_id, vehicle_id = builders.create_driver(), builders.create_vehicle()
    crew = {} if path.endswith("auto") else {"driver_id": driver_id, "vehicle_id": vehicle_id}
    with freeze_time("10:00", "2027-03-02"):
        reply = builders.send_request("POST", path, {"charter_id": charter_id, **crew})
    assert (reply.status, reply.json()["code"]) == (409, "organization_not_compliant")
    assert [item["message"] for item in reply.json()["errors"]] == [f"compliance: {problem}" for problem in MISSING]


def test_check_in_without_documents_of_the_organization_names_each() -> None:
    with freeze_time("09:00", "2027-03-01"):
        assignment = assign(builders.create_trip()).json()
    with freeze_time("08:00"):
        reply = send_request("POST", action_path(assignment["id"], "check-in"), {}, driver_id=assignment["driver_id"])
    assert (reply.status, reply.json()["code"]) == (409, "departure_documents_invalid")
    assert [item["message"] for item in reply.json()["errors"]] == [
        "The organization: Missing required document: business license",
        *MISSING,
    ]
    assert MISSING[0] in reply.json()["detail"]


def test_board_shows_documents_that_expire_before_the_trip() -> None:
    document_builders.create_organization_documents()
    with freeze_time("09:00", "2027-03-01"):
        assert assign(builders.create_trip()).json()["document_problems"] == []
        assert list_board_problems() == []
    document_builders.expire_documents(SubjectType.ORGANIZATION, ORG)
    assert list_board_problems() == [
        f"The organization: Required document is not valid on 2027-03-03: {name}"
        for name in ("business license", "liability insurance", "workers comp")
    ]
