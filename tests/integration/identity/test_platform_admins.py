"""Invitation of platform admins."""

from __future__ import annotations

import pytest

from coachway.contracts.identity import UserInvited
from coachway.core import errors
from coachway.identity.model.permissions import PERMISSIONS
from coachway.identity.model.user import UserInvitation
from coachway.identity.organizations import platform_admins
from tests.integration.identity.builders import PASSWORD, get, list_event_data, post, register_organization


def build_invitation(email: str = "pia@coachway.example", role: str = "platform") -> UserInvitation:
    return UserInvitation(email=email, role=role, first_name="Pia", last_name="Novak")


def test_invited_platform_admin_has_all_permissions() -> None:
    org = register_organization()
    invited = platform_admins.invite_platform_admin(org.slug, build_invitation())
    assert (invited.role, invited.status) == ("platform", "invited")
    accepted = post("/auth/invitations/accept", {"token": invited.invitation_token, "password": PASSWORD})
    assert accepted.status == 201, accepted.text
    token = org.log_in("pia@coachway.example").json()["access_token"]
    me = get("/auth/me", token).json()
    assert me["role"] == "platform"
    assert set(me["permissions"]) == PERMISSIONS


def test_invite_platform_admin_publishes_user_invited() -> None:
    org = register_organization()
    platform_admins.invite_platform_admin(org.slug, build_invitation())
    events = list_event_data(org.id, UserInvited)
    assert [(each["email"], each["role"], each["invited_by"]) for each in events] == [
        ("pia@coachway.example", "platform", "Harbor Coach")
    ]


def test_invite_platform_admin_ignores_the_role_of_the_request() -> None:
    org = register_organization()
    assert platform_admins.invite_platform_admin(org.slug, build_invitation(role="viewer")).role == "platform"


def test_second_invitation_replaces_the_first() -> None:
    org = register_organization()
    first, second = (platform_admins.invite_platform_admin(org.slug, build_invitation()) for _ in range(2))
    assert first.id == second.id
    refused = post("/auth/invitations/accept", {"token": first.invitation_token, "password": PASSWORD})
    assert refused.status == 404
    accepted = post("/auth/invitations/accept", {"token": second.invitation_token, "password": PASSWORD})
    assert accepted.status == 201


def test_admin_cannot_grant_platform_role() -> None:
    org = register_organization()
    body = {"email": "pia@coachway.example", "role": "platform", "first_name": "Pia", "last_name": "Novak"}
    assert post("/users/invite", body, org.token).status == 422
    assert post("/users", {**body, "password": PASSWORD}, org.token).status == 422


def test_invite_platform_admin_with_unknown_slug_or_used_email_is_refused() -> None:
    org = register_organization()
    with pytest.raises(errors.NotFound):
        platform_admins.invite_platform_admin("nowhere", build_invitation())
    with pytest.raises(errors.Duplicate):
        platform_admins.invite_platform_admin(org.slug, build_invitation(org.email))
