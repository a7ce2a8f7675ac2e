"""The second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp

from coachway.contracts.identity import MfaDisabled, MfaEnabled, RecoveryCodeUsed
from coachway.core.runtime import clock
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


class Phone:
    """An authenticator, whose owner waits for the next code each time."""

    def __init__(self, secret: str) -> None:
        self.totp, self.waited = pyotp.TOTP(secret), -1

    def code(self) -> str:
        self.waited += 1
        assert self.waited < 2, "only this step and the next can be shown without waiting for real"
        return self.totp.at(clock.now() + timedelta(seconds=30 * self.waited))


def set_up(token: str) -> tuple[Phone, list[str]]:
    told = post("/auth/mfa/setup", token=token)
    assert told.status == 200, told.text
    phone = Phone(told.json()["secret"])
    done = post("/auth/mfa/verify", {"code": phone.code()}, token)
    assert done.status == 200, done.text
    return phone, list(done.json()["recovery_codes"])


def challenge(org: Org) -> str:
    told = org.log_in().json()
    assert told["mfa_required"] is True
    assert told["access_token"] is told["refresh_token"] is None
    return str(told["mfa_token"])


def answer(token: str, code: str, **more: Any) -> Reply:
    return post("/auth/mfa/verify", {"mfa_token": token, "code": code, **more})


def test_setting_up_shows_a_secret_a_uri_and_a_picture() -> None:
    org = register_organization()
    told = post("/auth/mfa/setup", token=org.token).json()
    assert told["otpauth_uri"].startswith("otpauth://totp/Harbor%20Coach:ana%40harbor.example?secret=" + told["secret"])
    assert told["qr"].startswith("data:image/svg+xml")
    assert get("/auth/me", org.token).json()["mfa_enabled"] is False
    assert org.log_in().json()["mfa_required"] is False


def test_with_a_second_factor_a_password_alone_opens_nothing() -> None:
    org = register_organization()
    phone, codes = set_up(org.token)
    assert len(codes) == 10
    token = challenge(org)
    assert get("/auth/me", token).status == 401
    done = answer(token, phone.code())
    assert done.status == 200, done.text
    assert get("/auth/me", done.json()["access_token"]).json()["mfa_enabled"] is True
    assert post("/auth/refresh", {"refresh_token": done.json()["refresh_token"]}).status == 200
    assert len(list_event_data(org.id, MfaEnabled)) == 1


def test_a_code_is_taken_once() -> None:
    org = register_organization()
    phone, _ = set_up(org.token)
    code = phone.code()
    assert answer(challenge(org), code).status == 200
    assert answer(challenge(org), code).status == 401


def test_the_code_of_the_set_up_opens_no_session() -> None:
    org = register_organization()
    told = post("/auth/mfa/setup", token=org.token).json()
    code = pyotp.TOTP(told["secret"]).at(clock.now())
    assert post("/auth/mfa/verify", {"code": code}, org.token).status == 200
    assert answer(challenge(org), code).status == 401


def test_a_recovery_code_stands_in_once() -> None:
    org = register_organization()
    _, codes = set_up(org.token)
    assert answer(challenge(org), codes[0]).status == 200
    assert answer(challenge(org), codes[0]).status == 401
    assert answer(challenge(org), codes[1].upper()).status == 200
    assert [each["left"] for each in list_event_data(org.id, RecoveryCodeUsed)] == [9, 8]
    assert codes[0] not in str(list_event_data(org.id, RecoveryCodeUsed))


def test_wrong_codes_lock_the_account_though_the_password_was_right() -> None:
    org = register_organization()
    phone, _ = set_up(org.token)
    token = challenge(org)
    statuses = [answer(token, "000000").status for _ in range(10)]
    assert statuses == [401] * 9 + [429]
    assert answer(token, phone.code()).status == 429
    assert org.log_in().status == 429


def test_an_mfa_token_is_good_for_five_minutes_and_cannot_be_made_up() -> None:
    org = register_organization()
    _, codes = set_up(org.token)
    with clock.frozen(clock.now() - timedelta(minutes=6)):
        late = challenge(org)
    assert answer(late, codes[0]).status == 401
    for forged in (org.token, "rubbish", "a.b.c"):
        assert answer(forged, codes[0]).status == 401
    assert answer(challenge(org), codes[0]).status == 200


def test_one_persons_code_is_not_anothers() -> None:
    org, other = register_organization(), register_organization("other")
    set_up(org.token)
    _, codes = set_up(other.token)
    assert answer(challenge(org), codes[0]).status == 401


def test_a_wrong_code_puts_nothing_in_force() -> None:
    org = register_organization()
    assert post("/auth/mfa/verify", {"code": "123456"}, org.token).status == 409
    post("/auth/mfa/setup", token=org.token)
    assert post("/auth/mfa/verify", {"code": "000000"}, org.token).status == 422
    assert org.log_in().json()["mfa_required"] is False


def test_verifying_needs_credentials_of_one_kind_or_the_other() -> None:
    register_organization()
    assert post("/auth/mfa/verify", {"code": "123456"}).status == 401


def test_putting_it_in_force_ends_the_other_sessions() -> None:
    org = register_organization()
    elsewhere = org.log_in().json()["access_token"]
    set_up(org.token)
    assert get("/auth/me", elsewhere).status == 401
    assert get("/auth/me", org.token).status == 200


def test_it_can_be_set_up_and_removed_only_shortly_after_a_log_in() -> None:
    at = clock.now() - timedelta(minutes=16)
    with clock.frozen(at):
        org = register_organization()
    token = post("/auth/refresh", {"refresh_token": org.refresh_token}).json()["access_token"]
    for refused in (post("/auth/mfa/setup", token=token), delete("/auth/mfa", token)):
        assert (refused.status, refused.json()["title"]) == (403, "A recent log-in is required")


def test_it_is_replaced_by_removing_it_first() -> None:
    org = register_organization()
    set_up(org.token)
    assert post("/auth/mfa/setup", token=org.token).status == 409
    assert delete("/auth/mfa", org.token).status == 204
    assert delete("/auth/mfa", org.token).status == 204
    assert len(list_event_data(org.id, MfaDisabled)) == 1
    assert org.log_in().json()["mfa_required"] is False
    set_up(org.token)


def test_an_admin_helps_somebody_who_lost_everything() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    set_up(sam["access_token"])
    assert put(f"/users/{sam['id']}", {"mfa_enabled": True}, org.token).status == 422
    helped = put(f"/users/{sam['id']}", {"mfa_enabled": False}, org.token)
    assert (helped.status, helped.json()["mfa_enabled"]) == (200, False)
    assert org.log_in("sam@harbor.example").json()["mfa_required"] is False
    assert len(list_event_data(org.id, MfaDisabled)) == 1


def test_a_password_reset_does_not_go_round_it() -> None:
    org = register_organization()
    set_up(org.token)
    assert org.log_in(org.email, PASSWORD).json()["mfa_required"] is True


def test_by_cookies_too() -> None:
    org = register_organization()
    _, codes = set_up(org.token)
    done = answer(challenge(org), codes[0], cookies=True)
    assert done.status == 200
    assert done.json()["access_token"] is None
    assert len(done.cookies) == 3
