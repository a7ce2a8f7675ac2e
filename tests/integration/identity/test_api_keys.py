"""API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import ApiKeyCreated
from coachway.core.auth import authentication
from coachway.core.runtime import clock
from tests.integration.identity.builders import Org, delete, get, list_event_data, post, put, register_organization


def create_api_key(org: Org, *permissions: str, **more: Any) -> Any:
    reply = post("/api-keys", {"name": "website", "permissions": list(permissions), **more}, org.token)
    assert reply.status == 201, reply.text
    return reply.json()


def test_api_key_is_shown_once_and_limited_to_its_permissions() -> None:
    org = register_organization()
    created = create_api_key(org, "users:read", "organization:read")
    assert created["key"].startswith("cw_")
    assert created["key"].endswith(created["hint"])
    headers = {"x-api-key": created["key"]}
    assert get("/users", headers=headers).status == 200
    assert get("/organization", headers=headers).json()["slug"] == "harbor"
    assert put("/organization", {"name": "X"}, headers=headers).status == 403
    page = get("/api-keys", org.token)
    assert created["key"] not in page.text
    assert "digest" not in page.text
    assert [each["id"] for each in page.json()["items"]] == [created["id"]]
    assert created["key"] not in str(list_event_data(org.id, ApiKeyCreated))


def test_api_key_is_not_stored(dynamodb: Any) -> None:
    org = register_organization()
    created = create_api_key(org, "users:read")
    assert created["key"] not in str(dynamodb.scan(TableName="coachway-test"))


def test_revoked_api_key_is_refused() -> None:
    org = register_organization()
    created = create_api_key(org, "users:read")
    assert delete(f"/api-keys/{created['id']}", org.token).status == 204
    authentication.clear_caches()
    assert get("/users", headers={"x-api-key": created["key"]}).status == 401
    assert delete(f"/api-keys/{created['id']}", org.token).status == 404


def test_expired_api_key_is_refused() -> None:
    org = register_organization()
    created = create_api_key(org, "users:read", expires=(clock.now() + timedelta(hours=1)).isoformat())
    assert get("/users", headers={"x-api-key": created["key"]}).status == 200
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert get("/users", headers={"x-api-key": created["key"]}).status == 401
    past = (clock.now() - timedelta(seconds=1)).isoformat()
    body = {"name": "late", "permissions": ["users:read"], "expires": past}
    assert post("/api-keys", body, org.token).status == 422


@pytest.mark.parametrize(
    "change",
    [lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"), lambda key: key[:40], lambda _: "cw_", lambda _: "é"],
)
def test_invented_api_key_is_refused(change: Any) -> None:
    org = register_organization()
    created = create_api_key(org, "users:read")
    assert get("/users", headers={"x-api-key": change(created["key"])}).status == 401


def test_api_key_with_more_permissions_than_the_caller_is_refused() -> None:
    org = register_organization()
    first = create_api_key(org, "api-keys:write", "clients:read")
    headers = {"x-api-key": first["key"]}
    assert post("/api-keys", {"name": "more", "permissions": ["users:write"]}, headers=headers).status == 403
    assert post("/api-keys", {"name": "less", "permissions": ["clients:read"]}, headers=headers).status == 201


def test_api_key_of_another_organization_is_not_found() -> None:
    org, other = register_organization(), register_organization("other")
    created = create_api_key(org, "users:read")
    assert delete(f"/api-keys/{created['id']}", other.token).status == 404
    assert get("/api-keys", other.token).json()["items"] == []
