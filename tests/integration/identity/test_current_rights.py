"""Access tokens and API keys grant no rights after the rights of their user were withdrawn."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.auth import authentication
from coachway.core.caller import Caller
from coachway.core.persistence.rights import RightsChanged
from coachway.identity import api_keys, roles
from coachway.identity.api_keys import NewApiKey
from coachway.identity.current_rights import read_current_rights
from tests.integration.client import Reply
from tests.integration.identity.builders import PASSWORD, SAM, Org, delete, get, post, put, register_organization

RIGHTS = ["api-keys:write", "clients:read", "roles:write", "users:read", "users:write"]


def create_assistant(org: Org, **role: Any) -> Any:
    """A user with the role `assistant`, and their tokens."""
    assert post("/roles", {"name": "assistant", "permissions": RIGHTS, **role}, org.token).status == 201
    return org.create_user("assistant@harbor.example", "assistant")


def grant_rights(token: str = "", headers: dict[str, str] | None = None) -> list[Reply]:
    """Try to create an API key, a role, a user and an invitation."""
    person = {"email": "new@harbor.example", "role": "assistant", **SAM}
    bodies = {
        "/api-keys": {"name": "mine", "permissions": ["clients:read"]},
        "/roles": {"name": "mine", "permissions": ["clients:read"]},
        "/users": {**person, "password": PASSWORD},
        "/users/invite": person,
    }
    return [post(path, body, token, headers) for path, body in bodies.items()]


def count_grants(org: Org) -> int:
    lists = ("/api-keys", "/roles", "/users")
    return sum(len(get(path, org.token).json()["items"]) for path in lists)


def strip_role(org: Org, _assistant: Any) -> None:
    assert put("/roles/assistant", {"permissions": ["clients:read"]}, org.token).status == 200


def change_role(org: Org, assistant: Any) -> None:
    assert put(f"/users/{assistant['id']}", {"role": "viewer"}, org.token).status == 200


def disable_user(org: Org, assistant: Any) -> None:
    assert put(f"/users/{assistant['id']}", {"status": "disabled"}, org.token).status == 200


def delete_user(org: Org, assistant: Any) -> None:
    assert delete(f"/users/{assistant['id']}", org.token).status == 204


WITHDRAWALS = [(strip_role, 403), (change_role, 401), (disable_user, 401), (delete_user, 401)]


@pytest.mark.parametrize(("withdraw", "status"), WITHDRAWALS)
def test_access_token_of_withdrawn_rights_grants_none(withdraw: Any, status: int) -> None:
    org = register_organization()
    assistant = create_assistant(org)
    withdraw(org, assistant)
    before = count_grants(org)
    assert [each.status for each in grant_rights(assistant["access_token"])] == [status] * 4
    assert count_grants(org) == before


def test_revoked_api_key_that_is_still_cached_grants_no_rights() -> None:
    org = register_organization()
    create_assistant(org)
    key = post("/api-keys", {"name": "key", "permissions": RIGHTS}, org.token).json()
    headers = {"x-api-key": key["key"]}
    assert get("/users", headers=headers).status == 200
    assert delete(f"/api-keys/{key['id']}", org.token).status == 204
    before = count_grants(org)
    assert [each.status for each in grant_rights(headers=headers)] == [401] * 4
    assert count_grants(org) == before


@pytest.mark.parametrize("withdraw", [disable_user, delete_user])
def test_api_keys_end_with_their_user(withdraw: Any) -> None:
    org = register_organization()
    assistant = create_assistant(org)
    body = {"name": "key", "permissions": RIGHTS}
    first = post("/api-keys", body, assistant["access_token"]).json()["key"]
    second = post("/api-keys", body, headers={"x-api-key": first}).json()["key"]
    withdraw(org, assistant)
    for key in (first, second):
        assert {each.status for each in grant_rights(headers={"x-api-key": key})} == {401}
    authentication.clear_caches()
    assert [get("/users", headers={"x-api-key": key}).status for key in (first, second)] == [401, 401]


def test_api_key_of_suspended_user_is_valid_when_they_are_active_again() -> None:
    org = register_organization()
    assistant = create_assistant(org)
    key = post("/api-keys", {"name": "key", "permissions": RIGHTS}, assistant["access_token"]).json()["key"]
    disable_user(org, assistant)
    assert get("/users", headers={"x-api-key": key}).status == 401
    assert put(f"/users/{assistant['id']}", {"status": "active"}, org.token).status == 200
    assert get("/users", headers={"x-api-key": key}).status == 200


def read_caller(token: str) -> Caller:
    return read_current_rights(authentication.authenticate("POST", {"authorization": f"Bearer {token}"}, Caller()))


@pytest.mark.parametrize("withdraw", [strip_role, change_role, disable_user, delete_user])
def test_rights_withdrawn_between_read_and_write_grant_none(withdraw: Any) -> None:
    org = register_organization()
    assistant = create_assistant(org)
    caller = read_caller(assistant["access_token"])
    withdraw(org, assistant)
    with pytest.raises(RightsChanged):
        api_keys.create_api_key(caller, NewApiKey(name="mine", permissions=["clients:read"]))
    assert get("/api-keys", org.token).json()["items"] == []


def test_request_during_another_log_in_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    org = register_organization()
    logins: list[Reply] = []
    check = roles.require_permissions_held

    def check_during_log_in(*arguments: Any) -> None:
        if not logins:
            logins.append(org.log_in())
        check(*arguments)

    monkeypatch.setattr(roles, "require_permissions_held", check_during_log_in)
    assert post("/api-keys", {"name": "key", "permissions": ["users:read"]}, org.token).status == 201
    assert [each.status for each in logins] == [200]


def test_grant_by_route_that_does_not_read_the_caller_again_fails() -> None:
    org = register_organization()
    caller = authentication.authenticate("POST", {"authorization": f"Bearer {org.token}"}, Caller())
    with pytest.raises(RuntimeError, match="grants_rights"):
        api_keys.create_api_key(caller, NewApiKey(name="mine", permissions=["clients:read"]))
