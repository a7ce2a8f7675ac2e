"""Drivers through the API, on the in-memory table."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.persistence.operations import Update
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.fleet import assignment_counter, drivers, phone_numbers, resource_ops, resource_queries
from coachway.fleet.model import DRIVER_EXAMPLE, DriverStatus
from coachway.identity import account_lookup
from tests.integration.client import call
from tests.integration.fleet.builders import APIS, PHONE, FleetClient
from tests.integration.identity.builders import get, post


@pytest.fixture
def fleet() -> FleetClient:
    return FleetClient()


def test_create_driver_returns_fields_and_missing_documents(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    assert {name: driver[name] for name in DRIVER_EXAMPLE} == DRIVER_EXAMPLE
    assert (driver["status"], driver["timezone"], driver["version"]) == ("active", "America/New_York", 1)
    unstated = {name: value for name, value in DRIVER_EXAMPLE.items() if name != "duty_statement"}
    unknown = fleet.send("POST", "/drivers", {**unstated, "phone": "+12125550179"}).json()
    assert unknown["duty_statement"] is None
    profile = fleet.send("GET", f"/drivers/{driver['id']}").json()
    assert {name: profile[name] for name in driver} == driver
    assert profile["missing_documents"] == ["drivers_license", "medical_certificate", "background_check"]
    history = store.list_history(drivers.get_driver(fleet.caller, driver["id"]).key())
    assert [each.type for each in history] == ["driver.added"]


def store_phone_as_typed(fleet: FleetClient, driver: dict[str, Any], phone: str) -> None:
    """Store the phone of a driver and its user as earlier releases did."""
    stored = drivers.get_driver(fleet.caller, driver["id"])
    user = account_lookup.get_user(fleet.org.id, driver["user_id"])
    store.commit(
        fleet.caller,
        Update(stored, stored.model_copy(update={"phone": phone})),
        Update(user, user.model_copy(update={"phone": phone})),
    )


def test_phone_of_driver_is_unique_in_every_spelling(fleet: FleetClient) -> None:
    fleet.create_driver(phone="+44 20 7946 0958")
    for phone in ("+442079460958", "+44 (0)20 7946 0958", "\uff0b442079460958"):
        reply = fleet.send("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": phone})
        assert reply.status == 409, reply.text


def test_refresh_phone_numbers_writes_stored_numbers_in_e164(fleet: FleetClient) -> None:
    driver = fleet.create_driver(phone="+442079460958")
    store_phone_as_typed(fleet, driver, "+4402079460958")
    other = fleet.create_driver(phone="+442079460958")  # was possible before the rebuild
    assert phone_numbers.refresh_phone_numbers(fleet.org.id) == 0
    assert fleet.send("DELETE", f"/drivers/{other['id']}").status == 204
    assert phone_numbers.refresh_phone_numbers(fleet.org.id) == 2
    assert phone_numbers.refresh_phone_numbers(fleet.org.id) == 0
    assert fleet.send("GET", f"/drivers/{driver['id']}").json()["phone"] == "+442079460958"
    assert account_lookup.get_user(fleet.org.id, driver["user_id"]).phone == "+442079460958"
    reply = fleet.send("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": "+442079460958"})
    assert reply.status == 409, reply.text


def test_get_driver_lists_missing_documents_until_approved(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    for kind in ("drivers_license", "background_check"):
        fleet.approve_document(kind, driver_id=driver["id"])
    profile = fleet.send("GET", f"/drivers/{driver['id']}").json()
    assert (profile["missing_documents"], profile["is_compliant"]) == (["medical_certificate"], False)
    fleet.approve_document("medical_certificate", driver_id=driver["id"])
    profile = fleet.send("GET", f"/drivers/{driver['id']}").json()
    assert (profile["missing_documents"], profile["is_compliant"]) == ([], True)


def test_new_driver_can_log_in_by_phone_and_submit_documents(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    reply = fleet.log_in_by_code()
    assert reply.status == 200, reply.text
    token = reply.json()["access_token"]
    me = get("/auth/me", token).json()
    assert (me["id"], me["role"], me["party_id"]) == (driver["user_id"], "driver", driver["id"])
    assert fleet.send("GET", f"/drivers/{driver['id']}", token=token).status == 200
    paper = fleet.send(
        "POST", "/compliance", {"document_type": "medical_certificate", "document_name": "Card"}, token=token
    )
    assert (paper.status, paper.json()["driver_id"]) == (201, driver["id"])


def test_update_driver_phone_ends_sessions_and_moves_log_in(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    token = fleet.log_in_by_code().json()["access_token"]
    changed = fleet.send("PUT", f"/drivers/{driver['id']}", {"phone": "+12125550178", "last_name": "Ortiz"})
    assert changed.status == 200, changed.text
    assert get("/auth/me", token).status == 401
    assert fleet.log_in_by_code().status == 401
    reply = fleet.log_in_by_code("+12125550178")
    assert reply.status == 200
    assert get("/auth/me", reply.json()["access_token"]).json()["last_name"] == "Ortiz"


def test_update_driver_name_keeps_sessions(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    token = fleet.log_in_by_code().json()["access_token"]
    assert fleet.send("PUT", f"/drivers/{driver['id']}", {"last_name": "Ortiz"}).status == 200
    assert get("/auth/me", token).json()["last_name"] == "Ortiz"


def test_inactive_driver_is_logged_out_until_active_again(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    token = fleet.log_in_by_code().json()["access_token"]
    assert fleet.send("PUT", f"/drivers/{driver['id']}", {"status": "inactive"}).status == 200
    assert get("/auth/me", token).status == 401
    assert fleet.log_in_by_code().status == 401
    assert fleet.send("PUT", f"/drivers/{driver['id']}", {"status": "active"}).status == 200
    assert fleet.log_in_by_code().status == 200
    history = store.list_history(drivers.get_driver(fleet.caller, driver["id"]).key())
    assert [each.type for each in history] == [
        "driver.added",
        *["driver.updated", "driver.status_changed"] * 2,
    ]


def test_delete_driver_removes_log_in_and_releases_phone(fleet: FleetClient) -> None:
    driver = fleet.create_driver(email="rosa@harbor.example")
    fleet.log_in_by_code()
    assert fleet.send("DELETE", f"/drivers/{driver['id']}").status == 204
    assert fleet.send("GET", f"/drivers/{driver['id']}").status == 404
    assert fleet.log_in_by_code().status == 401
    late = {"driver_id": driver["id"], "document_type": "medical_certificate", "document_name": "Card"}
    assert fleet.send("POST", "/compliance", late).status == 404
    assert fleet.create_driver(email="rosa@harbor.example")["id"] != driver["id"]


def test_driver_phone_of_another_driver_is_a_conflict(fleet: FleetClient) -> None:
    fleet.create_driver()
    reply = fleet.send("POST", "/drivers", DRIVER_EXAMPLE)
    assert reply.status == 409, reply.text
    second = fleet.create_driver(phone="+12125550178")
    assert fleet.send("PUT", f"/drivers/{second['id']}", {"phone": PHONE}).status == 409
    assert fleet.log_in_by_code("+12125550178").status == 200


def test_create_driver_with_user_id_links_the_existing_user(fleet: FleetClient) -> None:
    body = {
        "email": "lena@harbor.example",
        "first_name": "L",
        "last_name": "B",
        "role": "driver",
        "password": "correct horse battery staple",
    }
    user = post("/users", body, fleet.org.token).json()
    driver = fleet.create_driver(first_name="Lena", last_name="Brandt", user_id=user["id"])
    reply = fleet.org.log_in("lena@harbor.example")
    me = get("/auth/me", reply.json()["access_token"]).json()
    assert (me["party_id"], me["last_name"], me["phone"], me["email"]) == (
        driver["id"],
        "Brandt",
        PHONE,
        "lena@harbor.example",
    )
    other = {**DRIVER_EXAMPLE, "phone": "+12125550178"}
    assert fleet.send("POST", "/drivers", {**other, "user_id": user["id"]}).status == 409
    assert fleet.send("POST", "/drivers", {**other, "user_id": fleet.org.admin_id}).status == 409
    assert fleet.send("POST", "/drivers", {**other, "user_id": ids.new("usr")}).status == 404


def test_list_drivers_filters_by_status_vendor_license_and_name(fleet: FleetClient) -> None:
    vendor = fleet.create(
        "/vendors",
        {"business_name": "Ridgeline", "vendor_type": "broker", "primary_email": "v@ridgeline.example"},
    )["id"]
    fleet.create_driver(first_name="Ana", last_name="Ruiz", phone="+12125550101", license_class="A")
    fleet.create_driver(first_name="Ánna", last_name="Berg", phone="+12125550102", vendor_id=vendor)
    fleet.create_driver(first_name="Emil", last_name="Sand", phone="+12125550103", status="on_leave")

    def names(**query: str) -> list[str]:
        names_seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = fleet.send("GET", "/drivers", query={"limit": "1", **query, **cursor}).json()
            names_seen += [each["first_name"] for each in page["items"]]
            if page["next_cursor"] is None:
                return names_seen
            cursor = {"cursor": page["next_cursor"]}

    assert names() == ["Emil", "Ánna", "Ana"]
    assert names(status="active") == ["Ánna", "Ana"]
    assert names(vendor_id=vendor) == ["Ánna"]
    assert names(license_class="A", status="active") == ["Ana"]
    assert names(q="an") == ["Ana", "Ánna"]
    assert names(q="an", status="on_leave") == []
    assert [each.first_name for each in resource_queries.list_assignable_drivers(fleet.caller)] == [
        "Ana",
        "Ánna",
        "Emil",
    ]


def test_create_with_unknown_vendor_is_not_found(fleet: FleetClient) -> None:
    body = {**DRIVER_EXAMPLE, "vendor_id": ids.new("ven")}
    assert fleet.send("POST", "/drivers", body).status == 404
    driver = fleet.create_driver()
    assert fleet.send("PUT", f"/drivers/{driver['id']}", {"vendor_id": ids.new("ven")}).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"home_latitude": None},
        {"license_class": "D"},
        {"endorsements": ["Q"]},
        {"timezone": "Mars/Olympus"},
        {"duty_statement": [0] * 6},
        {"duty_statement": [25] * 7},
        {"phone": "12"},
        {"rating": 5},
    ],
)
def test_driver_with_invalid_field_is_refused(fleet: FleetClient, wrong: dict[str, Any]) -> None:
    assert fleet.send("POST", "/drivers", {**DRIVER_EXAMPLE, **wrong}).status == 422
    driver = fleet.create_driver()
    assert fleet.send("PUT", f"/drivers/{driver['id']}", wrong).status == 422


def test_set_availability_updates_lists_and_checks_version(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    path = f"/drivers/{driver['id']}/availability"
    first = fleet.send("GET", path).json()
    assert (first["weekly"], first["exceptions"], first["timezone"]) == ([], [], "America/New_York")
    week = [{"weekday": "monday", "start_time": "05:00:00", "end_time": "22:00:00"}]
    reply = fleet.send("PUT", path, {"weekly": week}, headers={"if-match": '"1"'})
    assert (reply.status, reply.json()["weekly"], reply.json()["version"]) == (200, week, 2)
    away = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    reply = fleet.send("PUT", path, {"exceptions": [away]})
    assert (reply.json()["weekly"], len(reply.json()["exceptions"])) == (week, 1)
    assert fleet.send("PUT", path, {"weekly": []}, headers={"if-match": '"1"'}).status == 412
    assert fleet.send("PUT", path, {"weekly": [{"weekday": "monday"}]}).status == 422


def test_driver_role_can_read_and_change_only_its_own_driver(fleet: FleetClient) -> None:
    own, other = fleet.create_driver(), fleet.create_driver(phone="+12125550178")
    token = fleet.driver_token(own["id"])
    assert [each["id"] for each in fleet.send("GET", "/drivers", token=token).json()["items"]] == [own["id"]]
    assert fleet.send("GET", f"/drivers/{own['id']}", token=token).status == 200
    assert fleet.send("GET", f"/drivers/{other['id']}", token=token).status == 404
    assert fleet.send("PUT", f"/drivers/{own['id']}/availability", {"weekly": []}, token=token).status == 200
    assert fleet.send("PUT", f"/drivers/{other['id']}/availability", {"weekly": []}, token=token).status == 404
    for method, path, body in [
        ("POST", "/drivers", DRIVER_EXAMPLE),
        ("PUT", f"/drivers/{own['id']}", {"license_class": "A"}),
        ("DELETE", f"/drivers/{own['id']}", None),
        ("GET", "/vehicles", None),
    ]:
        assert fleet.send(method, path, body, token=token).status == 403, path


def test_routes_without_permission_or_of_another_tenant_are_refused(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    stranger = FleetClient("other")
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/drivers/{driver['id']}", None),
        ("PUT", f"/drivers/{driver['id']}", {"first_name": "Eve"}),
        ("GET", f"/drivers/{driver['id']}/availability", None),
        ("PUT", f"/drivers/{driver['id']}/availability", {"weekly": []}),
        ("DELETE", f"/drivers/{driver['id']}", None),
    ]
    for method, path, body in requests:
        assert call(APIS["fleet"], method, f"/api/v1{path}", body).status == 401
        assert stranger.send(method, path, body).status == 404
        assert fleet.send(method, path, body, token=fleet.staff_token("charters:read")).status == 403


def test_driver_with_upcoming_trips_cannot_be_deleted_or_deactivated(fleet: FleetClient) -> None:
    driver = fleet.create_driver()
    org_id = fleet.org.id
    store.commit(fleet.caller, assignment_counter.increment_op(org_id, driver["id"]))
    for method, body in (("DELETE", None), ("PUT", {"status": "inactive"})):
        refused = fleet.send(method, f"/drivers/{driver['id']}", body)
        assert (refused.status, refused.json()["title"]) == (409, "The driver or vehicle has upcoming trips")
    assert fleet.send("PUT", f"/drivers/{driver['id']}", {"status": "on_leave"}).status == 200
    store.commit(fleet.caller, assignment_counter.decrement_op(org_id, driver["id"]))
    with pytest.raises(errors.Conflict):
        store.commit(fleet.caller, assignment_counter.decrement_op(org_id, driver["id"]))
    assert fleet.send("DELETE", f"/drivers/{driver['id']}").status == 204


def test_assignment_and_deletion_at_once_only_first_succeeds(fleet: FleetClient) -> None:
    """Both transactions are prepared from the same version of the driver: the second one fails."""
    first, second = fleet.create_driver(), fleet.create_driver(phone="+12125550178")
    org_id = fleet.org.id
    driver_before = drivers.get_driver(fleet.caller, first["id"])
    drivers.delete_driver(fleet.caller, first["id"], None)
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(
            fleet.caller,
            resource_ops.check_unchanged_op(driver_before),
            assignment_counter.increment_op(org_id, first["id"]),
        )
    driver_before = drivers.get_driver(fleet.caller, second["id"])
    store.commit(
        fleet.caller,
        resource_ops.check_unchanged_op(driver_before),
        assignment_counter.increment_op(org_id, second["id"]),
    )
    with pytest.raises(errors.Conflict, match="upcoming trips"):
        drivers.delete_driver(fleet.caller, second["id"], driver_before.version)


def test_update_driver_retries_after_concurrent_log_in(fleet: FleetClient, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = fleet.create_driver()
    commit, raced = store.commit, list[bool]()

    def log_in_first(*ops: Any, **more: Any) -> None:
        if not raced:
            raced.append(True)
            assert fleet.log_in_by_code().status == 200
        commit(*ops, **more)

    fleet.log_in_by_code()
    monkeypatch.setattr(store, "commit", log_in_first)
    after = drivers.update_driver(fleet.caller, driver["id"], PartialUpdate({"status": DriverStatus.INACTIVE}), None)
    assert after.status == "inactive"
    assert fleet.log_in_by_code().status == 401
