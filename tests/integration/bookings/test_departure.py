"""A trip leaves only when the papers of whoever runs it are in order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.bookings import charters
from coachway.compliance import service as compliance
from coachway.compliance import subjects
from coachway.compliance.model import DocumentInput, ReviewInput
from coachway.compliance.rules import REQUIRED, SubjectType
from coachway.core import ids, store
from coachway.core.caller import Caller
from coachway.core.ops import Update
from tests.integration.bookings.asking import ORG, found, moved, quoted

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
LAST_DAY = date(2027, 3, 3)


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    found()


def vendor(*, until: date, without: int = 0) -> str:
    """One with all papers but the last so many."""
    made = ids.new("ven")
    store.commit(CALLER, subjects.opening(ORG, SubjectType.VENDOR, made, name="Premium Coach Lines"))
    required = REQUIRED[SubjectType.VENDOR]
    for kind in required[: len(required) - without]:
        paper = DocumentInput(vendor_id=made, document_type=kind, document_name=kind, expiration_date=until)
        document = compliance.submit(CALLER, paper)
        compliance.review(CALLER, document.id, ReviewInput.model_validate({"status": "approved"}), None)
    return made


def awarded(*vendor_ids: str) -> str:
    """A confirmed charter that these vendors run."""
    charter_id = str(quoted()["id"])
    for status in ("booked", "confirmed"):
        assert moved(charter_id, status).status == 200
    charter = charters.get(CALLER, charter_id)
    run = {"vendor_id": vendor_ids[0], "vendor_ids": list(vendor_ids)}
    store.commit(CALLER, Update(charter, charter.model_copy(update=run)))
    return charter_id


def test_a_vendor_whose_papers_hold_through_the_last_day_may_leave() -> None:
    assert moved(awarded(vendor(until=LAST_DAY)), "in_progress").status == 200


def test_a_paper_that_runs_out_before_the_trip_ends_holds_it_up_and_is_named() -> None:
    charter = awarded(vendor(until=date(2099, 1, 1)), vendor(until=date(2027, 3, 2), without=1))
    refused = moved(charter, "in_progress")
    assert (refused.status, refused.json()["title"]) == (409, "the vendor's documents are not in order")
    said = refused.json()["errors"]
    assert {each["field"] for each in said} == {"vendor_ids.1"}
    assert "Missing required document: safety_inspection" in [each["message"] for each in said]
    assert "Required document is expired on 2027-03-03: business_license" in [each["message"] for each in said]


def test_a_vendor_that_never_had_papers_does_not_leave() -> None:
    assert moved(awarded(ids.new("ven")), "in_progress").status == 409
