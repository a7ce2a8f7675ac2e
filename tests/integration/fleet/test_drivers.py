"""Drivers through their routes, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.fleet import dispatch_access, drivers, job_counter
from coachway.fleet.model import DRIVER_EXAMPLE, DriverStatus
from tests.integration.client import call
from tests.integration.fleet.garage import APIS, PHONE, Garage
from tests.integration.identity.people import get, post


@pytest.fixture
def garage() -> Garage:
    return Garage()


def test_a_driver_is_added_and_found(garage: Garage) -> None:
    made = garage.driver()
    assert {name: made[name] for name in DRIVER_EXAMPLE} == DRIVER_EXAMPLE
    assert (made["status"], made["timezone"], made["version"]) == ("active", "America/New_York", 1)
    unstated = {name: value for name, value in DRIVER_EXAMPLE.items() if name != "duty_statement"}
    unknown = garage.ask("POST", "/drivers", {**unstated, "phone": "+12125550179"}).json()
    assert unknown["duty_statement"] is None
    found = garage.ask("GET", f"/drivers/{made['id']}").json()
    assert {name: found[name] for name in made} == made
    assert found["missing_documents"] == ["drivers_license", "medical_certificate", "background_check"]
    history = store.history(drivers.get_driver(garage.caller, made["id"]).key())
    assert [each.type for each in history] == ["driver.added"]


def test_a_drivers_missing_papers_are_named_until_they_are_approved(garage: Garage) -> None:
    made = garage.driver()
    for kind in ("drivers_license", "background_check"):
        garage.paper(kind, driver_id=made["id"])
    found = garage.ask("GET", f"/drivers/{made['id']}").json()
    assert (found["missing_documents"], found["is_compliant"]) == (["medical_certificate"], False)
    garage.paper("medical_certificate", driver_id=made["id"])
    found = garage.ask("GET", f"/drivers/{made['id']}").json()
    assert (found["missing_documents"], found["is_compliant"]) == ([], True)


def test_a_driver_logs_in_by_phone_at_once_and_hands_in_papers(garage: Garage) -> None:
    made = garage.driver()
    done = garage.logs_in()
    assert done.status == 200, done.text
    token = done.json()["access_token"]
    me = get("/auth/me", token).json()
    assert (me["id"], me["role"], me["party_id"]) == (made["user_id"], "driver", made["id"])
    assert garage.ask("GET", f"/drivers/{made['id']}", token=token).status == 200
    paper = garage.ask(
        "POST", "/compliance", {"document_type": "medical_certificate", "document_name": "Card"}, token=token
    )
    assert (paper.status, paper.json()["driver_id"]) == (201, made["id"])


def test_another_phone_is_another_log_in_and_ends_the_sessions(garage: Garage) -> None:
    made = garage.driver()
    token = garage.logs_in().json()["access_token"]
    changed = garage.ask("PUT", f"/drivers/{made['id']}", {"phone": "+12125550178", "last_name": "Ortiz"})
    assert changed.status == 200, changed.text
    assert get("/auth/me", token).status == 401
    assert garage.logs_in().status == 401
    done = garage.logs_in("+12125550178")
    assert done.status == 200
    assert get("/auth/me", done.json()["access_token"]).json()["last_name"] == "Ortiz"


def test_another_name_leaves_the_sessions_alone(garage: Garage) -> None:
    made = garage.driver()
    token = garage.logs_in().json()["access_token"]
    assert garage.ask("PUT", f"/drivers/{made['id']}", {"last_name": "Ortiz"}).status == 200
    assert get("/auth/me", token).json()["last_name"] == "Ortiz"


def test_an_inactive_driver_is_logged_out_and_back_when_active(garage: Garage) -> None:
    made = garage.driver()
    token = garage.logs_in().json()["access_token"]
    assert garage.ask("PUT", f"/drivers/{made['id']}", {"status": "inactive"}).status == 200
    assert get("/auth/me", token).status == 401
    assert garage.logs_in().status == 401
    assert garage.ask("PUT", f"/drivers/{made['id']}", {"status": "active"}).status == 200
    assert garage.logs_in().status == 200
    history = store.history(drivers.get_driver(garage.caller, made["id"]).key())
    assert [each.type for each in history] == [
        "driver.added",
        *["driver.updated", "driver.status_changed"] * 2,
    ]


def test_a_removed_driver_is_gone_with_the_log_in_and_the_phone_is_free(garage: Garage) -> None:
    made = garage.driver(email="rosa@harbor.example")
    garage.logs_in()
    assert garage.ask("DELETE", f"/drivers/{made['id']}").status == 204
    assert garage.ask("GET", f"/drivers/{made['id']}").status == 404
    assert garage.logs_in().status == 401
    late = {"driver_id": made["id"], "document_type": "medical_certificate", "document_name": "Card"}
    assert garage.ask("POST", "/compliance", late).status == 404
    assert garage.driver(email="rosa@harbor.example")["id"] != made["id"]


def test_a_phone_is_one_drivers_and_one_users(garage: Garage) -> None:
    garage.driver()
    taken = garage.ask("POST", "/drivers", DRIVER_EXAMPLE)
    assert taken.status == 409, taken.text
    second = garage.driver(phone="+12125550178")
    assert garage.ask("PUT", f"/drivers/{second['id']}", {"phone": PHONE}).status == 409
    assert garage.logs_in("+12125550178").status == 200


def test_a_user_of_the_role_becomes_the_driver(garage: Garage) -> None:
    body = {
        "email": "lena@harbor.example",
        "first_name": "L",
        "last_name": "B",
        "role": "driver",
        "password": "correct horse battery staple",
    }
    user = post("/users", body, garage.org.token).json()
    made = garage.driver(first_name="Lena", last_name="Brandt", user_id=user["id"])
    done = garage.org.log_in("lena@harbor.example")
    me = get("/auth/me", done.json()["access_token"]).json()
    assert (me["party_id"], me["last_name"], me["phone"], me["email"]) == (
        made["id"],
        "Brandt",
        PHONE,
        "lena@harbor.example",
    )
    other = {**DRIVER_EXAMPLE, "phone": "+12125550178"}
    assert garage.ask("POST", "/drivers", {**other, "user_id": user["id"]}).status == 409
    assert garage.ask("POST", "/drivers", {**other, "user_id": garage.org.admin_id}).status == 409
    assert garage.ask("POST", "/drivers", {**other, "user_id": ids.new("usr")}).status == 404


def test_drivers_are_listed_by_status_vendor_license_and_name(garage: Garage) -> None:
    vendor = garage.made(
        "/vendors",
        {"business_name": "Ridgeline", "vendor_type": "broker", "primary_email": "v@ridgeline.example"},
    )["id"]
    garage.driver(first_name="Ana", last_name="Ruiz", phone="+12125550101", license_class="A")
    garage.driver(first_name="Ánna", last_name="Berg", phone="+12125550102", vendor_id=vendor)
    garage.driver(first_name="Emil", last_name="Sand", phone="+12125550103", status="on_leave")

    def names(**query: str) -> list[str]:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = garage.ask("GET", "/drivers", query={"limit": "1", **query, **cursor}).json()
            seen += [each["first_name"] for each in page["items"]]
            if page["next_cursor"] is None:
                return seen
            cursor = {"cursor": page["next_cursor"]}

    assert names() == ["Emil", "Ánna", "Ana"]
    assert names(status="active") == ["Ánna", "Ana"]
    assert names(vendor_id=vendor) == ["Ánna"]
    assert names(license_class="A", status="active") == ["Ana"]
    assert names(q="an") == ["Ana", "Ánna"]
    assert names(q="an", status="on_leave") == []
    assert [each.first_name for each in dispatch_access.list_drivers(garage.caller)] == ["Ana", "Ánna", "Emil"]


def test_a_vendor_that_is_not_there_is_refused(garage: Garage) -> None:
    body = {**DRIVER_EXAMPLE, "vendor_id": ids.new("ven")}
    assert garage.ask("POST", "/drivers", body).status == 404
    made = garage.driver()
    assert garage.ask("PUT", f"/drivers/{made['id']}", {"vendor_id": ids.new("ven")}).status == 404


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
def test_what_is_no_driver_is_refused(garage: Garage, wrong: dict[str, Any]) -> None:
    assert garage.ask("POST", "/drivers", {**DRIVER_EXAMPLE, **wrong}).status == 422
    made = garage.driver()
    assert garage.ask("PUT", f"/drivers/{made['id']}", wrong).status == 422


def test_availability_is_set_and_kept_by_its_version(garage: Garage) -> None:
    made = garage.driver()
    path = f"/drivers/{made['id']}/availability"
    first = garage.ask("GET", path).json()
    assert (first["weekly"], first["exceptions"], first["timezone"]) == ([], [], "America/New_York")
    week = [{"weekday": "monday", "start_time": "05:00:00", "end_time": "22:00:00"}]
    done = garage.ask("PUT", path, {"weekly": week}, headers={"if-match": '"1"'})
    assert (done.status, done.json()["weekly"], done.json()["version"]) == (200, week, 2)
    away = {"starts_at": "2027-03-01T00:00:00-05:00", "ends_at": "2027-03-08T00:00:00-05:00", "reason": "vacation"}
    done = garage.ask("PUT", path, {"exceptions": [away]})
    assert (done.json()["weekly"], len(done.json()["exceptions"])) == (week, 1)
    assert garage.ask("PUT", path, {"weekly": []}, headers={"if-match": '"1"'}).status == 412
    assert garage.ask("PUT", path, {"weekly": [{"weekday": "monday"}]}).status == 422


def test_a_driver_sees_and_changes_what_is_theirs_alone(garage: Garage) -> None:
    own, other = garage.driver(), garage.driver(phone="+12125550178")
    token = garage.as_driver(own["id"])
    assert [each["id"] for each in garage.ask("GET", "/drivers", token=token).json()["items"]] == [own["id"]]
    assert garage.ask("GET", f"/drivers/{own['id']}", token=token).status == 200
    assert garage.ask("GET", f"/drivers/{other['id']}", token=token).status == 404
    assert garage.ask("PUT", f"/drivers/{own['id']}/availability", {"weekly": []}, token=token).status == 200
    assert garage.ask("PUT", f"/drivers/{other['id']}/availability", {"weekly": []}, token=token).status == 404
    for method, path, body in [
        ("POST", "/drivers", DRIVER_EXAMPLE),
        ("PUT", f"/drivers/{own['id']}", {"license_class": "A"}),
        ("DELETE", f"/drivers/{own['id']}", None),
        ("GET", "/vehicles", None),
    ]:
        assert garage.ask(method, path, body, token=token).status == 403, path


def test_nobody_without_the_permission_and_no_other_tenant_gets_in(garage: Garage) -> None:
    made = garage.driver()
    stranger = Garage("other")
    asked: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/drivers/{made['id']}", None),
        ("PUT", f"/drivers/{made['id']}", {"first_name": "Eve"}),
        ("GET", f"/drivers/{made['id']}/availability", None),
        ("PUT", f"/drivers/{made['id']}/availability", {"weekly": []}),
        ("DELETE", f"/drivers/{made['id']}", None),
    ]
    for method, path, body in asked:
        assert call(APIS["fleet"], method, f"/api/v1{path}", body).status == 401
        assert stranger.ask(method, path, body).status == 404
        assert garage.ask(method, path, body, token=garage.staff("charters:read")).status == 403


def test_nobody_leaves_with_jobs_ahead(garage: Garage) -> None:
    made = garage.driver()
    org_id = garage.org.id
    store.commit(garage.caller, job_counter.increment_op(org_id, made["id"]))
    for method, body in (("DELETE", None), ("PUT", {"status": "inactive"})):
        refused = garage.ask(method, f"/drivers/{made['id']}", body)
        assert (refused.status, refused.json()["title"]) == (409, "The driver or vehicle has trips ahead")
    assert garage.ask("PUT", f"/drivers/{made['id']}", {"status": "on_leave"}).status == 200
    store.commit(garage.caller, job_counter.decrement_op(org_id, made["id"]))
    with pytest.raises(errors.Conflict):
        store.commit(garage.caller, job_counter.decrement_op(org_id, made["id"]))
    assert garage.ask("DELETE", f"/drivers/{made['id']}").status == 204


def test_a_job_given_while_the_driver_leaves_is_one_or_the_other(garage: Garage) -> None:
    """Both transactions were prepared on the same driver: whichever comes second fails."""
    first, second = garage.driver(), garage.driver(phone="+12125550178")
    org_id = garage.org.id
    seen = drivers.get_driver(garage.caller, first["id"])
    drivers.delete_driver(garage.caller, first["id"], None)
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(
            garage.caller, dispatch_access.check_unchanged_op(seen), job_counter.increment_op(org_id, first["id"])
        )
    seen = drivers.get_driver(garage.caller, second["id"])
    store.commit(
        garage.caller, dispatch_access.check_unchanged_op(seen), job_counter.increment_op(org_id, second["id"])
    )
    with pytest.raises(errors.Conflict, match="trips ahead"):
        drivers.delete_driver(garage.caller, second["id"], seen.version)


def test_a_change_that_loses_to_a_log_in_is_made_all_the_same(garage: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    made = garage.driver()
    commit, raced = store.commit, list[bool]()

    def log_in_first(*ops: Any, **more: Any) -> None:
        if not raced:
            raced.append(True)
            assert garage.logs_in().status == 200
        commit(*ops, **more)

    garage.logs_in()
    monkeypatch.setattr(store, "commit", log_in_first)
    after = drivers.update_driver(garage.caller, made["id"], PartialUpdate({"status": DriverStatus.INACTIVE}), None)
    assert after.status == "inactive"
    assert garage.logs_in().status == 401
