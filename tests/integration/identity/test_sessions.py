"""Sessions: refresh tokens, limits and ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt

from coachway.contracts.identity import RefreshTokenReused, UserSignedOut
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.client import Reply
from tests.integration.identity.builders import (
    PASSWORD,
    Org,
    delete,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)


def refresh(token: str, **headers: str) -> Reply:
    return post("/auth/refresh", {"refresh_token": token}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def get_session_id(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["sid"])


def list_sessions(org: Org, token: str = "") -> list[Any]:
    reply = get("/auth/sessions", token or org.token)
    assert reply.status == 200, reply.text
    return list(reply.json()["items"])


def test_refresh_returns_new_tokens_of_the_same_session() -> None:
    org = register_organization()
    first = refresh(org.refresh_token)
    assert first.status == 200
    second = refresh(first.json()["refresh_token"])
    assert second.status == 200
    assert get_session_id(second.json()["access_token"]) == get_session_id(org.token)
    assert len({org.refresh_token, first.json()["refresh_token"], second.json()["refresh_token"]}) == 3
    assert get("/auth/me", second.json()["access_token"]).status == 200


def test_refresh_with_used_token_ends_the_session() -> None:
    org = register_organization()
    next_tokens = refresh(org.refresh_token).json()
    assert refresh(org.refresh_token).status == 401
    assert refresh(next_tokens["refresh_token"]).status == 401
    assert get("/auth/me", next_tokens["access_token"]).status == 401
    assert [each["session_id"] for each in list_event_data(org.id, RefreshTokenReused)] == [get_session_id(org.token)]


def test_refresh_with_invented_token_does_not_end_the_session() -> None:
    org = register_organization()
    tampered = org.refresh_token[:-30] + ("A" * 30)
    assert tampered != org.refresh_token
    tampered_secret = org.refresh_token[:68] + "B" * (len(org.refresh_token) - 68)
    for guess in (tampered_secret, "cwr_AAAA", "x" * 50, "é" * 20):
        assert refresh(guess).status == 401
    assert refresh(org.refresh_token).status == 200


def test_concurrent_refreshes_succeed_once() -> None:
    org = register_organization()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: refresh(org.refresh_token), range(8)))
    assert sorted(each.status for each in replies) == [200] + [401] * 7
    winner = next(each for each in replies if each.status == 200)
    assert refresh(winner.json()["refresh_token"]).status == 401


def test_refresh_repeated_with_idempotency_key_returns_first_response() -> None:
    org = register_organization()
    first = refresh(org.refresh_token, idempotency_key="once")
    repeated = refresh(org.refresh_token, idempotency_key="once")
    assert (repeated.status, repeated.json()) == (200, first.json())
    assert refresh(first.json()["refresh_token"]).status == 200


def test_refresh_with_idempotency_key_of_another_token_is_refused() -> None:
    org = register_organization()
    first = refresh(org.refresh_token, idempotency_key="once").json()
    assert refresh(first["refresh_token"], idempotency_key="once").status == 422
    assert refresh(org.refresh_token, idempotency_key="other").status == 401


def test_refresh_after_thirty_days_is_refused() -> None:
    now = clock.now()
    with clock.frozen(now - timedelta(days=30, minutes=1)):
        expired = register_organization()
    assert refresh(expired.refresh_token).status == 401
    with clock.frozen(now - timedelta(days=29)):
        other = register_organization("other")
    assert refresh(other.refresh_token).status == 200


def test_sixth_session_ends_the_oldest() -> None:
    org = register_organization()
    tokens = [org.log_in().json() for _ in range(5)]
    assert refresh(org.refresh_token).status == 401
    assert get("/auth/me", org.token).status == 401
    remaining = list_sessions(org, tokens[-1]["access_token"])
    assert [each["id"] for each in remaining] == [get_session_id(each["access_token"]) for each in reversed(tokens)]
    assert [each["current"] for each in remaining] == [True, False, False, False, False]
    assert refresh(tokens[0]["refresh_token"]).status == 200


def test_concurrent_log_ins_leave_five_sessions() -> None:
    org = register_organization()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: org.log_in(), range(8)))
    assert {each.status for each in replies} == {200}
    tokens = [reply.json()["access_token"] for reply in replies]
    active_tokens = [token for token in tokens if get("/auth/me", token).status == 200]
    assert len(active_tokens) == 5
    assert len(list_sessions(org, active_tokens[0])) == 5


def test_list_sessions_returns_ip_and_no_digests() -> None:
    org = register_organization()
    (session,) = list_sessions(org)
    assert session.keys() == {"id", "ip", "agent", "created_at", "last_seen_at", "expires_at", "current"}
    assert session["ip"] == "192.0.2.7"
    assert get(f"/auth/sessions/{session['id']}", org.token).json() == session


def test_list_sessions_with_limit_returns_pages() -> None:
    org = register_organization()
    org.log_in()
    org.log_in()
    first = get("/auth/sessions", org.token, {"limit": "2"}).json()
    second = get("/auth/sessions", org.token, {"limit": "2", "cursor": first["next_cursor"]}).json()
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)
    other = register_organization("other")
    assert get("/auth/sessions", other.token, {"cursor": first["next_cursor"]}).status == 422


def test_log_out_ends_the_session_at_once() -> None:
    org = register_organization()
    assert post("/auth/logout", token=org.token).status == 204
    assert get("/auth/me", org.token).status == 401
    assert refresh(org.refresh_token).status == 401
    assert post("/auth/logout", token=org.token).status == 401
    assert [each["reason"] for each in list_event_data(org.id, UserSignedOut)] == ["ended by the user"]


def test_end_sessions_ends_one_or_all_others() -> None:
    org = register_organization()
    second, third = (org.log_in().json() for _ in range(2))
    assert delete(f"/auth/sessions/{get_session_id(second['access_token'])}", org.token).status == 204
    assert get("/auth/me", second["access_token"]).status == 401
    assert delete(f"/auth/sessions/{get_session_id(second['access_token'])}", org.token).status == 404
    assert delete("/auth/sessions", org.token).status == 204
    assert get("/auth/me", third["access_token"]).status == 401
    assert get("/auth/me", org.token).status == 200


def test_session_of_another_user_is_not_found() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    other = register_organization("other")
    for other_token in (sam["access_token"], other.token):
        assert get(f"/auth/sessions/{get_session_id(org.token)}", other_token).status == 404
        assert delete(f"/auth/sessions/{get_session_id(org.token)}", other_token).status == 404
    assert get(f"/auth/sessions/{ids.new('ses')}", org.token).status == 404
    assert get("/auth/me", org.token).status == 200


def test_refresh_returns_current_permissions() -> None:
    org = register_organization()
    body = {"name": "dispatcher", "permissions": ["charters:read"]}
    assert post("/roles", body, org.token).status == 201
    sam = org.create_user("sam@harbor.example", "dispatcher")
    assert put("/roles/dispatcher", {"permissions": ["charters:read", "fleet:read"]}, org.token).status == 200
    token = refresh(sam["refresh_token"]).json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["scope"] == "charters:read fleet:read"


def test_api_key_has_no_session() -> None:
    org = register_organization()
    key = post("/api-keys", {"name": "site", "permissions": ["clients:read"]}, org.token).json()["key"]
    assert get("/auth/sessions", headers={"x-api-key": key}).status == 403
    assert get("/auth/me", headers={"x-api-key": key}).status == 403
    assert (
        post(
            "/auth/password/change", {"current_password": "x", "new_password": PASSWORD}, headers={"x-api-key": key}
        ).status
        == 403
    )
