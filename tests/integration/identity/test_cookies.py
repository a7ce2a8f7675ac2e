"""Sessions of browsers: http-only cookies and CSRF tokens."""

from __future__ import annotations

from http.cookies import SimpleCookie

from coachway.core.auth import authentication
from tests.integration.client import Reply
from tests.integration.identity.builders import PASSWORD, delete, get, post, register_organization


def parse_cookies(reply: Reply) -> SimpleCookie:
    cookies = SimpleCookie()
    for cookie in reply.cookies:
        cookies.load(cookie)
    return cookies


def cookie_header(reply: Reply, *names: str) -> str:
    """The Cookie header with the cookies that a reply has set."""
    cookies = parse_cookies(reply)
    return "; ".join(f"{name}={cookies[name].value}" for name in names)


def test_log_in_with_cookies_sets_http_only_cookies() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    assert reply.status == 200
    body = reply.json()
    assert (body["access_token"], body["refresh_token"], body["token_type"]) == (None, None, "cookie")
    cookies = parse_cookies(reply)
    session, refresh, csrf = (cookies[f"coachway_{name}"] for name in ("session", "refresh", "csrf"))
    assert all(each["secure"] for each in (session, refresh, csrf))
    assert all(each["httponly"] for each in (session, refresh))
    assert not csrf["httponly"]
    assert csrf.value == body["csrf_token"]
    assert (session["samesite"], refresh["samesite"]) == ("Lax", "Strict")
    assert (session["path"], refresh["path"]) == ("/live", "/live/api/v1/auth")
    assert (session["max-age"], refresh["max-age"]) == ("900", str(30 * 86400))
    assert not any(each["domain"] for each in (session, refresh, csrf))


def test_request_with_cookie_requires_csrf_token_for_writes() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    cookies = {"cookie": cookie_header(reply, "coachway_session")}
    assert get("/auth/me", headers=cookies).status == 200
    for csrf in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "guess"}, {"x-csrf-token": "é"}):
        refused = post("/auth/logout", headers={**cookies, **csrf})
        assert (refused.status, refused.json()["title"]) == (403, "CSRF token missing or wrong")
    assert delete("/auth/sessions", headers={**cookies, "x-csrf-token": reply.json()["csrf_token"]}).status == 204


def test_csrf_token_of_another_session_is_refused() -> None:
    org = register_organization()
    first, second = (org.log_in(org.email, cookies=True) for _ in range(2))
    headers = {
        "cookie": cookie_header(first, "coachway_session"),
        "x-csrf-token": second.json()["csrf_token"],
    }
    assert post("/auth/logout", headers=headers).status == 403


def test_refresh_with_cookie_requires_csrf_token() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    cookies = cookie_header(reply, "coachway_refresh", "coachway_csrf")
    assert post("/auth/refresh", {}, headers={"cookie": cookies}).status == 403
    assert post("/auth/refresh", {}, headers={"cookie": cookies, "x-csrf-token": "guess"}).status == 403
    refreshed = post("/auth/refresh", {}, headers={"cookie": cookies, "x-csrf-token": reply.json()["csrf_token"]})
    assert refreshed.status == 200, refreshed.text
    assert refreshed.json()["access_token"] is None
    assert get("/auth/me", headers={"cookie": cookie_header(refreshed, "coachway_session")}).status == 200
    assert parse_cookies(refreshed)["coachway_refresh"].value != parse_cookies(reply)["coachway_refresh"].value


def refresh_with_cookies(reply: Reply, key: str) -> Reply:
    cookies = cookie_header(reply, "coachway_refresh", "coachway_csrf")
    headers = {"cookie": cookies, "x-csrf-token": reply.json()["csrf_token"], "idempotency-key": key}
    return post("/auth/refresh", {}, headers=headers)


def test_refresh_with_cookie_repeated_returns_the_cookies_again() -> None:
    org = register_organization()
    login = org.log_in(cookies=True)
    first, repeated = refresh_with_cookies(login, "once"), refresh_with_cookies(login, "once")
    assert (repeated.status, repeated.text, repeated.cookies) == (200, first.text, first.cookies)
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert refresh_with_cookies(repeated, "next").status == 200


def test_refresh_with_key_of_another_browser_returns_its_own_session() -> None:
    harbor, other = register_organization(), register_organization("other")
    first = refresh_with_cookies(harbor.log_in(cookies=True), "once")
    second = refresh_with_cookies(other.log_in(cookies=True), "once")
    assert (first.status, second.status) == (200, 200)
    assert first.json()["csrf_token"] != second.json()["csrf_token"]
    session = {"cookie": cookie_header(second, "coachway_session")}
    assert get("/auth/me", headers=session).json()["organization"]["slug"] == "other"


def test_repeated_log_in_and_log_out_return_the_cookies_again() -> None:
    org = register_organization()
    body = {"organization": org.slug, "email": org.email, "password": PASSWORD, "cookies": True}
    first, repeated = (post("/auth/login", body, headers={"idempotency-key": "in"}) for _ in range(2))
    assert len(first.cookies) == 3
    assert (repeated.text, repeated.cookies) == (first.text, first.cookies)
    csrf, cookies = first.json()["csrf_token"], cookie_header(first, "coachway_session")
    headers = {"cookie": cookies, "x-csrf-token": csrf, "idempotency-key": "out"}
    ended, again = (post("/auth/logout", headers=headers) for _ in range(2))
    assert (again.status, again.cookies) == (204, ended.cookies)


def test_refresh_without_token_is_refused() -> None:
    register_organization()
    assert post("/auth/refresh", {}).status == 401
    assert post("/auth/refresh", {}, headers={"cookie": "coachway_refresh="}).status == 401


def test_log_out_clears_cookies() -> None:
    org = register_organization()
    reply = org.log_in(org.email, cookies=True)
    headers = {
        "cookie": cookie_header(reply, "coachway_session"),
        "x-csrf-token": reply.json()["csrf_token"],
    }
    cleared = post("/auth/logout", headers=headers)
    assert cleared.status == 204
    names = {authentication.SESSION_COOKIE, "coachway_refresh", authentication.CSRF_COOKIE}
    assert {(name, each.value, each["max-age"]) for name, each in parse_cookies(cleared).items()} == {
        (name, "", "0") for name in names
    }
    assert get("/auth/me", headers=headers).status == 401


def test_log_out_with_bearer_token_requires_no_csrf_token() -> None:
    org = register_organization()
    assert post("/auth/logout", token=org.token).cookies == []
