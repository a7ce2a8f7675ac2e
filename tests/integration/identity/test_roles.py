"""Roles of organizations."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.contracts.identity import RoleCreated
from coachway.identity.model import permissions
from tests.integration.identity.builders import delete, get, list_event_data, post, put, register_organization

DISPATCHER = {"name": "dispatcher", "description": "Assigns drivers.", "permissions": ["charters:read", "fleet:read"]}


def test_role_can_be_created_granted_updated_and_deleted() -> None:
    org = register_organization()
    created = post("/roles", DISPATCHER, org.token)
    assert created.status == 201, created.text
    assert (created.json()["built_in"], created.json()["version"]) == (False, 1)
    sam = org.create_user("sam@harbor.example", "dispatcher")
    assert get("/auth/me", sam["access_token"]).json()["permissions"] == ["charters:read", "fleet:read"]
    changed = put("/roles/dispatcher", {"permissions": ["charters:read"]}, org.token, headers={"if-match": '"1"'})
    assert (changed.status, changed.json()["permissions"]) == (200, ["charters:read"])
    assert changed.json()["description"] == "Assigns drivers."
    assert put("/roles/dispatcher", {"permissions": []}, org.token, headers={"if-match": '"1"'}).status == 412
    assert delete("/roles/dispatcher", org.token).status == 409
    assert put(f"/users/{sam['id']}", {"role": "staff"}, org.token).status == 200
    assert delete("/roles/dispatcher", org.token).status == 204
    assert put("/roles/dispatcher", {"permissions": []}, org.token).status == 404
    assert post("/roles", DISPATCHER, org.token).status == 201
    assert [each["name"] for each in list_event_data(org.id, RoleCreated)] == ["dispatcher", "dispatcher"]


def test_list_roles_returns_all_by_name_in_pages() -> None:
    org = register_organization()
    post("/roles", DISPATCHER, org.token)
    all_roles = get("/roles", org.token).json()
    names = [each["name"] for each in all_roles["items"]]
    assert names == sorted([*permissions.BUILT_IN_ROLES, "dispatcher"])
    assert all_roles["next_cursor"] is None
    paged_names: list[Any] = []
    query = {"limit": "4"}
    while True:
        page = get("/roles", org.token, query).json()
        paged_names += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert paged_names == names


@pytest.mark.parametrize("name", sorted(permissions.RESERVED_ROLE_NAMES))
def test_create_role_with_reserved_name_is_refused(name: str) -> None:
    org = register_organization()
    refused = post("/roles", {"name": name, "permissions": []}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (409, "name")


def test_built_in_role_cannot_be_changed() -> None:
    org = register_organization()
    assert put("/roles/viewer", {"permissions": ["users:write"]}, org.token).status == 409
    assert delete("/roles/viewer", org.token).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "permissions": []},
        {"name": "Big", "permissions": []},
        {"name": "own", "permissions": ["everything"]},
        {"name": "own"},
        {"name": "own", "permissions": [], "built_in": True},
    ],
)
def test_create_role_with_invalid_fields_is_refused(body: Any) -> None:
    org = register_organization()
    assert post("/roles", body, org.token).status == 422


def test_role_with_more_permissions_than_the_caller_is_refused() -> None:
    org = register_organization()
    post("/roles", {"name": "keeper", "permissions": ["roles:write", "clients:read"]}, org.token)
    post("/roles", {"name": "strong", "permissions": ["users:write"]}, org.token)
    limited_token = org.create_user("sam@harbor.example", "keeper")["access_token"]
    assert post("/roles", {"name": "mine", "permissions": ["users:write"]}, limited_token).status == 403
    assert put("/roles/keeper", {"permissions": ["roles:write", "users:write"]}, limited_token).status == 403
    assert put("/roles/strong", {"permissions": []}, limited_token).status == 403
    assert delete("/roles/strong", limited_token).status == 403
    assert post("/roles", {"name": "mine", "permissions": ["clients:read"]}, limited_token).status == 201


def test_role_of_another_organization_is_not_found() -> None:
    org, other = register_organization(), register_organization("other")
    post("/roles", DISPATCHER, org.token)
    assert put("/roles/dispatcher", {"permissions": []}, other.token).status == 404
    assert delete("/roles/dispatcher", other.token).status == 404
    body = {"email": "x@other.example", "role": "dispatcher", "first_name": "X", "last_name": "Y"}
    assert post("/users/invite", body, other.token).status == 422
    assert post("/roles", DISPATCHER, other.token).status == 201
