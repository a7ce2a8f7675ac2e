"""Papers through their routes, on the table in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.compliance import service, status, subjects
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.persistence.table import call_stats
from coachway.core.types import ids
from tests.integration import carriers
from tests.integration.carriers import CALLER, ORG, OTHER, REQUIRED, ask, document, of_vendor, vendor
from tests.integration.client import call, token_for

BODY = {"document_type": "business_license", "document_name": "License"}


@pytest.fixture(autouse=True)
def organization() -> None:
    carriers.found()


def listed(query: dict[str, str], token: str = "") -> list[str]:
    page = ask("GET", "/compliance", query=query, token=token)
    assert page.status == 200, page.text
    return [each["id"] for each in page.json()["items"]]


def test_a_paper_is_handed_in_and_waits_for_its_review() -> None:
    ven = vendor()["id"]
    more = {"document_number": "BL-1", "issue_date": "2026-01-01", "expiration_date": "2099-01-01"}
    made = document(ven, **more)
    assert (made["status"], made["vendor_id"], made["subject_type"]) == ("pending", ven, "vendor")
    assert {name: made[name] for name in more} == more
    assert not {"due_at", "reminders_sent"} & made.keys()
    assert ask("GET", f"/compliance/{made['id']}").json() == made


def test_a_review_records_who_and_when() -> None:
    made = document(vendor()["id"])
    path = f"/compliance/{made['id']}"
    told = ask("PUT", path, {"status": "approved", "review_notes": "fine"}, headers={"if-match": '"1"'}).json()
    assert (told["status"], told["review_notes"]) == ("approved", "fine")
    assert told["reviewed_by"].startswith("usr_")
    assert told["reviewed_at"] is not None
    history = store.history(service.get(CALLER, made["id"]).key())
    assert [each.type for each in history] == ["compliance.submitted", "compliance.reviewed"]
    assert ask("PUT", path, {"status": "rejected"}, headers={"if-match": '"1"'}).status == 412
    assert ask("PUT", path, {"status": "expired"}).status == 422


def test_what_has_run_out_is_not_approved() -> None:
    made = document(vendor()["id"], expiration_date="2026-01-01")
    refused = ask("PUT", f"/compliance/{made['id']}", {"status": "approved"})
    assert (refused.status, refused.json()["title"]) == (409, "The document has expired")


def test_a_subject_must_exist() -> None:
    for name in ("vendor_id", "driver_id", "vehicle_id"):
        prefix = {"vendor_id": "ven", "driver_id": "drv", "vehicle_id": "veh"}[name]
        kind = {"ven": "business_license", "drv": "medical_certificate", "veh": "safety_inspection"}[prefix]
        body = {name: ids.new(prefix), "document_type": kind, "document_name": "x"}
        assert ask("POST", "/compliance", body).status == 404
    assert ask("POST", "/compliance", BODY).status == 422
    both = {**BODY, "organization": True, "vendor_id": vendor()["id"]}
    assert ask("POST", "/compliance", both).status == 422


def test_a_subject_has_papers_of_its_own_kind() -> None:
    ven = vendor()["id"]
    refused = ask("POST", "/compliance", {**BODY, "vendor_id": ven, "document_type": "medical_certificate"})
    assert refused.status == 422
    assert "business_license" in refused.json()["errors"][0]["message"]
    assert document(ven, "other")["document_type"] == "other"


def test_a_drivers_license_says_its_class() -> None:
    drv = ids.new("drv")
    store.commit(CALLER, subjects.create_op(ORG, SubjectType.DRIVER, drv, name="Dee Roe"))
    body = {"driver_id": drv, "document_type": "drivers_license", "document_name": "CDL"}
    assert ask("POST", "/compliance", body).status == 422
    made = ask("POST", "/compliance", {**body, "license_class": "B", "endorsements": ["P"]})
    assert (made.status, made.json()["license_class"], made.json()["endorsements"]) == (201, "B", ["P"])


def test_an_organization_has_papers_of_its_own() -> None:
    for kind in ("business_license", "liability_insurance", "workers_comp"):
        body = {"organization": True, "document_type": kind, "document_name": kind}
        made = ask("POST", "/compliance", body)
        assert made.status == 201, made.text
        assert "vendor_id" in made.json()
        ask("PUT", f"/compliance/{made.json()['id']}", {"status": "approved"})
    assert len(listed({"organization": "true"})) == 3
    assert status.get_status(CALLER, SubjectType.ORGANIZATION, ORG, date(2027, 1, 1)).is_compliant


def test_vendors_see_and_hand_in_only_their_own() -> None:
    own, other = vendor()["id"], vendor()["id"]
    theirs, token = document(other), of_vendor(own)
    made = ask("POST", "/compliance", BODY, token=token)
    assert (made.status, made.json()["vendor_id"]) == (201, own)
    assert ask("POST", "/compliance", {**BODY, "vendor_id": other}, token=token).status == 404
    assert ask("POST", "/compliance", {**BODY, "organization": True}, token=token).status == 404
    assert listed({}, token) == [made.json()["id"]]
    assert ask("GET", "/compliance", query={"vendor_id": other}, token=token).status == 404
    assert ask("GET", f"/compliance/{theirs['id']}", token=token).status == 404
    assert ask("GET", f"/compliance/{made.json()['id']}", token=token).status == 200
    assert ask("PUT", f"/compliance/{made.json()['id']}", {"status": "approved"}, token=token).status == 403


def test_nobody_without_the_permission_gets_in() -> None:
    made = document(vendor()["id"])
    for method, at, body in [
        ("POST", "/compliance", {**BODY, "vendor_id": made["vendor_id"]}),
        ("GET", "/compliance", None),
        ("GET", f"/compliance/{made['id']}", None),
        ("PUT", f"/compliance/{made['id']}", {"status": "approved"}),
    ]:
        assert call(carriers.compliance, method, f"/api/v1{at}", body).status == 401
        assert ask(method, at, body, token=token_for("pricing:read")).status == 403
        stranger = ask(method, at, body, token=carriers.staff(org_id=OTHER))
        assert stranger.status == 404 or stranger.json()["items"] == []


def test_the_queue_is_oldest_first_and_the_rest_newest_first() -> None:
    ven = vendor()["id"]
    first, second, third = (document(ven, kind)["id"] for kind in REQUIRED[:3])
    assert listed({"status": "pending"}) == [first, second, third]
    assert listed({}) == [third, second, first]
    assert listed({"vendor_id": ven}) == [third, second, first]
    ask("PUT", f"/compliance/{first}", {"status": "approved"})
    ask("PUT", f"/compliance/{second}", {"status": "under_review"})
    assert listed({"status": "pending"}) == [third]
    assert listed({"status": "under_review"}) == [second]
    assert listed({"status": "approved"}) == [first]
    assert listed({"vendor_id": ven, "status": "approved"}) == [first]
    assert listed({"type": REQUIRED[2]}) == [third]
    assert listed({"vendor_id": ven, "type": REQUIRED[0], "status": "rejected"}) == []


def test_the_standing_of_many_is_one_read_for_each_hundred() -> None:
    good, bad = vendor()["id"], vendor()["id"]
    for kind in REQUIRED:
        document(good, kind, status="approved", expiration_date="2099-01-01")
    before = call_stats.calls
    found = status.batch_get_status(CALLER, SubjectType.VENDOR, [good, bad, ids.new("ven")], date(2027, 1, 1))
    assert call_stats.calls - before == 1
    assert {each: standing.is_compliant for each, standing in found.items()} == {good: True, bad: False}


def test_an_award_fails_when_a_paper_was_rejected_after_it_was_judged() -> None:
    ven = vendor()["id"]
    made = document(ven, status="approved")
    judged = carriers.subject(ven)
    ask("PUT", f"/compliance/{made['id']}", {"status": "rejected"})
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, subjects.check_unchanged_op(judged))


def test_papers_handed_in_at_once_are_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    ven = vendor()["id"]
    faster = REQUIRED[1:3]
    look = subjects.find

    def find(*wanted: Any) -> Any:
        found = look(*wanted)
        if faster:
            document(ven, faster.pop())
        return found

    monkeypatch.setattr(subjects, "find", find)
    document(ven, REQUIRED[0])
    assert sorted(each.document_type for each in carriers.subject(ven).papers) == sorted(REQUIRED[:3])
    assert len(listed({"vendor_id": ven})) == 3


def test_old_papers_make_room_but_open_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "MOST_PAPERS", 2)
    ven = vendor()["id"]
    document(ven, REQUIRED[0], status="rejected")
    document(ven, REQUIRED[1])
    document(ven, REQUIRED[2])
    assert [each.document_type for each in carriers.subject(ven).papers] == REQUIRED[1:3]
    body: dict[str, Any] = {"vendor_id": ven, "document_type": REQUIRED[0], "document_name": "x"}
    assert ask("POST", "/compliance", body).status == 409


def test_round_trips() -> None:
    ven, token = vendor()["id"], carriers.staff()
    body = {"vendor_id": ven, **BODY}
    made = ask("POST", "/compliance", body, token=token).json()
    for round_trips, method, path, sent in [
        (2, "POST", "/compliance", body),
        (1, "GET", f"/compliance/{made['id']}", None),
        (3, "PUT", f"/compliance/{made['id']}", {"status": "approved"}),
        (1, "GET", f"/vendors/{ven}/compliance/status", None),
    ]:
        before = call_stats.calls
        assert ask(method, path, sent, token=token).status < 300
        assert call_stats.calls - before == round_trips, (method, path)


def test_the_first_papers_of_an_organization_that_come_at_once_are_both_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    commit, faster, token = store.commit, ["liability_insurance"], carriers.staff()

    def racing(*given: Any, **more: Any) -> None:
        if faster:
            own = {"organization": True, "document_type": faster.pop(), "document_name": "Policy"}
            assert ask("POST", "/compliance", own, token=token).status == 201
        commit(*given, **more)

    monkeypatch.setattr(store, "commit", racing)
    assert ask("POST", "/compliance", {**BODY, "organization": True}, token=token).status == 201
    kept = subjects.get(CALLER, SubjectType.ORGANIZATION, ORG)
    assert {each.document_type for each in kept.papers} == {"business_license", "liability_insurance"}


def test_a_paper_that_was_rejected_is_handed_in_again_and_then_counts() -> None:
    ven = vendor()["id"]
    for kind in REQUIRED[1:]:
        document(ven, kind, status="approved", expiration_date="2099-01-01")

    def status() -> dict[str, Any]:
        return dict(ask("GET", f"/vendors/{ven}/compliance/status").json())

    document(ven, REQUIRED[0], status="rejected", expiration_date="2099-01-01")
    assert (status()["missing_required"], status()["rejected_documents"]) == ([REQUIRED[0]], 1)
    again = document(ven, REQUIRED[0], expiration_date="2099-01-01")
    assert (status()["is_compliant"], status()["pending_documents"]) == (False, 1)
    assert again["id"] in listed({"status": "pending"})
    assert ask("PUT", f"/compliance/{again['id']}", {"status": "approved"}).status == 200
    assert (status()["is_compliant"], status()["missing_required"], status()["rejected_documents"]) == (True, [], 1)
    assert again["id"] not in listed({"status": "pending"})
