"""The expiry timer over the mornings of an organization, on the in-memory table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from coachway.compliance import expiry_job, reminder_times, service
from coachway.compliance.expiry_job import ExpiryResult
from coachway.compliance.model import DocumentInput, ReviewInput
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.fleet import drivers
from coachway.fleet.model import DRIVER_EXAMPLE, NewDriver
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.vendors import service as vendors
from coachway.vendors.model import VendorInput
from tests.integration import vendor_builders
from tests.integration.vendor_builders import CALLER, ORG

START = datetime(2027, 1, 1, 12, tzinfo=UTC)
"""Four in the morning in Los Angeles."""


@pytest.fixture(autouse=True)
def organization() -> None:
    vendor_builders.create_organizations("America/Los_Angeles")


def create_vendor() -> str:
    return vendors.create_vendor(CALLER, VendorInput.model_validate(vendor_builders.VENDOR_FIELDS)).id


def submit_document(vendor_id: str, kind: str = "business_license", *, expires: str, status: str = "") -> str:
    body = {
        "vendor_id": vendor_id,
        "document_type": kind,
        "document_name": kind,
        "expiration_date": expires,
    }
    document = service.submit_document(CALLER, DocumentInput.model_validate(body))
    if status:
        service.review_document(CALLER, document.id, ReviewInput.model_validate({"status": status}), None)
    return document.id


def approve_document(expires: str) -> str:
    with clock.frozen(START):
        return submit_document(create_vendor(), expires=expires, status="approved")


def run(moment: datetime) -> ExpiryResult:
    with clock.frozen(moment):
        reminder_times.clear_timezone_cache()
        return expiry_job.run()


def list_notices(compliance_id: str) -> list[tuple[str, int | None, str]]:
    """The reminder and expiry events of a document, with their local day and hour."""
    history = store.list_history(service.get_document(CALLER, compliance_id).key())
    hours = [(each, each.occurred_at - timedelta(hours=8)) for each in history]
    return [
        (each.type, each.data.get("days_left"), f"{moment:%m-%d %H}")
        for each, moment in hours
        if each.type.startswith("document.")
    ]


def run_hourly(first: datetime, last: datetime) -> None:
    moment = first
    while moment <= last:
        run(moment)
        moment += timedelta(hours=1)


def test_expiry_job_reminds_four_times_and_expires_at_eight() -> None:
    document_id = approve_document("2027-02-10")
    for month, day in ((1, 11), (1, 27), (2, 3), (2, 9), (2, 11)):
        run_hourly(datetime(2027, month, day, 14, tzinfo=UTC), datetime(2027, month, day, 18, tzinfo=UTC))
    assert list_notices(document_id) == [
        ("document.expiring", 30, "01-11 08"),
        ("document.expiring", 14, "01-27 08"),
        ("document.expiring", 7, "02-03 08"),
        ("document.expiring", 1, "02-09 08"),
        ("document.expired", None, "02-11 08"),
    ]
    document = service.get_document(CALLER, document_id)
    assert (document.status, document.reminders_sent, document.reminder_sent, document.due_at) == (
        "expired",
        [30, 14, 7, 1],
        True,
        None,
    )
    assert [each.status for each in vendor_builders.get_subject(document.subject_id).documents] == ["expired"]


def test_expiry_job_after_outage_sends_one_reminder() -> None:
    document_id = approve_document("2027-02-10")
    assert run(datetime(2027, 1, 2, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 2, 6, tzinfo=UTC)).reminded == 1
    assert list_notices(document_id) == [("document.expiring", 5, "02-05 16")]
    assert run(datetime(2027, 2, 6, 1, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 2, 9, 17, tzinfo=UTC)).reminded == 1


def test_expiry_job_run_twice_in_an_hour_reminds_once() -> None:
    approve_document("2027-01-31")
    run(datetime(2027, 1, 1, 15, tzinfo=UTC))
    assert run(datetime(2027, 1, 1, 16, 5, tzinfo=UTC)).reminded == 1
    assert run(datetime(2027, 1, 1, 16, 6, tzinfo=UTC)) == ExpiryResult()


def test_expiry_job_renewed_document_gets_no_reminder() -> None:
    with clock.frozen(START):
        ven = create_vendor()
        old = submit_document(ven, expires="2027-01-31", status="approved")
        submit_document(ven, expires="2029-01-31", status="approved")
    run(START)
    assert run(datetime(2027, 1, 25, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 2, 1, 16, tzinfo=UTC)).expired == 1
    last = store.list_history(service.get_document(CALLER, old).key())[-1]
    assert (last.type, last.data["renewed"]) == ("document.expired", True)


def test_expiry_job_skips_rejected_and_expires_pending() -> None:
    with clock.frozen(START):
        ven = create_vendor()
        submit_document(ven, "business_license", expires="2027-01-31", status="rejected")
        pending = submit_document(ven, "safety_inspection", expires="2027-01-31")
    run(START)
    assert run(datetime(2027, 1, 30, tzinfo=UTC)) == ExpiryResult()
    assert run(datetime(2027, 2, 1, 16, tzinfo=UTC)) == ExpiryResult(expired=1)
    assert service.get_document(CALLER, pending).status == "expired"


def test_expiry_job_deleted_driver_gets_no_reminder() -> None:
    with clock.frozen(START):
        driver_id = drivers.create_driver(CALLER, NewDriver.model_validate_json(json.dumps(DRIVER_EXAMPLE))).id
        body = {"driver_id": driver_id, "document_type": "medical_certificate", "document_name": "Card"}
        document_id = service.submit_document(
            CALLER, DocumentInput.model_validate({**body, "expiration_date": "2027-02-15"})
        ).id
        service.review_document(CALLER, document_id, ReviewInput.model_validate({"status": "approved"}), None)
        drivers.delete_driver(CALLER, driver_id, None)
    run(START)
    assert run(datetime(2027, 1, 16, 17, tzinfo=UTC)) == ExpiryResult()
    assert list_notices(document_id) == []
    assert service.get_document(CALLER, document_id).due_at is None


def test_expiry_job_document_expired_at_submission_is_marked() -> None:
    with clock.frozen(START):
        document_id = submit_document(create_vendor(), expires="2026-06-01")
    assert run(START + timedelta(minutes=1)).expired == 1
    assert service.get_document(CALLER, document_id).status == "expired"


def test_expiry_job_uses_the_organizations_new_time_zone() -> None:
    document_id = approve_document("2027-01-31")
    run(datetime(2027, 1, 1, 15, tzinfo=UTC))
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    store.commit(CALLER, Update(before, before.model_copy(update={"timezone": "Pacific/Honolulu"})))
    assert run(datetime(2027, 1, 1, 16, 5, tzinfo=UTC)).reminded == 0
    assert run(datetime(2027, 1, 1, 18, 5, tzinfo=UTC)).reminded == 1
    assert list_notices(document_id)[0][:2] == ("document.expiring", 30)
