"""Vendors through their routes, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.vendors import active_vendors, service
from tests.integration.client import call, token_for
from tests.integration.vendor_builders import (
    CALLER,
    OTHER_ORG,
    REQUIRED_DOCUMENTS,
    VENDOR_FIELDS,
    create_active_vendor,
    create_document,
    create_organizations,
    create_staff_token,
    create_vendor,
    create_vendor_token,
    get_subject,
    send_request,
    vendors_api,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def list_names(query: dict[str, str]) -> list[str]:
    """The names of all vendors that match `query`, from all pages."""
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = send_request("GET", "/vendors", query={**query, **cursor}).json()
        names += [vendor["business_name"] for vendor in page["items"]]
        if page["next_cursor"] is None:
            return names
        cursor = {"cursor": page["next_cursor"]}


def list_event_types(vendor_id: str) -> list[str]:
    return [event.type for event in store.list_history(service.get_vendor(CALLER, vendor_id).key())]


def test_create_vendor_returns_a_pending_vendor_without_figures() -> None:
    vendor = create_vendor()
    assert {name: vendor[name] for name in VENDOR_FIELDS} == VENDOR_FIELDS
    assert (vendor["status"], vendor["is_verified"], vendor["version"]) == ("pending", False, 1)
    assert (vendor["average_rating"], vendor["total_ratings"], vendor["bids_won"], vendor["rating"]) == (0, 0, 0, None)
    assert send_request("GET", f"/vendors/{vendor['id']}").json() == vendor
    assert list_event_types(vendor["id"]) == ["vendor.registered"]


def test_create_vendor_with_a_repeated_idempotency_key_returns_the_same_vendor() -> None:
    first, second = (
        send_request("POST", "/vendors", VENDOR_FIELDS, headers={"idempotency-key": "one"}) for _ in range(2)
    )
    assert first.json() == second.json()
    assert list_names({}) == ["Premium Coach Lines"]


def test_set_vendor_status_active_verifies_the_vendor() -> None:
    vendor = create_vendor()
    reply = send_request("PATCH", f"/vendors/{vendor['id']}/status", query={"new_status": "active"})
    assert reply.status == 200
    result = reply.json()
    assert (result["message"], result["vendor_id"], result["new_status"]) == ("Status updated", vendor["id"], "active")
    assert (result["status"], result["is_verified"]) == ("active", True)
    assert result["verification_date"] is not None
    assert list_event_types(vendor["id"]) == ["vendor.registered", "vendor.status_changed", "vendor.approved"]


def test_set_vendor_status_that_is_not_allowed_names_the_allowed_ones() -> None:
    path = f"/vendors/{create_vendor()['id']}/status"
    reply = send_request("PATCH", path, query={"new_status": "suspended"})
    assert (reply.status, reply.json()["detail"]) == (
        409,
        "The vendor cannot go from pending to suspended. It can become active or rejected.",
    )
    assert send_request("PATCH", path, query={"new_status": "sleeping"}).status == 422
    assert send_request("PATCH", path).status == 422
    reply = send_request("PATCH", path, query={"new_status": "active"}, headers={"if-match": '"7"'})
    assert reply.status == 412


def test_routes_without_the_permission_are_refused() -> None:
    vendor_path = f"/vendors/{create_vendor()['id']}"
    for method, path, body in [
        ("POST", "/vendors", VENDOR_FIELDS),
        ("GET", "/vendors", None),
        ("GET", "/vendors/top/rated", None),
        ("GET", vendor_path, None),
        ("PUT", vendor_path, {"city": "Reno"}),
        ("PATCH", f"{vendor_path}/status", None),
        ("GET", f"{vendor_path}/statistics", None),
        ("GET", f"{vendor_path}/compliance/status", None),
        ("POST", f"{vendor_path}/webhook-secret", None),
    ]:
        assert call(vendors_api, method, f"/api/v1{path}", body).status == 401
        if vendor_path in path:
            assert send_request(method, path, body, token=create_staff_token(org_id=OTHER_ORG)).status == 404
        assert send_request(method, path, body, token=token_for("pricing:read")).status == 403


def test_vendors_see_only_themselves_without_notes() -> None:
    own, other = create_vendor(notes="pays late"), create_vendor(primary_email="x@y.example")
    token = create_vendor_token(own["id"])
    for path in ("", "/statistics", "/compliance/status"):
        assert send_request("GET", f"/vendors/{own['id']}{path}", token=token).status == 200
        assert send_request("GET", f"/vendors/{other['id']}{path}", token=token).status == 404
    assert send_request("GET", f"/vendors/{own['id']}", token=token).json()["notes"] == ""
    assert send_request("GET", f"/vendors/{own['id']}").json()["notes"] == "pays late"
    assert send_request("GET", "/vendors", token=token).status == 403


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
def test_create_vendor_with_an_invalid_field_returns_422(field: str, value: Any) -> None:
    reply = send_request("POST", "/vendors", {**VENDOR_FIELDS, field: value})
    assert reply.status == 422
    assert reply.json()["errors"][0]["field"].startswith(field)


def test_create_vendor_with_half_of_the_garage_coordinates_returns_422() -> None:
    assert send_request("POST", "/vendors", {**VENDOR_FIELDS, "garage_latitude": 32.7}).status == 422


def test_vendor_stored_with_values_that_are_refused_now_can_be_read_and_activated() -> None:
    vendor = service.get_vendor(CALLER, create_vendor()["id"])
    fields = {
        "garage_latitude": 0.0,
        "garage_longitude": 0.0,
        "primary_email": "ren\u00e9@a.example",
        "city": "San\x7fDiego",
    }
    store.commit(CALLER, Update(vendor, vendor.model_copy(update=fields)))
    assert send_request("GET", f"/vendors/{vendor.id}").json()["city"] == "San\x7fDiego"
    assert send_request("GET", "/vendors").json()["items"][0]["garage_latitude"] == 0
    assert send_request("PUT", f"/vendors/{vendor.id}", {"total_vehicles": 11}).status == 200
    assert send_request("PATCH", f"/vendors/{vendor.id}/status", query={"new_status": "active"}).status == 200


def test_update_vendor_keeps_other_fields_and_renames_the_compliance_subject() -> None:
    vendor_id = create_vendor()["id"]
    path = f"/vendors/{vendor_id}"
    reply = send_request("PUT", path, {"business_name": "Premium Coaches"}, headers={"if-match": '"1"'})
    assert (reply.status, reply.json()["city"], reply.json()["version"]) == (200, "San Diego", 2)
    assert send_request("PUT", path, {"city": "Reno"}, headers={"if-match": '"1"'}).status == 412
    assert get_subject(vendor_id).name == "Premium Coaches"


def test_list_vendors_returns_newest_first_and_filters() -> None:
    create_vendor(business_name="Alder", vendor_type="broker", service_states=["NV"])
    create_vendor(business_name="Birch", is_preferred=True)
    create_active_vendor(business_name="Cedar", service_states=[], state="OR")
    assert list_names({}) == ["Cedar", "Birch", "Alder"]
    assert list_names({"limit": "1"}) == ["Cedar", "Birch", "Alder"]
    assert list_names({"status": "active"}) == ["Cedar"]
    assert list_names({"vendor_type": "broker"}) == ["Alder"]
    assert list_names({"is_verified": "true"}) == ["Cedar"]
    assert list_names({"is_verified": "false"}) == ["Birch", "Alder"]
    assert list_names({"is_preferred": "true"}) == ["Birch"]
    assert list_names({"service_state": "nv"}) == ["Birch", "Alder"]
    assert list_names({"service_state": "OR"}) == ["Cedar"]
    assert list_names({"min_rating": "4"}) == []
    assert send_request("GET", "/vendors", query={"service_state": "Oregon"}).status == 422
    assert [vendor.business_name for vendor in active_vendors.list_active_vendors(CALLER)] == ["Cedar"]


def test_get_compliance_status_counts_documents_and_names_missing_types() -> None:
    vendor_id = create_vendor()["id"]
    for document_type in REQUIRED_DOCUMENTS[:2]:
        create_document(vendor_id, document_type, status="approved", expiration_date="2099-01-01")
    assert send_request("GET", f"/vendors/{vendor_id}/compliance/status").json() == {
        "vendor_id": vendor_id,
        "total_documents": 2,
        "approved_documents": 2,
        "pending_documents": 0,
        "expired_documents": 0,
        "rejected_documents": 0,
        "missing_required": ["vehicle_registration", "driver_background_check", "safety_inspection"],
        "is_compliant": False,
    }
    for document_type in REQUIRED_DOCUMENTS[2:]:
        create_document(vendor_id, document_type, status="approved")
    compliance = send_request("GET", f"/vendors/{vendor_id}/compliance/status").json()
    assert (compliance["missing_required"], compliance["is_compliant"]) == ([], True)


def test_check_unchanged_op_of_a_vendor_suspended_since_fails() -> None:
    vendor_id = create_active_vendor()["id"]
    vendor = service.get_vendor(CALLER, vendor_id)
    query = {"new_status": "suspended", "reason": "complaints"}
    send_request("PATCH", f"/vendors/{vendor_id}/status", query=query)
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, active_vendors.check_unchanged_op(vendor))


def test_routes_make_few_calls_to_the_table() -> None:
    token = create_staff_token()
    vendor_id = send_request("POST", "/vendors", VENDOR_FIELDS, token=token).json()["id"]
    for expected, method, path, body, query in [
        (1, "POST", "/vendors", VENDOR_FIELDS, None),
        (1, "GET", f"/vendors/{vendor_id}", None, None),
        (1, "GET", f"/vendors/{vendor_id}/statistics", None, None),
        (2, "PATCH", f"/vendors/{vendor_id}/status", None, {"new_status": "active"}),
        (1, "GET", "/vendors", None, {"status": "active"}),
    ]:
        calls_before = call_stats.calls
        send_request(method, path, body, token=token, query=query)
        assert call_stats.calls - calls_before == expected, (method, path)
