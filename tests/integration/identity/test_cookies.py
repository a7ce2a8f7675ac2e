"""Browsers carry their tokens in cookies that scripts cannot read, and prove with another that they mean it."""

from __future__ import annotations

from http.cookies import SimpleCookie

from coachway.core.auth import authentication
from tests.integration.client import Reply
from tests.integration.identity.builders import delete, get, post, register_organization


def jar(reply: Reply) -> SimpleCookie:
    cookies = SimpleCookie()
    for each in reply.cookies:
        cookies.load(each)
    return cookies


def header(cookies: SimpleCookie, *names: str) -> str:
    return "; ".join(f"{name}={cookies[name].value}" for name in names)


def test_a_log_in_by_cookies_tells_no_token_to_scripts() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    assert reply.status == 200
    told = reply.json()
    assert (told["access_token"], told["refresh_token"], told["token_type"]) == (None, None, "cookie")
    cookies = jar(reply)
    session, refresh, csrf = (cookies[f"coachway_{name}"] for name in ("session", "refresh", "csrf"))
    assert all(each["secure"] for each in (session, refresh, csrf))
    assert all(each["httponly"] for each in (session, refresh))
    assert not csrf["httponly"]
    assert csrf.value == told["csrf_token"]
    assert (session["samesite"], refresh["samesite"]) == ("Lax", "Strict")
    assert (session["path"], refresh["path"]) == ("/live", "/live/api/v1/auth")
    assert (session["max-age"], refresh["max-age"]) == ("900", str(30 * 86400))
    assert not any(each["domain"] for each in (session, refresh, csrf))


def test_a_read_needs_the_cookie_and_a_write_the_csrf_token_too() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    cookies = {"cookie": header(jar(reply), "coachway_session")}
    assert get("/auth/me", headers=cookies).status == 200
    for csrf in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "guess"}, {"x-csrf-token": "é"}):
        refused = post("/auth/logout", headers={**cookies, **csrf})
        assert (refused.status, refused.json()["title"]) == (403, "CSRF token missing or wrong")
    assert delete("/auth/sessions", headers={**cookies, "x-csrf-token": reply.json()["csrf_token"]}).status == 204


def test_one_sessions_csrf_token_is_not_anothers() -> None:
    org = register_organization()
    first, second = (org.log_in(org.email, cookies=True) for _ in range(2))
    headers = {"cookie": header(jar(first), "coachway_session"), "x-csrf-token": second.json()["csrf_token"]}
    assert post("/auth/logout", headers=headers).status == 403


def test_a_session_by_cookies_is_refreshed_by_its_cookie_with_the_csrf_token() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    cookies = header(jar(reply), "coachway_refresh", "coachway_csrf")
    assert post("/auth/refresh", {}, headers={"cookie": cookies}).status == 403
    assert post("/auth/refresh", {}, headers={"cookie": cookies, "x-csrf-token": "guess"}).status == 403
    again = post("/auth/refresh", {}, headers={"cookie": cookies, "x-csrf-token": reply.json()["csrf_token"]})
    assert again.status == 200, again.text
    assert again.json()["access_token"] is None
    assert get("/auth/me", headers={"cookie": header(jar(again), "coachway_session")}).status == 200
    assert jar(again)["coachway_refresh"].value != jar(reply)["coachway_refresh"].value


def test_without_a_refresh_token_there_is_nothing_to_exchange() -> None:
    register_organization()
    assert post("/auth/refresh", {}).status == 401
    assert post("/auth/refresh", {}, headers={"cookie": "coachway_refresh="}).status == 401


def test_logging_out_takes_the_cookies_away() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    headers = {"cookie": header(jar(reply), "coachway_session"), "x-csrf-token": reply.json()["csrf_token"]}
    gone = post("/auth/logout", headers=headers)
    assert gone.status == 204
    names = {authentication.SESSION_COOKIE, "coachway_refresh", authentication.CSRF_COOKIE}
    assert {(name, each.value, each["max-age"]) for name, each in jar(gone).items()} == {
        (name, "", "0") for name in names
    }
    assert get("/auth/me", headers=headers).status == 401


def test_a_token_in_the_header_needs_no_csrf_token() -> None:
    org = register_organization()
    assert post("/auth/logout", token=org.token).cookies == []
