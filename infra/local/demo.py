"""Demo data, loaded through the API like anybody's: two organizations, and a user of every role in the first."""

from __future__ import annotations

from typing import Any

import httpx

from infra.local import say
from infra.local.home import Home

PASSWORD = "harbor-coach-demo-1"  # noqa: S105 - printed by `make up`, for a stack on this machine
ADMINS = {
    "demo": ("Harbor Coach", "ana@harbor.example", "Ana", "Ruiz"),
    "other": ("Prairie Lines", "otto@prairie.example", "Otto", "Lind"),
}
STAFF = {
    "manager": ("marta@harbor.example", "Marta", "Osei"),
    "staff": ("sam@harbor.example", "Sam", "Tran"),
    "viewer": ("vera@harbor.example", "Vera", "Holm"),
}


def is_there(home: Home, users: list[dict[str, str]]) -> bool:
    """Whether the users of an earlier run can still log in."""
    with _api(home) as api:
        return _login(api, users[0]).status_code == httpx.codes.OK


def load(home: Home) -> list[dict[str, str]]:
    """Sign everybody up; what an interrupted run left is kept."""
    users = []
    with _api(home) as api:
        for slug, (name, email, first, last) in ADMINS.items():
            users.append(_admin(api, slug, name, email, first, last))
        for role, (email, first, last) in STAFF.items():
            users.append(_colleague(api, users[0], role, email, first, last))
    return users


def _api(home: Home) -> httpx.Client:
    return httpx.Client(base_url=f"{home.public_url}/api/v1", timeout=60)


def _user(organization: str, role: str, email: str) -> dict[str, str]:
    return {"organization": organization, "role": role, "email": email, "password": PASSWORD}


def _login(api: httpx.Client, user: dict[str, str]) -> httpx.Response:
    return api.post("/auth/login", json={name: user[name] for name in ("organization", "email", "password")})


def _ask(api: httpx.Client, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = api.post(path, json=body, headers=headers)
    if answer.is_error:
        raise say.Failed(
            f"POST {path} was answered {answer.status_code}:\n{answer.text}", "the demo data needs it; see make logs"
        )
    content: dict[str, Any] = answer.json()
    return content


def _admin(api: httpx.Client, slug: str, name: str, email: str, first: str, last: str) -> dict[str, str]:
    user = _user(slug, "admin", email)
    if _login(api, user).is_error:
        organization = {"name": name, "slug": slug, "timezone": "America/New_York", "currency": "USD"}
        admin = {"email": email, "password": PASSWORD, "first_name": first, "last_name": last}
        _ask(api, "/auth/register", {"organization": organization, "admin": admin})
    return user


def _colleague(
    api: httpx.Client, admin: dict[str, str], role: str, email: str, first: str, last: str
) -> dict[str, str]:
    user = _user(admin["organization"], role, email)
    if _login(api, user).is_error:
        token = f"Bearer {_login(api, admin).json()['access_token']}"
        invitation = {"email": email, "role": role, "first_name": first, "last_name": last}
        invited = _ask(api, "/users/invite", invitation, Authorization=token)
        _ask(api, "/auth/invitations/accept", {"token": invited["invitation_token"], "password": PASSWORD})
    return user
