"""Users: create, list, update, delete."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity.model.user import User
from tests.integration.identity.builders import (
    PASSWORD,
    SAM,
    create_party,
    delete,
    get,
    post,
    put,
    register_organization,
)


def test_user_can_be_created_listed_updated_and_deleted() -> None:
    org = register_organization()
    created = post("/users", {"email": "Sam@harbor.example", "role": "staff", "password": PASSWORD, **SAM}, org.token)
    assert created.status == 201, created.text
    user = created.json()
    assert not {"org_id", "password", "password_hash", "deleted_at"} & user.keys()
    assert org.log_in("sam@harbor.example").status == 200
    assert get(f"/users/{user['id']}", org.token).json() == user
    assert [each["id"] for each in get("/users", org.token).json()["items"]] == [user["id"], org.admin_id]
    assert [each["id"] for each in get("/users", org.token, {"role": "admin"}).json()["items"]] == [org.admin_id]
    assert get("/users", org.token, {"role": "staff", "status": "disabled"}).json()["items"] == []
    path = f"/users/{user['id']}"
    changed = put(path, {"first_name": "Samuel"}, org.token, headers={"if-match": '"1"'})
    assert (changed.status, changed.json()["first_name"], changed.json()["last_name"]) == (200, "Samuel", "Okafor")
    assert put(path, {"first_name": "S"}, org.token, headers={"if-match": '"1"'}).status == 412
    assert delete(path, org.token).status == 204
    assert get(path, org.token).status == 404
    assert org.log_in("sam@harbor.example").status == 401
    recreated = post("/users", {"email": "sam@harbor.example", "role": "staff", "password": PASSWORD, **SAM}, org.token)
    assert recreated.status == 201


def test_list_users_of_many_months_is_newest_first() -> None:
    now = clock.now()
    with clock.frozen(now - timedelta(days=150)):
        org = register_organization()
    token = org.log_in().json()["access_token"]
    created = [org.admin_id]
    for days in (149, 90, 89, 30, 0):
        with clock.frozen(now - timedelta(days=days)):
            body = {"email": f"d{days}@harbor.example", "role": "driver", **SAM}
            created.append(post("/users", body, token).json()["id"])
    for query, expected_ids in (({}, created[::-1]), ({"role": "driver"}, created[:0:-1])):
        listed_ids: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = get("/users", token, {"limit": "2", **query, **cursor}).json()
            listed_ids += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert listed_ids == expected_ids


def test_create_user_with_used_email_or_phone_is_refused() -> None:
    org = register_organization()
    body = {"email": "sam@harbor.example", "phone": "+12125550123", "role": "driver", **SAM}
    assert post("/users", body, org.token).status == 201
    for name, value in (("email", "SAM@harbor.example"), ("phone", "+1 212 555 0123")):
        refused = post("/users", {"role": "driver", **SAM, name: value}, org.token)
        assert (refused.status, refused.json()["errors"][0]["field"]) == (409, name)


def test_create_internal_user_without_password_is_refused() -> None:
    org = register_organization()
    refused = post("/users", {"email": "sam@harbor.example", "role": "staff", **SAM}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "password")


def test_external_user_has_party_id_and_no_internal_permissions() -> None:
    org = register_organization()
    client = create_party(org, "client")
    dana = org.create_user("dana@acme.example", "client", party_id=client)
    assert get("/auth/me", dana["access_token"]).json()["party_id"] == client
    assert get("/users", dana["access_token"]).status == 403


@pytest.mark.parametrize(("role", "prefix"), [("client", "cli"), ("vendor", "ven"), ("driver", "drv")])
def test_party_id_must_be_a_party_of_the_organization(role: str, prefix: str) -> None:
    org, rival = register_organization(), register_organization("rival")
    user = {"email": "dana@acme.example", "role": role, **SAM}
    own = create_party(org, role)
    sam = post("/users", {**user, "email": "sam@acme.example", "party_id": own}, org.token).json()
    assert sam["party_id"] == own
    for party_id in (ids.new(prefix), create_party(rival, role)):
        for refused in (
            post("/users", {**user, "party_id": party_id}, org.token),
            post("/users/invite", {**user, "party_id": party_id}, org.token),
            put(f"/users/{sam['id']}", {"party_id": party_id}, org.token),
        ):
            assert (refused.status, refused.json()["errors"]) == (
                422,
                [{"field": "party_id", "message": "does not exist", "code": "not_found"}],
            )


@pytest.mark.parametrize("role", ["client", "vendor"])
def test_user_who_acts_for_a_party_needs_its_id(role: str) -> None:
    org = register_organization()
    user = {"email": "dana@acme.example", "role": role, **SAM}
    acting = post("/users", {**user, "email": "acting@acme.example", "party_id": create_party(org, role)}, org.token)
    staff = post("/users", {**user, "email": "a@b.example", "role": "staff", "password": PASSWORD}, org.token)
    for refused in (
        post("/users", user, org.token),
        post("/users/invite", user, org.token),
        put(f"/users/{acting.json()['id']}", {"party_id": None}, org.token),
        put(f"/users/{staff.json()['id']}", {"role": role}, org.token),
    ):
        message = f"is required for the role {role}: the {role} that the user acts for"
        assert (refused.status, refused.json()["errors"]) == (
            422,
            [{"field": "party_id", "message": message, "code": "invalid"}],
        )


def test_user_stored_without_the_party_of_its_role_can_be_read_and_given_it() -> None:
    org = register_organization()
    dana = post("/users", {"email": "d@acme.example", "role": "staff", "password": PASSWORD, **SAM}, org.token).json()
    before = store.get(User, USERS.key(org=org.id, id=dana["id"]))
    store.commit(Caller.system("tests", org.id), Update(before, before.model_copy(update={"role": "client"})))
    assert get(f"/users/{dana['id']}", org.token).json()["party_id"] is None
    assert put(f"/users/{dana['id']}", {"first_name": "Dan"}, org.token).status == 200
    party_id = create_party(org, "client")
    assert put(f"/users/{dana['id']}", {"party_id": party_id}, org.token).json()["party_id"] == party_id


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"status": "disabled"}])
def test_update_user_rights_ends_sessions(change: Any) -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    assert put(f"/users/{sam['id']}", change, org.token).status == 200
    assert get("/auth/me", sam["access_token"]).status == 401
    assert post("/auth/refresh", {"refresh_token": sam["refresh_token"]}).status == 401


def test_update_user_name_keeps_sessions() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    assert put(f"/users/{sam['id']}", {"last_name": "Okafor-Lee"}, org.token).status == 200
    assert get("/auth/me", sam["access_token"]).json()["last_name"] == "Okafor-Lee"


def test_delete_user_ends_sessions() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example", "admin")
    assert delete(f"/users/{sam['id']}", org.token).status == 204
    assert get("/auth/me", sam["access_token"]).status == 401
    assert post("/auth/refresh", {"refresh_token": sam["refresh_token"]}).status == 401
    assert (
        post("/users/invite", {"email": "x@harbor.example", "role": "staff", **SAM}, sam["access_token"]).status == 401
    )


def test_user_of_another_organization_is_not_found() -> None:
    org, other = register_organization(), register_organization("other")
    sam = org.create_user("sam@harbor.example")
    path = f"/users/{sam['id']}"
    assert get(path, other.token).status == 404
    assert put(path, {"first_name": "X"}, other.token).status == 404
    assert delete(path, other.token).status == 404
    assert [each["id"] for each in get("/users", other.token).json()["items"]] == [other.admin_id]
    cursor = get("/users", org.token, {"limit": "1"}).json()["next_cursor"]
    assert get("/users", other.token, {"limit": "1", "cursor": cursor}).status == 422


def test_same_email_can_be_used_in_two_organizations() -> None:
    register_organization()
    other = register_organization("other")
    assert other.create_user("ana@harbor.example")["role"] == "staff"


def test_user_keys_contain_the_organization() -> None:
    org = register_organization()
    assert USERS.key(org=org.id, id=org.admin_id).pk.startswith(f"ORG#{org.id}#")
    assert store.find_unique_owner(org.id, "user-email", org.email) == org.admin_id
