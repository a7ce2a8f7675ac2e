"""Password reset and password change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import INVITATION, PASSWORD_RESET, PasswordChanged, PasswordResetRequested
from coachway.core.auth import signed_links
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from tests.integration.client import Reply
from tests.integration.identity.builders import (
    PASSWORD,
    WRONG_PASSWORD,
    Org,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)

NEW_PASSWORD = "another correct horse battery"


def request_reset(org: Org, email: str = "") -> Reply:
    return post("/auth/password/forgot", {"organization": org.slug, "email": email or org.email})


def get_sent_token(org: Org) -> str:
    """The token of the newest email."""
    event = list_event_data(org.id, PasswordResetRequested)[-1]
    return signed_links.create_link_token(PASSWORD_RESET, org.id, event["user_id"], event["nonce"])


def reset_password(token: str, password: str = NEW_PASSWORD) -> Reply:
    return post("/auth/password/reset", {"token": token, "password": password})


def change_password(token: str, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Reply:
    return post("/auth/password/change", {"current_password": current, "new_password": new}, token)


def test_reset_password_with_link_sets_new_password() -> None:
    org = register_organization()
    assert request_reset(org).status == 202
    event: Any = list_event_data(org.id, PasswordResetRequested)[-1]
    assert (event["email"], event["organization_name"]) == (org.email, "Harbor Coach")
    assert reset_password(get_sent_token(org)).status == 204
    assert org.log_in(org.email, PASSWORD).status == 401
    assert org.log_in(org.email, NEW_PASSWORD).status == 200
    assert [each["email"] for each in list_event_data(org.id, PasswordChanged)] == [org.email]


def test_reset_password_ends_all_sessions() -> None:
    org = register_organization()
    request_reset(org)
    reset_password(get_sent_token(org))
    assert get("/auth/me", org.token).status == 401
    assert post("/auth/refresh", {"refresh_token": org.refresh_token}).status == 401


def test_reset_password_ends_lockout() -> None:
    org = register_organization()
    for _ in range(10):
        org.log_in(org.email, WRONG_PASSWORD)
    assert org.log_in().status == 429
    request_reset(org)
    reset_password(get_sent_token(org))
    assert org.log_in(org.email, NEW_PASSWORD).status == 200


def test_reset_link_used_replaced_or_expired_is_refused() -> None:
    org = register_organization()
    request_reset(org)
    first = get_sent_token(org)
    request_reset(org)
    second = get_sent_token(org)
    assert reset_password(first).status == 404
    assert reset_password(second).status == 204
    assert reset_password(second).status == 404
    now = clock.now()
    with clock.frozen(now - timedelta(hours=1)):
        request_reset(org)
        expired_token = get_sent_token(org)
    with clock.frozen(now):
        assert reset_password(expired_token).status == 404


def test_change_password_invalidates_reset_link() -> None:
    org = register_organization()
    request_reset(org)
    token = get_sent_token(org)
    assert change_password(org.token).status == 204
    assert reset_password(token).status == 404


def test_reset_link_sent_to_an_address_that_was_corrected_is_refused() -> None:
    org = register_organization()
    request_reset(org)
    token = get_sent_token(org)
    assert put(f"/users/{org.admin_id}", {"email": "ana.ruiz@harbor.example"}, org.token).status == 200
    assert reset_password(token).status == 404
    assert request_reset(org, "ana.ruiz@harbor.example").status == 202
    assert reset_password(get_sent_token(org)).status == 204


def test_reset_link_forged_or_of_another_user_is_refused() -> None:
    org, other = register_organization(), register_organization("other")
    request_reset(org)
    nonce = list_event_data(org.id, PasswordResetRequested)[-1]["nonce"]
    for token in (
        signed_links.create_link_token(INVITATION, org.id, org.admin_id, nonce),
        signed_links.create_link_token(PASSWORD_RESET, other.id, other.admin_id, nonce),
        signed_links.create_link_token(PASSWORD_RESET, org.id, other.admin_id, nonce),
        get_sent_token(org)[:-4] + "AAAA",
        "rubbish",
        "é",
    ):
        assert reset_password(token).status == 404


def test_request_reset_response_does_not_reveal_whether_the_account_exists() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    put(f"/users/{sam['id']}", {"status": "disabled"}, org.token)
    responses = {
        (reply.status, reply.text)
        for reply in (
            request_reset(org),
            request_reset(org, "nobody@harbor.example"),
            request_reset(org, "sam@harbor.example"),
            post("/auth/password/forgot", {"organization": "nowhere", "email": org.email}),
        )
    }
    assert responses == {(202, '{"status":"accepted"}')}
    assert [each["email"] for each in list_event_data(org.id, PasswordResetRequested)] == [org.email]


def test_request_reset_number_of_table_calls_does_not_reveal_whether_the_account_exists() -> None:
    org = register_organization()
    call_counts = set()
    for email in (org.email, "nobody@harbor.example"):
        before = call_stats.calls
        request_reset(org, email)
        call_counts.add(call_stats.calls - before)
    assert len(call_counts) == 1


def test_request_reset_repeated_with_idempotency_key_sends_one_email() -> None:
    org = register_organization()
    org.create_user("sam@harbor.example")

    def request(email: str) -> int:
        body = {"organization": org.slug, "email": email}
        return post("/auth/password/forgot", body, headers={"Idempotency-Key": "once"}).status

    assert [request(org.email), request(org.email), request("sam@harbor.example")] == [202, 202, 422]
    assert [each["email"] for each in list_event_data(org.id, PasswordResetRequested)] == [org.email]


def test_request_reset_too_often_is_rate_limited() -> None:
    org = register_organization()
    assert [request_reset(org).status for _ in range(6)] == [202] * 5 + [429]
    assert [request_reset(org, "nobody@harbor.example").status for _ in range(6)] == [202] * 5 + [429]


def test_change_password_requires_current_one_and_ends_other_sessions() -> None:
    org = register_organization()
    other_session = org.log_in().json()
    wrong = change_password(org.token, current=WRONG_PASSWORD)
    assert (wrong.status, wrong.json()["errors"][0]["field"]) == (422, "current_password")
    assert change_password(org.token).status == 204
    assert get("/auth/me", other_session["access_token"]).status == 401
    assert get("/auth/me", org.token).status == 200
    assert org.log_in(org.email, PASSWORD).status == 401
    assert org.log_in(org.email, NEW_PASSWORD).status == 200


def test_change_password_with_ten_wrong_passwords_locks_the_account() -> None:
    org = register_organization()
    statuses = [change_password(org.token, current=WRONG_PASSWORD).status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("new", ["short", "x" * 129, PASSWORD])
def test_change_password_with_short_long_or_same_password_is_refused(new: str) -> None:
    org = register_organization()
    refused = change_password(org.token, new=new)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "new_password")
