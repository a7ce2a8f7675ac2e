"""Roles that an organization makes, API keys, and the organization itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import ApiKeyCreated, OrganizationUpdated, RoleCreated
from coachway.core.auth import authentication
from coachway.core.runtime import clock
from coachway.identity.model import permissions
from tests.integration.identity.builders import Org, delete, get, list_event_data, post, put, register_organization

DISPATCHER = {"name": "dispatcher", "description": "Runs the day.", "permissions": ["charters:read", "fleet:read"]}


def test_a_role_is_made_given_changed_and_removed() -> None:
    org = register_organization()
    made = post("/roles", DISPATCHER, org.token)
    assert made.status == 201, made.text
    assert (made.json()["built_in"], made.json()["version"]) == (False, 1)
    sam = org.create_user("sam@harbor.example", "dispatcher")
    assert get("/auth/me", sam["access_token"]).json()["permissions"] == ["charters:read", "fleet:read"]
    changed = put("/roles/dispatcher", {"permissions": ["charters:read"]}, org.token, headers={"if-match": '"1"'})
    assert (changed.status, changed.json()["permissions"]) == (200, ["charters:read"])
    assert changed.json()["description"] == "Runs the day."
    assert put("/roles/dispatcher", {"permissions": []}, org.token, headers={"if-match": '"1"'}).status == 412
    assert delete("/roles/dispatcher", org.token).status == 409
    assert put(f"/users/{sam['id']}", {"role": "staff"}, org.token).status == 200
    assert delete("/roles/dispatcher", org.token).status == 204
    assert put("/roles/dispatcher", {"permissions": []}, org.token).status == 404
    assert post("/roles", DISPATCHER, org.token).status == 201
    assert [each["name"] for each in list_event_data(org.id, RoleCreated)] == ["dispatcher", "dispatcher"]


def test_all_roles_are_listed_by_name_a_page_at_a_time() -> None:
    org = register_organization()
    post("/roles", DISPATCHER, org.token)
    everything = get("/roles", org.token).json()
    names = [each["name"] for each in everything["items"]]
    assert names == sorted([*permissions.BUILT_IN_ROLES, "dispatcher"])
    assert everything["next_cursor"] is None
    found: list[Any] = []
    query = {"limit": "4"}
    while True:
        page = get("/roles", org.token, query).json()
        found += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == names


@pytest.mark.parametrize("name", sorted(permissions.RESERVED_ROLE_NAMES))
def test_a_reserved_name_is_taken(name: str) -> None:
    org = register_organization()
    refused = post("/roles", {"name": name, "permissions": []}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (409, "name")


def test_built_in_roles_stay_as_they_are() -> None:
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
def test_a_role_with_a_wrong_field_is_refused(body: Any) -> None:
    org = register_organization()
    assert post("/roles", body, org.token).status == 422


def test_nobody_makes_or_widens_a_role_beyond_their_own_rights() -> None:
    org = register_organization()
    post("/roles", {"name": "keeper", "permissions": ["roles:write", "clients:read"]}, org.token)
    post("/roles", {"name": "strong", "permissions": ["users:write"]}, org.token)
    keeper = org.create_user("sam@harbor.example", "keeper")["access_token"]
    assert post("/roles", {"name": "mine", "permissions": ["users:write"]}, keeper).status == 403
    assert put("/roles/keeper", {"permissions": ["roles:write", "users:write"]}, keeper).status == 403
    assert put("/roles/strong", {"permissions": []}, keeper).status == 403
    assert delete("/roles/strong", keeper).status == 403
    assert post("/roles", {"name": "mine", "permissions": ["clients:read"]}, keeper).status == 201


def test_a_role_belongs_to_its_organization() -> None:
    org, other = register_organization(), register_organization("other")
    post("/roles", DISPATCHER, org.token)
    assert put("/roles/dispatcher", {"permissions": []}, other.token).status == 404
    assert delete("/roles/dispatcher", other.token).status == 404
    body = {"email": "x@other.example", "role": "dispatcher", "first_name": "X", "last_name": "Y"}
    assert post("/users/invite", body, other.token).status == 422
    assert post("/roles", DISPATCHER, other.token).status == 201


# API keys


def api_key(org: Org, *permissions: str, **more: Any) -> Any:
    reply = post("/api-keys", {"name": "website", "permissions": list(permissions), **more}, org.token)
    assert reply.status == 201, reply.text
    return reply.json()


def test_a_key_is_shown_once_and_does_what_it_may() -> None:
    org = register_organization()
    made = api_key(org, "users:read", "organization:read")
    assert made["key"].startswith("cw_")
    assert made["key"].endswith(made["hint"])
    headers = {"x-api-key": made["key"]}
    assert get("/users", headers=headers).status == 200
    assert get("/organization", headers=headers).json()["slug"] == "harbor"
    assert put("/organization", {"name": "X"}, headers=headers).status == 403
    listed = get("/api-keys", org.token)
    assert made["key"] not in listed.text
    assert "digest" not in listed.text
    assert [each["id"] for each in listed.json()["items"]] == [made["id"]]
    assert made["key"] not in str(list_event_data(org.id, ApiKeyCreated))


def test_the_table_holds_no_key(dynamodb: Any) -> None:
    org = register_organization()
    made = api_key(org, "users:read")
    assert made["key"] not in str(dynamodb.scan(TableName="coachway-test"))


def test_a_revoked_key_is_refused() -> None:
    org = register_organization()
    made = api_key(org, "users:read")
    assert delete(f"/api-keys/{made['id']}", org.token).status == 204
    authentication.clear_caches()
    assert get("/users", headers={"x-api-key": made["key"]}).status == 401
    assert delete(f"/api-keys/{made['id']}", org.token).status == 404


def test_a_key_ends_when_it_was_meant_to() -> None:
    org = register_organization()
    made = api_key(org, "users:read", expires=(clock.now() + timedelta(hours=1)).isoformat())
    assert get("/users", headers={"x-api-key": made["key"]}).status == 200
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert get("/users", headers={"x-api-key": made["key"]}).status == 401
    past = (clock.now() - timedelta(seconds=1)).isoformat()
    body = {"name": "late", "permissions": ["users:read"], "expires": past}
    assert post("/api-keys", body, org.token).status == 422


@pytest.mark.parametrize(
    "change",
    [lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), lambda key: key[:40], lambda _: "cw_", lambda _: "é"],
)
def test_a_key_that_was_made_up_is_refused(change: Any) -> None:
    org = register_organization()
    made = api_key(org, "users:read")
    assert get("/users", headers={"x-api-key": change(made["key"])}).status == 401


def test_nobody_makes_a_key_beyond_their_own_rights() -> None:
    org = register_organization()
    first = api_key(org, "api-keys:write", "clients:read")
    headers = {"x-api-key": first["key"]}
    assert post("/api-keys", {"name": "more", "permissions": ["users:write"]}, headers=headers).status == 403
    assert post("/api-keys", {"name": "less", "permissions": ["clients:read"]}, headers=headers).status == 201


def test_a_key_belongs_to_its_organization() -> None:
    org, other = register_organization(), register_organization("other")
    made = api_key(org, "users:read")
    assert delete(f"/api-keys/{made['id']}", other.token).status == 404
    assert get("/api-keys", other.token).json()["items"] == []


# The organization


def test_an_organization_changes_what_it_names_and_nothing_else() -> None:
    org = register_organization()
    before = get("/organization", org.token)
    assert before.headers["ETag"] == '"1"'
    changes = {
        "tax_rate_percent": 8.875,
        "minimum_charge": 350,
        "fuel_surcharge_per_mile": 0.0125,
        "number_prefixes": {"charter": "HC"},
        "branding": {"color": "#123abc"},
    }
    changed = put("/organization", changes, org.token, headers={"if-match": '"1"'})
    assert changed.status == 200, changed.text
    again = put("/organization", {"branding": {"phone": "+12125550100"}}, org.token).json()
    assert (again["tax_rate_percent"], again["minimum_charge"], again["fuel_surcharge_per_mile"]) == (
        8.875,
        350.0,
        0.0125,
    )
    assert again["number_prefixes"] == {
        "organization": None,
        "charter": "HC",
        "invoice": "INV",
        "change": "CHG",
        "move": "MV",
    }
    assert (again["branding"]["color"], again["branding"]["phone"]) == ("#123abc", "+12125550100")
    assert again["approval_thresholds"] == {"refund": 500.0, "change": 500.0}
    assert put("/organization", {"name": "X"}, org.token, headers={"if-match": '"1"'}).status == 412
    assert len(list_event_data(org.id, OrganizationUpdated)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "mine"},
        {"timezone": "Nowhere"},
        {"timezone": None},
        {"tax_rate_percent": 101},
        {"tax_rate_percent": -1},
        {"fuel_surcharge_per_mile": 0.00001},
        {"minimum_charge": 1.005},
        {"number_prefixes": {"charter": "c h"}},
        {"branding": {"logo_url": "javascript:alert(1)"}},
        {"branding": {"color": "red"}},
        {"branding": {"unknown": 1}},
    ],
)
def test_an_organization_refuses_a_wrong_field(change: Any) -> None:
    org = register_organization()
    assert put("/organization", change, org.token).status == 422
