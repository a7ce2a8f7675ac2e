"""Concurrent logins, invitations and removals of users on the deployed stack."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from tests.stack import Stack
from tests.workflows.organization_builders import PASSWORD, Operator, count_statuses, run_concurrently

pytestmark = pytest.mark.xdist_group("races")

MANY = 30
FEW = 8


@pytest.fixture
def operator(stack: Stack) -> Operator:
    """An organization whose admin is logged in, without prices and clients."""
    operator = Operator(stack)
    operator.org_id = operator.call("POST", "/auth/register", operator.registration_body())["organization"]["id"]
    operator.tokens = operator.log_in()
    return operator


def _log_in(operator: Operator, password: str = PASSWORD, email: str = "") -> httpx.Response:
    body = {"organization": operator.slug, "email": email or operator.admin_email, "password": password}
    return operator.http.post("/auth/login", json=body)


def _invite_user(operator: Operator, role: str) -> Any:
    body = {"email": f"eva@{operator.slug}.example", "role": role, "first_name": "Eva", "last_name": "Brandt"}
    return operator.call("POST", "/users/invite", body)


def test_log_in_thirty_guesses_at_once_checks_ten(operator: Operator) -> None:
    guesses = run_concurrently(MANY, lambda number: _log_in(operator, f"guess number {number:03d}"))
    assert count_statuses(guesses) == {401: 10, 429: MANY - 10}
    assert _log_in(operator).status_code == 429


def test_log_in_eight_at_once_keeps_five_sessions(operator: Operator) -> None:
    answers = run_concurrently(FEW, lambda _: _log_in(operator))
    assert count_statuses(answers) == {200: FEW}
    tokens = [response.json()["access_token"] for response in answers]
    alive = [
        token
        for token in tokens
        if operator.http.get("/auth/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
    ]
    assert len(alive) == 5


def test_accept_invitation_many_at_once_succeeds_once(operator: Operator) -> None:
    token = _invite_user(operator, "admin")["invitation_token"]
    body = {"token": token, "password": PASSWORD}
    answers = run_concurrently(MANY, lambda _: operator.http.post("/auth/invitations/accept", json=body))
    assert count_statuses(answers) == {201: 1, 404: MANY - 1}


def test_remove_each_other_at_once_keeps_one_admin(operator: Operator) -> None:
    invitation = _invite_user(operator, "admin")
    accepted = operator.http.post(
        "/auth/invitations/accept", json={"token": invitation["invitation_token"], "password": PASSWORD}
    )
    assert accepted.status_code == 201
    eva = _log_in(operator, email=invitation["email"]).json()["access_token"]
    me = operator.call("GET", "/auth/me")["id"]
    pairs = [(invitation["id"], operator.tokens["access_token"]), (me, eva)]

    def remove(number: int) -> httpx.Response:
        user_id, token = pairs[number % 2]
        return operator.http.delete(f"/users/{user_id}", headers={"authorization": f"Bearer {token}"})

    answers = run_concurrently(FEW, remove)
    counts = count_statuses(answers)
    assert counts.pop(204) == 1
    assert set(counts) <= {401, 404, 409}
    survivors = [
        token
        for _, token in pairs
        if operator.http.get("/auth/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
    ]
    assert len(survivors) == 1


def test_mfa_code_used_many_at_once_opens_one_session(operator: Operator) -> None:
    secret = operator.call("POST", "/auth/mfa/setup")["secret"]
    totp = pyotp.TOTP(secret)
    now = datetime.now(UTC)
    operator.call("POST", "/auth/mfa/verify", {"code": totp.at(now)})
    challenge = _log_in(operator).json()
    assert challenge["mfa_required"] is True
    body = {"mfa_token": challenge["mfa_token"], "code": totp.at(now + timedelta(seconds=30))}
    answers = run_concurrently(FEW, lambda _: operator.http.post("/auth/mfa/verify", json=body))
    assert count_statuses(answers) == {200: 1, 401: FEW - 1}


def test_confirm_email_many_at_once_confirms_once(operator: Operator) -> None:
    assert operator.send("POST", "/auth/email/confirmation").status_code == 202
    mail = operator.stack.wait_for_mail(operator.admin_email, "[Cc]onfirm")
    [token] = set(re.findall(r"/pages/confirmations/([A-Za-z0-9_-]{60,})", mail["BodyText"]))
    page = f"{operator.stack.pages_url}/confirmations/{token}"
    answers = run_concurrently(FEW, lambda _: operator.http.post(page))
    assert count_statuses(answers) == {200: 1, 404: FEW - 1}
    assert operator.call("GET", "/organization")["is_confirmed"] is True
