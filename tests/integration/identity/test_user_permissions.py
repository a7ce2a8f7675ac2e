"""Which users and roles a user can change, and the last admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.identity.builders import (
    PASSWORD,
    SAM,
    Org,
    accept_invitation,
    delete,
    get,
    post,
    put,
    register_organization,
)


def create_limited_user(org: Org, *permissions: str) -> str:
    """The token of somebody in a role of these permissions."""
    assert post("/roles", {"name": "special", "permissions": list(permissions)}, org.token).status == 201
    return str(org.create_user("special@harbor.example", "special")["access_token"])


def test_internal_roles_below_admin_cannot_administer() -> None:
    org = register_organization()
    for role in ("staff", "manager", "viewer"):
        token = org.create_user(f"{role}@harbor.example", role)["access_token"]
        assert post("/users/invite", {"email": "x@harbor.example", "role": "viewer", **SAM}, token).status == 403
        assert put(f"/users/{org.admin_id}", {"first_name": "X"}, token).status == 403
        assert delete(f"/users/{org.admin_id}", token).status == 403
        assert post("/roles", {"name": "mine", "permissions": []}, token).status == 403
        assert post("/api-keys", {"name": "mine", "permissions": ["clients:read"]}, token).status == 403
        assert put("/organization", {"name": "Mine"}, token).status == 403


def test_grant_role_with_more_permissions_than_the_caller_is_refused() -> None:
    org = register_organization()
    token = create_limited_user(org, "users:write", "users:read", "clients:read")
    for role in ("admin", "manager", "staff", "viewer"):
        refused = post("/users/invite", {"email": "x@harbor.example", "role": role, **SAM}, token)
        assert (refused.status, refused.json()["title"]) == (403, "You cannot grant permissions that you do not have")
        body = {"email": "x@harbor.example", "role": role, "password": PASSWORD, **SAM}
        assert post("/users", body, token).status == 403
    me = get("/auth/me", token).json()["id"]
    assert put(f"/users/{me}", {"role": "admin"}, token).status == 403
    assert post("/users/invite", {"email": "x@harbor.example", "role": "special", **SAM}, token).status == 201


def test_change_user_with_more_permissions_than_the_caller_is_refused() -> None:
    org = register_organization()
    token = create_limited_user(org, "users:write", "users:read")
    for change in ({"email": "mine@harbor.example"}, {"status": "disabled"}, {"role": "special"}):
        assert put(f"/users/{org.admin_id}", change, token).status == 403
    assert delete(f"/users/{org.admin_id}", token).status == 403
    invited = org.invite("boss@harbor.example", "admin")
    refused = post("/users/invite", {"email": "boss@harbor.example", "role": "special", **SAM}, token)
    assert refused.status == 403
    assert accept_invitation(invited["invitation_token"]).status == 201


@pytest.mark.parametrize("role", ["platform", "nothing", "system", "api_key", "anonymous"])
def test_grant_reserved_or_unknown_role_is_refused(role: str) -> None:
    org = register_organization()
    refused = post("/users/invite", {"email": "x@harbor.example", "role": role, **SAM}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "role")
    assert put(f"/users/{org.admin_id}", {"role": role}, org.token).status == 422


@pytest.mark.parametrize(
    "extra",
    [
        {"permissions": ["users:write"]},
        {"org_id": "org_1"},
        {"status": "active"},
        {"id": "usr_1"},
        {"mfa_enabled": True},
    ],
)
def test_invite_with_unknown_field_is_refused(extra: Any) -> None:
    org = register_organization()
    assert (
        post("/users/invite", {"email": "x@harbor.example", "role": "staff", **SAM, **extra}, org.token).status == 422
    )


def test_last_admin_cannot_be_changed_or_deleted() -> None:
    org = register_organization()
    path = f"/users/{org.admin_id}"
    for refused in (
        put(path, {"role": "staff"}, org.token),
        put(path, {"status": "disabled"}, org.token),
        delete(path, org.token),
    ):
        assert (refused.status, refused.json()["title"]) == (409, "The last active admin cannot be removed")
    assert get("/auth/me", org.token).json()["role"] == "admin"


def test_invited_admin_does_not_count_as_admin() -> None:
    org = register_organization()
    invited = org.invite("eva@harbor.example", "admin")
    assert delete(f"/users/{org.admin_id}", org.token).status == 409
    assert delete(f"/users/{invited['id']}", org.token).status == 204
    assert delete(f"/users/{org.admin_id}", org.token).status == 409


def test_second_admin_can_be_disabled_and_enabled_again() -> None:
    org = register_organization()
    eva = org.create_user("eva@harbor.example", "admin")
    path = f"/users/{eva['id']}"
    assert put(path, {"status": "disabled"}, org.token).status == 200
    assert put(f"/users/{org.admin_id}", {"role": "staff"}, org.token).status == 409
    assert put(path, {"status": "active"}, org.token).status == 200
    assert delete(f"/users/{org.admin_id}", org.token).status == 204
    eva = org.log_in("eva@harbor.example").json()
    assert delete(path, eva["access_token"]).status == 409


def test_two_admins_deleting_each_other_concurrently_leave_one() -> None:
    org = register_organization()
    eva = org.create_user("eva@harbor.example", "admin")
    deletions = [(eva["id"], org.token), (org.admin_id, eva["access_token"])]
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(each.status for each in pool.map(lambda job: delete(f"/users/{job[0]}", job[1]), deletions))
    assert statuses in ([204, 401], [204, 409])
