"""Vendors through their routes, on the table in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.vendors import bidding_access, service, webhook_secrets
from tests.integration import carriers
from tests.integration.carriers import CALLER, ORG, OTHER, PREMIUM, REQUIRED, approved, ask, document, of_vendor, vendor
from tests.integration.client import call, token_for


@pytest.fixture(autouse=True)
def organization() -> None:
    carriers.found()


def names(query: dict[str, str], path: str = "/vendors") -> list[str]:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask("GET", path, query={**query, **cursor}).json()
        seen += [each["business_name"] for each in page["items"]]
        if page["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["next_cursor"]}


def test_a_vendor_is_registered_and_waits_for_approval() -> None:
    made = vendor()
    assert {name: made[name] for name in PREMIUM} == PREMIUM
    assert (made["status"], made["is_verified"], made["version"]) == ("pending", False, 1)
    assert (made["average_rating"], made["total_ratings"], made["bids_won"], made["rating"]) == (0, 0, 0, None)
    assert ask("GET", f"/vendors/{made['id']}").json() == made
    history = store.history(service.get(CALLER, made["id"]).key())
    assert [each.type for each in history] == ["vendor.registered"]


def test_the_same_key_gives_the_same_vendor() -> None:
    first, again = (ask("POST", "/vendors", PREMIUM, headers={"idempotency-key": "one"}) for _ in range(2))
    assert first.json() == again.json()
    assert names({}) == ["Premium Coach Lines"]


def test_an_approved_vendor_is_verified() -> None:
    made = vendor()
    told = ask("PATCH", f"/vendors/{made['id']}/status", query={"new_status": "active"})
    assert told.status == 200
    said = told.json()
    assert (said["message"], said["vendor_id"], said["new_status"]) == ("Status updated", made["id"], "active")
    assert (said["status"], said["is_verified"]) == ("active", True)
    assert said["verification_date"] is not None
    history = store.history(service.get(CALLER, made["id"]).key())
    assert [each.type for each in history] == ["vendor.registered", "vendor.status_changed", "vendor.approved"]


def test_a_status_that_cannot_follow_is_refused_with_those_that_can() -> None:
    made = vendor()
    path = f"/vendors/{made['id']}/status"
    refused = ask("PATCH", path, query={"new_status": "suspended"})
    assert (refused.status, refused.json()["detail"]) == (
        409,
        "A vendor cannot go from pending to suspended. It can become active or rejected.",
    )
    assert ask("PATCH", path, query={"new_status": "sleeping"}).status == 422
    assert ask("PATCH", path).status == 422
    assert ask("PATCH", path, query={"new_status": "active"}, headers={"if-match": '"7"'}).status == 412


def test_nobody_without_the_permission_gets_in() -> None:
    made = vendor()
    path = f"/vendors/{made['id']}"
    for method, at, body in [
        ("POST", "/vendors", PREMIUM),
        ("GET", "/vendors", None),
        ("GET", "/vendors/top/rated", None),
        ("GET", path, None),
        ("PUT", path, {"city": "Reno"}),
        ("PATCH", f"{path}/status", None),
        ("GET", f"{path}/statistics", None),
        ("GET", f"{path}/compliance/status", None),
        ("POST", f"{path}/webhook-secret", None),
    ]:
        assert call(carriers.vendors, method, f"/api/v1{at}", body).status == 401
        if path in at:
            assert ask(method, at, body, token=carriers.staff(org_id=OTHER)).status == 404
        assert ask(method, at, body, token=token_for("pricing:read")).status == 403


def test_a_vendors_people_see_their_own_vendor_only() -> None:
    own, other = vendor(notes="pays late"), vendor(primary_email="x@y.example")
    token = of_vendor(own["id"])
    for path in ("", "/statistics", "/compliance/status"):
        assert ask("GET", f"/vendors/{own['id']}{path}", token=token).status == 200
        assert ask("GET", f"/vendors/{other['id']}{path}", token=token).status == 404
    assert ask("GET", f"/vendors/{own['id']}", token=token).json()["notes"] == ""
    assert ask("GET", f"/vendors/{own['id']}").json()["notes"] == "pays late"
    assert ask("GET", "/vendors", token=token).status == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vendor_type", "airline"),
        ("primary_email", "nobody"),
        ("primary_phone", "call me"),
        ("service_states", ["California"]),
        ("service_radius_miles", -1),
        ("max_passenger_capacity", 2000),
        ("status", "active"),
        ("is_verified", True),
    ],
)
def test_a_wrong_field_is_refused(field: str, value: Any) -> None:
    refused = ask("POST", "/vendors", {**PREMIUM, field: value})
    assert refused.status == 422
    assert refused.json()["errors"][0]["field"].startswith(field)
    assert ask("POST", "/vendors", {**PREMIUM, "garage_latitude": 32.7}).status == 422


def test_a_change_keeps_the_rest_and_renames_whose_papers_they_are() -> None:
    made = vendor()
    path = f"/vendors/{made['id']}"
    after = ask("PUT", path, {"business_name": "Premium Coaches"}, headers={"if-match": '"1"'})
    assert (after.status, after.json()["city"], after.json()["version"]) == (200, "San Diego", 2)
    assert ask("PUT", path, {"city": "Reno"}, headers={"if-match": '"1"'}).status == 412
    assert carriers.subject(made["id"]).name == "Premium Coaches"


def test_lists_are_newest_first_and_filtered() -> None:
    vendor(business_name="Alder", vendor_type="broker", service_states=["NV"])
    vendor(business_name="Birch", is_preferred=True)
    approved(business_name="Cedar", service_states=[], state="OR")
    assert names({}) == ["Cedar", "Birch", "Alder"]
    assert names({"limit": "1"}) == ["Cedar", "Birch", "Alder"]
    assert names({"status": "active"}) == ["Cedar"]
    assert names({"type": "broker"}) == ["Alder"]
    assert names({"verified": "true"}) == ["Cedar"]
    assert names({"verified": "false"}) == ["Birch", "Alder"]
    assert names({"preferred": "true"}) == ["Birch"]
    assert names({"state": "nv"}) == ["Birch", "Alder"]
    assert names({"state": "OR"}) == ["Cedar"]
    assert names({"min_rating": "4"}) == []
    assert ask("GET", "/vendors", query={"state": "Oregon"}).status == 422
    assert [each.business_name for each in bidding_access.list_active_vendors(CALLER)] == ["Cedar"]


def test_the_compliance_status_counts_papers_and_names_what_is_missing() -> None:
    made = vendor()
    for kind in REQUIRED[:2]:
        document(made["id"], kind, status="approved", expiration_date="2099-01-01")
    told = ask("GET", f"/vendors/{made['id']}/compliance/status").json()
    assert told == {
        "vendor_id": made["id"],
        "total_documents": 2,
        "approved_documents": 2,
        "pending_documents": 0,
        "expired_documents": 0,
        "rejected_documents": 0,
        "missing_required": ["vehicle_registration", "driver_background_check", "safety_inspection"],
        "is_compliant": False,
    }
    for kind in REQUIRED[2:]:
        document(made["id"], kind, status="approved")
    told = ask("GET", f"/vendors/{made['id']}/compliance/status").json()
    assert (told["missing_required"], told["is_compliant"]) == ([], True)


def test_a_webhook_secret_is_shown_once_and_the_one_before_stays_good_for_a_day() -> None:
    made = vendor()
    path = f"/vendors/{made['id']}/webhook-secret"
    first = ask("POST", path).json()
    assert first["secret"].startswith("whsec_")
    assert first["previous_valid_until"] is None
    second = ask("POST", path).json()
    keys = webhook_secrets.keys_of(made["id"])
    assert keys is not None
    assert keys.org_id == ORG
    assert webhook_secrets.list_secrets(keys, clock.now()) == [second["secret"], first["secret"]]
    assert webhook_secrets.list_secrets(keys, clock.now() + timedelta(hours=25)) == [second["secret"]]
    last = store.history(service.get(CALLER, made["id"]).key())[-1]
    assert last.type == "vendor.webhook_secret_issued"


def test_no_secret_lies_in_the_table(dynamodb: Any) -> None:
    made = vendor()
    secret = ask("POST", f"/vendors/{made['id']}/webhook-secret", headers={"idempotency-key": "k"}).json()["secret"]
    kept = str(dynamodb.scan(TableName="coachway-test")["Items"])
    assert secret not in kept
    assert secret.removeprefix("whsec_") not in kept


def test_a_judged_vendor_that_was_suspended_since_fails_the_condition() -> None:
    made = approved()
    judged = service.get(CALLER, made["id"])
    ask("PATCH", f"/vendors/{made['id']}/status", query={"new_status": "suspended", "reason": "complaints"})
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, bidding_access.check_unchanged_op(judged))


def test_round_trips() -> None:
    token = carriers.staff()
    made = ask("POST", "/vendors", PREMIUM, token=token).json()
    for round_trips, method, path, body, query in [
        (1, "POST", "/vendors", PREMIUM, None),
        (1, "GET", f"/vendors/{made['id']}", None, None),
        (1, "GET", f"/vendors/{made['id']}/statistics", None, None),
        (2, "PATCH", f"/vendors/{made['id']}/status", None, {"new_status": "active"}),
        (1, "GET", "/vendors", None, {"status": "active"}),
    ]:
        before = call_stats.calls
        ask(method, path, body, token=token, query=query)
        assert call_stats.calls - before == round_trips, (method, path)
