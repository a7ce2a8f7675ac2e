"""New passwords that are easy to guess are refused, with the reason, wherever a password is set."""

from __future__ import annotations

import pytest

from tests.integration.client import Reply
from tests.integration.identity.builders import (
    PASSWORD,
    SAM,
    accept_invitation,
    post,
    register_organization,
    registration_body,
)

WEAK = "aaaaaaaaaaaa"


def errors_of(reply: Reply) -> list[tuple[str, str]]:
    return [(each["field"], each["code"]) for each in reply.json()["errors"]]


@pytest.mark.parametrize(
    "password",
    [
        WEAK,
        "password1234",
        "qwertyuiop12",
        "123456789012",
        "abcabcabcabc",
        "harborcoach1",
        "ana@harbor.example",
        "a" * 128,
    ],
)
def test_register_with_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    body = registration_body()
    body["admin"]["password"] = password
    refused = post("/auth/register", body)
    assert (refused.status, errors_of(refused)) == (422, [("admin.password", "password_too_weak")])
    assert "is easy to guess. " in refused.json()["detail"]


@pytest.mark.parametrize("password", [PASSWORD, "x9$kfPq2mZ@7", "pferd batterie klammer", "é" * 3 + "vKw0 pLq7u" * 12])
def test_register_with_strong_password_succeeds(password: str) -> None:
    body = registration_body()
    body["admin"]["password"] = password
    assert post("/auth/register", body).status == 201


def test_weak_password_is_refused_wherever_one_is_set() -> None:
    org = register_organization()
    created = post("/users", {"email": "x@harbor.example", "role": "staff", "password": WEAK, **SAM}, org.token)
    assert (created.status, errors_of(created)) == (422, [("password", "password_too_weak")])
    changed = post("/auth/password/change", {"current_password": PASSWORD, "new_password": WEAK}, org.token)
    assert (changed.status, errors_of(changed)) == (422, [("new_password", "password_too_weak")])
    token = org.invite("sam@harbor.example")["invitation_token"]
    refused = accept_invitation(token, WEAK)
    assert (refused.status, errors_of(refused)) == (422, [("password", "password_too_weak")])
    assert accept_invitation(token).status == 201
