"""The second factor of logins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp

from coachway.contracts.identity import (
    PASSWORD_RESET,
    MfaDisabled,
    MfaEnabled,
    PasswordResetRequested,
    RecoveryCodeUsed,
)
from coachway.core.auth import signed_links
from coachway.core.runtime import clock
from tests.integration.client import Reply
from tests.integration.identity.builders import (
    Org,
    delete,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)


class Authenticator:
    """An authenticator whose user waits for the next code each time."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)
        self.steps = -1

    def code(self) -> str:
        self.steps += 1
        assert self.steps < 2, "the product accepts only the current and the next step"
        return self.totp.at(clock.now() + timedelta(seconds=30 * self.steps))


def set_up_authenticator(token: str) -> tuple[Authenticator, list[str]]:
    setup = post("/auth/mfa/setup", token=token)
    assert setup.status == 200, setup.text
    authenticator = Authenticator(setup.json()["secret"])
    completed = post("/auth/mfa/verify", {"code": authenticator.code()}, token)
    assert completed.status == 200, completed.text
    return authenticator, list(completed.json()["recovery_codes"])


def begin_login(org: Org) -> str:
    """Log in with the password. Returns the token for the second factor."""
    login = org.log_in().json()
    assert login["mfa_required"] is True
    assert login["access_token"] is login["refresh_token"] is None
    return str(login["mfa_token"])


def send_code(token: str, code: str, **fields: Any) -> Reply:
    return post("/auth/mfa/verify", {"mfa_token": token, "code": code, **fields})


def test_set_up_mfa_returns_secret_uri_and_qr_code() -> None:
    org = register_organization()
    setup = post("/auth/mfa/setup", token=org.token).json()
    label = "Harbor%20Coach:ana%40harbor.example"
    assert setup["otpauth_uri"].startswith(f"otpauth://totp/{label}?secret={setup['secret']}")
    assert setup["qr"].startswith("data:image/svg+xml")
    assert get("/auth/me", org.token).json()["mfa_enabled"] is False
    assert org.log_in().json()["mfa_required"] is False


def test_log_in_with_second_factor_requires_a_code() -> None:
    org = register_organization()
    authenticator, codes = set_up_authenticator(org.token)
    assert len(codes) == 10
    token = begin_login(org)
    assert get("/auth/me", token).status == 401
    completed = send_code(token, authenticator.code())
    assert completed.status == 200, completed.text
    assert get("/auth/me", completed.json()["access_token"]).json()["mfa_enabled"] is True
    assert post("/auth/refresh", {"refresh_token": completed.json()["refresh_token"]}).status == 200
    assert len(list_event_data(org.id, MfaEnabled)) == 1


def test_codes_with_spaces_are_accepted_in_set_up_and_log_in() -> None:
    org = register_organization()
    authenticator = Authenticator(post("/auth/mfa/setup", token=org.token).json()["secret"])
    confirmed, code = authenticator.code(), authenticator.code()
    completed = post("/auth/mfa/verify", {"code": f"{confirmed[:3]} {confirmed[3:]}"}, org.token)
    assert completed.status == 200, completed.text
    assert send_code(begin_login(org), f" {code[:3]}-{code[3:]} ").status == 200
    recovery_code = completed.json()["recovery_codes"][0]
    assert send_code(begin_login(org), recovery_code.upper().replace("-", " ")).status == 200


def test_code_used_twice_is_refused() -> None:
    org = register_organization()
    authenticator, _ = set_up_authenticator(org.token)
    code = authenticator.code()
    assert send_code(begin_login(org), code).status == 200
    assert send_code(begin_login(org), code).status == 401


def test_code_of_the_set_up_cannot_be_used_to_log_in() -> None:
    org = register_organization()
    setup = post("/auth/mfa/setup", token=org.token).json()
    code = pyotp.TOTP(setup["secret"]).at(clock.now())
    assert post("/auth/mfa/verify", {"code": code}, org.token).status == 200
    assert send_code(begin_login(org), code).status == 401


def test_verify_code_repeated_with_idempotency_key_returns_first_response() -> None:
    org = register_organization()
    _, codes = set_up_authenticator(org.token)
    token = begin_login(org)

    def verify(code: str) -> Reply:
        return post("/auth/mfa/verify", {"mfa_token": token, "code": code}, headers={"Idempotency-Key": "once"})

    first, again = verify(codes[0]), verify(codes[0])
    assert (first.status, again.text) == (200, first.text)
    assert verify(codes[1]).status == 422
    assert send_code(begin_login(org), codes[1]).status == 200


def test_identical_verifications_at_once_all_return_the_first_response() -> None:
    org = register_organization()
    _, codes = set_up_authenticator(org.token)
    body = {"mfa_token": begin_login(org), "code": codes[0]}
    with ThreadPoolExecutor(8) as pool:
        replies = list(
            pool.map(lambda _: post("/auth/mfa/verify", body, headers={"Idempotency-Key": "once"}), range(8))
        )
    assert {(each.status, each.text) for each in replies} == {(200, replies[0].text)}


def test_confirm_mfa_with_key_of_another_user_returns_no_recovery_codes() -> None:
    org, other = register_organization(), register_organization("other")
    authenticator = pyotp.TOTP(post("/auth/mfa/setup", token=org.token).json()["secret"])
    body, headers = {"code": authenticator.at(clock.now())}, {"Idempotency-Key": "once"}
    assert post("/auth/mfa/verify", body, org.token, headers).status == 200
    refused = post("/auth/mfa/verify", body, other.token, headers)
    assert (refused.status, "recovery_codes" in refused.text) == (409, False)


def test_recovery_code_is_accepted_once() -> None:
    org = register_organization()
    _, codes = set_up_authenticator(org.token)
    assert send_code(begin_login(org), codes[0]).status == 200
    assert send_code(begin_login(org), codes[0]).status == 401
    assert send_code(begin_login(org), codes[1].upper()).status == 200
    assert [each["left"] for each in list_event_data(org.id, RecoveryCodeUsed)] == [9, 8]
    assert codes[0] not in str(list_event_data(org.id, RecoveryCodeUsed))


def test_ten_wrong_codes_lock_the_account() -> None:
    org = register_organization()
    authenticator, _ = set_up_authenticator(org.token)
    token = begin_login(org)
    statuses = [send_code(token, "000000").status for _ in range(10)]
    assert statuses == [401] * 9 + [429]
    assert send_code(token, authenticator.code()).status == 429
    assert org.log_in().status == 429


def test_mfa_token_expired_or_forged_is_refused() -> None:
    org = register_organization()
    _, codes = set_up_authenticator(org.token)
    with clock.frozen(clock.now() - timedelta(minutes=6)):
        expired_token = begin_login(org)
    assert send_code(expired_token, codes[0]).status == 401
    for forged in (org.token, "rubbish", "a.b.c"):
        assert send_code(forged, codes[0]).status == 401
    assert send_code(begin_login(org), codes[0]).status == 200


def test_code_of_another_user_is_refused() -> None:
    org, other = register_organization(), register_organization("other")
    set_up_authenticator(org.token)
    _, codes = set_up_authenticator(other.token)
    assert send_code(begin_login(org), codes[0]).status == 401


def test_confirm_mfa_with_wrong_code_does_not_activate_it() -> None:
    org = register_organization()
    assert post("/auth/mfa/verify", {"code": "123456"}, org.token).status == 409
    post("/auth/mfa/setup", token=org.token)
    assert post("/auth/mfa/verify", {"code": "000000"}, org.token).status == 422
    assert org.log_in().json()["mfa_required"] is False


def test_verify_mfa_without_token_and_session_is_refused() -> None:
    register_organization()
    assert post("/auth/mfa/verify", {"code": "123456"}).status == 401


def test_confirm_mfa_ends_other_sessions() -> None:
    org = register_organization()
    other_token = org.log_in().json()["access_token"]
    set_up_authenticator(org.token)
    assert get("/auth/me", other_token).status == 401
    assert get("/auth/me", org.token).status == 200


def test_set_up_and_remove_mfa_require_a_recent_log_in() -> None:
    logged_in_at = clock.now() - timedelta(minutes=16)
    with clock.frozen(logged_in_at):
        org = register_organization()
    token = post("/auth/refresh", {"refresh_token": org.refresh_token}).json()["access_token"]
    for refused in (post("/auth/mfa/setup", token=token), delete("/auth/mfa", token)):
        assert (refused.status, refused.json()["title"]) == (403, "A recent login is required")


def test_remove_mfa_allows_a_new_set_up() -> None:
    org = register_organization()
    set_up_authenticator(org.token)
    assert post("/auth/mfa/setup", token=org.token).status == 409
    assert delete("/auth/mfa", org.token).status == 204
    assert delete("/auth/mfa", org.token).status == 204
    assert len(list_event_data(org.id, MfaDisabled)) == 1
    assert org.log_in().json()["mfa_required"] is False
    set_up_authenticator(org.token)


def test_admin_can_remove_the_second_factor_of_a_user() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    set_up_authenticator(sam["access_token"])
    assert put(f"/users/{sam['id']}", {"mfa_enabled": True}, org.token).status == 422
    updated = put(f"/users/{sam['id']}", {"mfa_enabled": False}, org.token)
    assert (updated.status, updated.json()["mfa_enabled"]) == (200, False)
    assert org.log_in("sam@harbor.example").json()["mfa_required"] is False
    assert len(list_event_data(org.id, MfaDisabled)) == 1


def test_password_reset_keeps_the_second_factor() -> None:
    org = register_organization()
    set_up_authenticator(org.token)
    assert post("/auth/password/forgot", {"organization": org.slug, "email": org.email}).status == 202
    event = list_event_data(org.id, PasswordResetRequested)[-1]
    token = signed_links.create_link_token(PASSWORD_RESET, org.id, event["user_id"], event["nonce"])
    new_password = "another correct horse battery"
    assert post("/auth/password/reset", {"token": token, "password": new_password}).status == 204
    assert org.log_in(org.email, new_password).json()["mfa_required"] is True


def test_complete_mfa_with_cookies_sets_cookies() -> None:
    org = register_organization()
    _, codes = set_up_authenticator(org.token)
    completed = send_code(begin_login(org), codes[0], cookies=True)
    assert completed.status == 200
    assert completed.json()["access_token"] is None
    assert len(completed.cookies) == 3
