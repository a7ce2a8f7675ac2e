"""Compliance documents through the API, on the in-memory table."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.compliance import service, status, subjects
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from tests.integration import vendor_builders
from tests.integration.client import call, token_for
from tests.integration.vendor_builders import (
    CALLER,
    ORG,
    OTHER_ORG,
    REQUIRED_DOCUMENTS,
    create_document,
    create_vendor,
    create_vendor_token,
    send_request,
)

BODY = {"document_type": "business_license", "document_name": "License"}


@pytest.fixture(autouse=True)
def organization() -> None:
    vendor_builders.create_organizations()


def list_ids(query: dict[str, str], token: str = "") -> list[str]:
    page = send_request("GET", "/compliance", query=query, token=token)
    assert page.status == 200, page.text
    return [each["id"] for each in page.json()["items"]]


def test_submit_document_is_pending() -> None:
    vendor_id = create_vendor()["id"]
    more = {"document_number": "BL-1", "issue_date": "2026-01-01", "expiration_date": "2099-01-01"}
    submission = create_document(vendor_id, **more)
    assert (submission["status"], submission["vendor_id"], submission["subject_type"]) == (
        "pending",
        vendor_id,
        "vendor",
    )
    assert {name: submission[name] for name in more} == more
    assert not {"due_at", "reminders_sent"} & submission.keys()
    assert send_request("GET", f"/compliance/{submission['id']}").json() == submission


def test_review_document_records_reviewer_and_time() -> None:
    submission = create_document(create_vendor()["id"])
    path = f"/compliance/{submission['id']}"
    reviewed = send_request(
        "PUT", path, {"status": "approved", "review_notes": "fine"}, headers={"if-match": '"1"'}
    ).json()
    assert (reviewed["status"], reviewed["review_notes"]) == ("approved", "fine")
    assert reviewed["reviewed_by"].startswith("usr_")
    assert reviewed["reviewed_at"] is not None
    history = store.list_history(service.get_document(CALLER, submission["id"]).key())
    assert [each.type for each in history] == ["compliance.submitted", "compliance.reviewed"]
    assert send_request("PUT", path, {"status": "rejected"}, headers={"if-match": '"1"'}).status == 412
    assert send_request("PUT", path, {"status": "expired"}).status == 422


def test_approve_expired_document_is_refused() -> None:
    submission = create_document(create_vendor()["id"], expiration_date="2026-01-01")
    refused = send_request("PUT", f"/compliance/{submission['id']}", {"status": "approved"})
    assert (refused.status, refused.json()["title"]) == (409, "The document has expired")


def test_submit_document_for_unknown_subject_is_not_found() -> None:
    for name in ("vendor_id", "driver_id", "vehicle_id"):
        prefix = {"vendor_id": "ven", "driver_id": "drv", "vehicle_id": "veh"}[name]
        kind = {"ven": "business_license", "drv": "medical_certificate", "veh": "safety_inspection"}[prefix]
        body = {name: ids.new(prefix), "document_type": kind, "document_name": "x"}
        assert send_request("POST", "/compliance", body).status == 404
    assert send_request("POST", "/compliance", BODY).status == 422
    both = {**BODY, "organization": True, "vendor_id": create_vendor()["id"]}
    assert send_request("POST", "/compliance", both).status == 422


def test_submit_document_type_must_fit_the_subject() -> None:
    vendor_id = create_vendor()["id"]
    refused = send_request(
        "POST", "/compliance", {**BODY, "vendor_id": vendor_id, "document_type": "medical_certificate"}
    )
    assert refused.status == 422
    assert "business_license" in refused.json()["errors"][0]["message"]
    assert create_document(vendor_id, "other")["document_type"] == "other"


def test_submit_drivers_license_requires_class() -> None:
    driver_id = ids.new("drv")
    store.commit(CALLER, subjects.create_subject_op(ORG, SubjectType.DRIVER, driver_id, name="Dee Roe"))
    body = {"driver_id": driver_id, "document_type": "drivers_license", "document_name": "CDL"}
    assert send_request("POST", "/compliance", body).status == 422
    submission = send_request("POST", "/compliance", {**body, "license_class": "B", "endorsements": ["P"]})
    assert (submission.status, submission.json()["license_class"], submission.json()["endorsements"]) == (
        201,
        "B",
        ["P"],
    )


def test_organization_with_all_documents_is_compliant() -> None:
    for kind in ("business_license", "liability_insurance", "workers_comp"):
        body = {"organization": True, "document_type": kind, "document_name": kind}
        submission = send_request("POST", "/compliance", body)
        assert submission.status == 201, submission.text
        assert "vendor_id" in submission.json()
        send_request("PUT", f"/compliance/{submission.json()['id']}", {"status": "approved"})
    assert len(list_ids({"organization": "true"})) == 3
    assert status.get_compliance(CALLER, SubjectType.ORGANIZATION, ORG, date(2027, 1, 1)).is_compliant


def test_vendor_can_read_and_submit_only_its_own_documents() -> None:
    own, other = create_vendor()["id"], create_vendor()["id"]
    theirs, token = create_document(other), create_vendor_token(own)
    submission = send_request("POST", "/compliance", BODY, token=token)
    assert (submission.status, submission.json()["vendor_id"]) == (201, own)
    assert send_request("POST", "/compliance", {**BODY, "vendor_id": other}, token=token).status == 404
    assert send_request("POST", "/compliance", {**BODY, "organization": True}, token=token).status == 404
    assert list_ids({}, token) == [submission.json()["id"]]
    assert send_request("GET", "/compliance", query={"vendor_id": other}, token=token).status == 404
    assert send_request("GET", f"/compliance/{theirs['id']}", token=token).status == 404
    assert send_request("GET", f"/compliance/{submission.json()['id']}", token=token).status == 200
    assert (
        send_request("PUT", f"/compliance/{submission.json()['id']}", {"status": "approved"}, token=token).status == 403
    )


def test_routes_without_permission_or_of_another_tenant_are_refused() -> None:
    submission = create_document(create_vendor()["id"])
    for method, at, body in [
        ("POST", "/compliance", {**BODY, "vendor_id": submission["vendor_id"]}),
        ("GET", "/compliance", None),
        ("GET", f"/compliance/{submission['id']}", None),
        ("PUT", f"/compliance/{submission['id']}", {"status": "approved"}),
    ]:
        assert call(vendor_builders.compliance_api, method, f"/api/v1{at}", body).status == 401
        assert send_request(method, at, body, token=token_for("pricing:read")).status == 403
        stranger = send_request(method, at, body, token=vendor_builders.create_staff_token(org_id=OTHER_ORG))
        assert stranger.status == 404 or stranger.json()["items"] == []


def test_list_documents_queue_is_oldest_first_others_newest_first() -> None:
    vendor_id = create_vendor()["id"]
    first, second, third = (create_document(vendor_id, kind)["id"] for kind in REQUIRED_DOCUMENTS[:3])
    assert list_ids({"status": "pending"}) == [first, second, third]
    assert list_ids({}) == [third, second, first]
    assert list_ids({"vendor_id": vendor_id}) == [third, second, first]
    send_request("PUT", f"/compliance/{first}", {"status": "approved"})
    send_request("PUT", f"/compliance/{second}", {"status": "under_review"})
    assert list_ids({"status": "pending"}) == [third]
    assert list_ids({"status": "under_review"}) == [second]
    assert list_ids({"status": "approved"}) == [first]
    assert list_ids({"vendor_id": vendor_id, "status": "approved"}) == [first]
    assert list_ids({"document_type": REQUIRED_DOCUMENTS[2]}) == [third]
    assert list_ids({"vendor_id": vendor_id, "document_type": REQUIRED_DOCUMENTS[0], "status": "rejected"}) == []


def test_check_unchanged_fails_after_document_was_rejected() -> None:
    vendor_id = create_vendor()["id"]
    submission = create_document(vendor_id, status="approved")
    subject = vendor_builders.get_subject(vendor_id)
    send_request("PUT", f"/compliance/{submission['id']}", {"status": "rejected"})
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, subjects.check_unchanged_op(subject))


def test_concurrent_submissions_are_all_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor_id = create_vendor()["id"]
    others = REQUIRED_DOCUMENTS[1:3]
    original = subjects.find_subject

    def find_and_submit_another(*arguments: Any) -> Any:
        statuses = original(*arguments)
        if others:
            create_document(vendor_id, others.pop())
        return statuses

    monkeypatch.setattr(subjects, "find_subject", find_and_submit_another)
    create_document(vendor_id, REQUIRED_DOCUMENTS[0])
    assert sorted(each.document_type for each in vendor_builders.get_subject(vendor_id).documents) == sorted(
        REQUIRED_DOCUMENTS[:3]
    )
    assert len(list_ids({"vendor_id": vendor_id})) == 3


def test_subject_at_limit_drops_rejected_but_not_open_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "MAX_DOCUMENTS", 2)
    vendor_id = create_vendor()["id"]
    create_document(vendor_id, REQUIRED_DOCUMENTS[0], status="rejected")
    create_document(vendor_id, REQUIRED_DOCUMENTS[1])
    create_document(vendor_id, REQUIRED_DOCUMENTS[2])
    assert [each.document_type for each in vendor_builders.get_subject(vendor_id).documents] == REQUIRED_DOCUMENTS[1:3]
    body: dict[str, Any] = {"vendor_id": vendor_id, "document_type": REQUIRED_DOCUMENTS[0], "document_name": "x"}
    assert send_request("POST", "/compliance", body).status == 409


def test_requests_use_expected_number_of_table_calls() -> None:
    vendor_id, token = create_vendor()["id"], vendor_builders.create_staff_token()
    body = {"vendor_id": vendor_id, **BODY}
    submission = send_request("POST", "/compliance", body, token=token).json()
    for round_trips, method, path, sent in [
        (2, "POST", "/compliance", body),
        (1, "GET", f"/compliance/{submission['id']}", None),
        (3, "PUT", f"/compliance/{submission['id']}", {"status": "approved"}),
        (1, "GET", f"/vendors/{vendor_id}/compliance/status", None),
    ]:
        before = call_stats.calls
        assert send_request(method, path, sent, token=token).status < 300
        assert call_stats.calls - before == round_trips, (method, path)


def test_first_concurrent_organization_documents_are_both_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    commit, others, token = store.commit, ["liability_insurance"], vendor_builders.create_staff_token()

    def commit_after_other(*arguments: Any, **keywords: Any) -> None:
        if others:
            own = {"organization": True, "document_type": others.pop(), "document_name": "Policy"}
            assert send_request("POST", "/compliance", own, token=token).status == 201
        commit(*arguments, **keywords)

    monkeypatch.setattr(store, "commit", commit_after_other)
    assert send_request("POST", "/compliance", {**BODY, "organization": True}, token=token).status == 201
    subject = subjects.get_subject(CALLER, SubjectType.ORGANIZATION, ORG)
    assert {each.document_type for each in subject.documents} == {"business_license", "liability_insurance"}


def test_resubmitted_document_counts_once_approved() -> None:
    vendor_id = create_vendor()["id"]
    for kind in REQUIRED_DOCUMENTS[1:]:
        create_document(vendor_id, kind, status="approved", expiration_date="2099-01-01")

    def status() -> dict[str, Any]:
        return dict(send_request("GET", f"/vendors/{vendor_id}/compliance/status").json())

    create_document(vendor_id, REQUIRED_DOCUMENTS[0], status="rejected", expiration_date="2099-01-01")
    assert (status()["missing_required"], status()["rejected_documents"]) == ([REQUIRED_DOCUMENTS[0]], 1)
    resubmitted = create_document(vendor_id, REQUIRED_DOCUMENTS[0], expiration_date="2099-01-01")
    assert (status()["is_compliant"], status()["pending_documents"]) == (False, 1)
    assert resubmitted["id"] in list_ids({"status": "pending"})
    assert send_request("PUT", f"/compliance/{resubmitted['id']}", {"status": "approved"}).status == 200
    assert (status()["is_compliant"], status()["missing_required"], status()["rejected_documents"]) == (True, [], 1)
    assert resubmitted["id"] not in list_ids({"status": "pending"})
