"""Of many who log in, join or leave at the same moment: as many as may, on the deployed stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from tests.stack import Stack
from tests.workflows.carrier import PASSWORD, Carrier, at_once, statuses

pytestmark = pytest.mark.xdist_group("races")

MANY = 30
FEW = 8


@pytest.fixture
def carrier(stack: Stack) -> Carrier:
    """Signed up and logged in, no more."""
    carrier = Carrier(stack)
    carrier.org_id = carrier.ask("POST", "/auth/register", carrier.registration())["organization"]["id"]
    carrier.tokens = carrier.log_in()
    return carrier


def _log_in(carrier: Carrier, password: str = PASSWORD, email: str = "") -> httpx.Response:
    body = {"organization": carrier.slug, "email": email or carrier.admin_email, "password": password}
    return carrier.http.post("/auth/login", json=body)


def _invited(carrier: Carrier, role: str) -> Any:
    body = {"email": f"eva@{carrier.slug}.example", "role": role, "first_name": "Eva", "last_name": "Brandt"}
    return carrier.ask("POST", "/users/invite", body)


def test_of_thirty_guesses_at_once_ten_are_judged(carrier: Carrier) -> None:
    guesses = at_once(MANY, lambda number: _log_in(carrier, f"guess number {number:03d}"))
    assert statuses(guesses) == {401: 10, 429: MANY - 10}
    assert _log_in(carrier).status_code == 429


def test_of_many_log_ins_at_once_five_sessions_stay(carrier: Carrier) -> None:
    answers = at_once(FEW, lambda _: _log_in(carrier))
    assert statuses(answers) == {200: FEW}
    tokens = [answer.json()["access_token"] for answer in answers]
    alive = [
        token
        for token in tokens
        if carrier.http.get("/auth/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
    ]
    assert len(alive) == 5


def test_an_invitation_is_accepted_once(carrier: Carrier) -> None:
    token = _invited(carrier, "admin")["invitation_token"]
    body = {"token": token, "password": PASSWORD}
    answers = at_once(MANY, lambda _: carrier.http.post("/auth/invitations/accept", json=body))
    assert statuses(answers) == {201: 1, 404: MANY - 1}


def test_two_admins_who_remove_each_other_at_once_leave_one(carrier: Carrier) -> None:
    invited = _invited(carrier, "admin")
    accepted = carrier.http.post(
        "/auth/invitations/accept", json={"token": invited["invitation_token"], "password": PASSWORD}
    )
    assert accepted.status_code == 201
    eva = _log_in(carrier, email=invited["email"]).json()["access_token"]
    me = carrier.ask("GET", "/auth/me")["id"]
    pairs = [(invited["id"], carrier.tokens["access_token"]), (me, eva)]

    def remove(number: int) -> httpx.Response:
        user_id, token = pairs[number % 2]
        return carrier.http.delete(f"/users/{user_id}", headers={"authorization": f"Bearer {token}"})

    answers = at_once(FEW, remove)
    counted = statuses(answers)
    assert counted.pop(204) == 1
    assert set(counted) <= {401, 404, 409}
    survivors = [
        token
        for _, token in pairs
        if carrier.http.get("/auth/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
    ]
    assert len(survivors) == 1


def test_a_code_of_an_authenticator_opens_one_session_at_once(carrier: Carrier) -> None:
    secret = carrier.ask("POST", "/auth/mfa/setup")["secret"]
    totp = pyotp.TOTP(secret)
    now = datetime.now(UTC)
    carrier.ask("POST", "/auth/mfa/verify", {"code": totp.at(now)})
    challenge = _log_in(carrier).json()
    assert challenge["mfa_required"] is True
    body = {"mfa_token": challenge["mfa_token"], "code": totp.at(now + timedelta(seconds=30))}
    answers = at_once(FEW, lambda _: carrier.http.post("/auth/mfa/verify", json=body))
    assert statuses(answers) == {200: 1, 401: FEW - 1}
