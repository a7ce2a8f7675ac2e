"""Sessions: rotation, reuse, at most five, and an end that counts."""

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


def exchange(token: str, **headers: str) -> Reply:
    return post("/auth/refresh", {"refresh_token": token}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def sid(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["sid"])


def sessions(org: Org, token: str = "") -> list[Any]:
    reply = get("/auth/sessions", token or org.token)
    assert reply.status == 200, reply.text
    return list(reply.json()["items"])


def test_a_refresh_token_is_exchanged_for_the_next_one_of_the_same_session() -> None:
    org = register_organization()
    first = exchange(org.refresh_token)
    assert first.status == 200
    second = exchange(first.json()["refresh_token"])
    assert second.status == 200
    assert sid(second.json()["access_token"]) == sid(org.token)
    assert len({org.refresh_token, first.json()["refresh_token"], second.json()["refresh_token"]}) == 3
    assert get("/auth/me", second.json()["access_token"]).status == 200


def test_reuse_of_an_old_refresh_token_ends_the_session() -> None:
    org = register_organization()
    following = exchange(org.refresh_token).json()
    assert exchange(org.refresh_token).status == 401
    assert exchange(following["refresh_token"]).status == 401
    assert get("/auth/me", following["access_token"]).status == 401
    assert [each["session_id"] for each in list_event_data(org.id, RefreshTokenReused)] == [sid(org.token)]


def test_a_guess_at_a_refresh_token_does_not_end_the_session() -> None:
    org = register_organization()
    tampered = org.refresh_token[:-30] + ("A" * 30)
    assert tampered != org.refresh_token
    half = org.refresh_token[:68] + "B" * (len(org.refresh_token) - 68)
    for guess in (half, "cwr_AAAA", "x" * 50, "é" * 20):
        assert exchange(guess).status == 401
    assert exchange(org.refresh_token).status == 200


def test_many_exchanges_at_the_same_time_have_one_winner_at_most() -> None:
    org = register_organization()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: exchange(org.refresh_token), range(8)))
    assert sorted(each.status for each in replies) == [200] + [401] * 7
    winner = next(each for each in replies if each.status == 200)
    assert exchange(winner.json()["refresh_token"]).status == 401


def test_a_retry_with_the_same_key_gets_the_first_answer_and_ends_nothing() -> None:
    org = register_organization()
    first = exchange(org.refresh_token, idempotency_key="once")
    again = exchange(org.refresh_token, idempotency_key="once")
    assert (again.status, again.json()) == (200, first.json())
    assert exchange(first.json()["refresh_token"]).status == 200


def test_a_key_used_for_another_token_is_no_way_round_reuse() -> None:
    org = register_organization()
    first = exchange(org.refresh_token, idempotency_key="once").json()
    assert exchange(first["refresh_token"], idempotency_key="once").status == 422
    assert exchange(org.refresh_token, idempotency_key="other").status == 401


def test_a_refresh_token_is_good_for_thirty_days() -> None:
    now = clock.now()
    with clock.frozen(now - timedelta(days=30, minutes=1)):
        late = register_organization()
    assert exchange(late.refresh_token).status == 401
    with clock.frozen(now - timedelta(days=29)):
        other = register_organization("other")
    assert exchange(other.refresh_token).status == 200


def test_a_sixth_session_ends_the_oldest() -> None:
    org = register_organization()
    tokens = [org.log_in().json() for _ in range(5)]
    assert exchange(org.refresh_token).status == 401
    assert get("/auth/me", org.token).status == 401
    kept = sessions(org, tokens[-1]["access_token"])
    assert [each["id"] for each in kept] == [sid(each["access_token"]) for each in reversed(tokens)]
    assert [each["current"] for each in kept] == [True, False, False, False, False]
    assert exchange(tokens[0]["refresh_token"]).status == 200


def test_many_log_ins_at_the_same_time_leave_five_sessions() -> None:
    org = register_organization()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: org.log_in(), range(8)))
    assert {each.status for each in replies} == {200}
    living = [reply.json()["access_token"] for reply in replies]
    living = [token for token in living if get("/auth/me", token).status == 200]
    assert len(living) == 5
    assert len(sessions(org, living[0])) == 5


def test_a_session_shows_where_it_is_and_no_digest() -> None:
    org = register_organization()
    (session,) = sessions(org)
    assert session.keys() == {"id", "ip", "agent", "created_at", "last_seen_at", "expires_at", "current"}
    assert session["ip"] == "192.0.2.7"
    assert get(f"/auth/sessions/{session['id']}", org.token).json() == session


def test_sessions_are_paged() -> None:
    org = register_organization()
    org.log_in()
    org.log_in()
    first = get("/auth/sessions", org.token, {"limit": "2"}).json()
    second = get("/auth/sessions", org.token, {"limit": "2", "cursor": first["next_cursor"]}).json()
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)
    other = register_organization("other")
    assert get("/auth/sessions", other.token, {"cursor": first["next_cursor"]}).status == 422


def test_logging_out_ends_the_session_at_once() -> None:
    org = register_organization()
    assert post("/auth/logout", token=org.token).status == 204
    assert get("/auth/me", org.token).status == 401
    assert exchange(org.refresh_token).status == 401
    assert post("/auth/logout", token=org.token).status == 401
    assert [each["reason"] for each in list_event_data(org.id, UserSignedOut)] == ["ended by the user"]


def test_one_or_all_other_sessions_can_be_ended() -> None:
    org = register_organization()
    second, third = (org.log_in().json() for _ in range(2))
    assert delete(f"/auth/sessions/{sid(second['access_token'])}", org.token).status == 204
    assert get("/auth/me", second["access_token"]).status == 401
    assert delete(f"/auth/sessions/{sid(second['access_token'])}", org.token).status == 404
    assert delete("/auth/sessions", org.token).status == 204
    assert get("/auth/me", third["access_token"]).status == 401
    assert get("/auth/me", org.token).status == 200


def test_nobody_sees_or_ends_anothers_session() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    other = register_organization("other")
    for stranger in (sam["access_token"], other.token):
        assert get(f"/auth/sessions/{sid(org.token)}", stranger).status == 404
        assert delete(f"/auth/sessions/{sid(org.token)}", stranger).status == 404
    assert get(f"/auth/sessions/{ids.new('ses')}", org.token).status == 404
    assert get("/auth/me", org.token).status == 200


def test_the_next_token_has_the_rights_of_today() -> None:
    org = register_organization()
    body = {"name": "dispatcher", "permissions": ["charters:read"]}
    assert post("/roles", body, org.token).status == 201
    sam = org.create_user("sam@harbor.example", "dispatcher")
    assert put("/roles/dispatcher", {"permissions": ["charters:read", "fleet:read"]}, org.token).status == 200
    token = exchange(sam["refresh_token"]).json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["scope"] == "charters:read fleet:read"


def test_a_machine_has_no_session() -> None:
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
