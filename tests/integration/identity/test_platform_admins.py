"""The role that no organization can give."""

from __future__ import annotations

import pytest

from coachway.contracts.identity import UserInvited
from coachway.core import errors
from coachway.identity.model.permissions import PERMISSIONS
from coachway.identity.model.user import Invitation
from coachway.identity.organizations import platform_admins
from tests.integration.identity.builders import PASSWORD, get, list_event_data, post, register_organization


def invitation(email: str = "pia@coachway.example", role: str = "platform") -> Invitation:
    return Invitation(email=email, role=role, first_name="Pia", last_name="Novak")


def test_an_operator_invites_somebody_who_runs_the_deployment() -> None:
    org = register_organization()
    invited = platform_admins.invite_platform_admin(org.slug, invitation())
    assert (invited.role, invited.status) == ("platform", "invited")
    accepted = post("/auth/invitations/accept", {"token": invited.invitation_token, "password": PASSWORD})
    assert accepted.status == 201, accepted.text
    token = org.log_in("pia@coachway.example").json()["access_token"]
    me = get("/auth/me", token).json()
    assert me["role"] == "platform"
    assert set(me["permissions"]) == PERMISSIONS


def test_the_invitation_goes_out_as_any_other() -> None:
    org = register_organization()
    platform_admins.invite_platform_admin(org.slug, invitation())
    told = list_event_data(org.id, UserInvited)
    assert [(each["email"], each["role"], each["invited_by"]) for each in told] == [
        ("pia@coachway.example", "platform", "Harbor Coach")
    ]


def test_whatever_role_is_named_it_is_platform() -> None:
    org = register_organization()
    assert platform_admins.invite_platform_admin(org.slug, invitation(role="viewer")).role == "platform"


def test_a_second_invitation_voids_the_first() -> None:
    org = register_organization()
    first, second = (platform_admins.invite_platform_admin(org.slug, invitation()) for _ in range(2))
    assert first.id == second.id
    void = post("/auth/invitations/accept", {"token": first.invitation_token, "password": PASSWORD})
    assert void.status == 404
    good = post("/auth/invitations/accept", {"token": second.invitation_token, "password": PASSWORD})
    assert good.status == 201


def test_no_organization_gives_the_role() -> None:
    org = register_organization()
    body = {"email": "pia@coachway.example", "role": "platform", "first_name": "Pia", "last_name": "Novak"}
    assert post("/users/invite", body, org.token).status == 422
    assert post("/users", {**body, "password": PASSWORD}, org.token).status == 422


def test_an_unknown_organization_and_a_taken_address_are_refused() -> None:
    org = register_organization()
    with pytest.raises(errors.NotFound):
        platform_admins.invite_platform_admin("nowhere", invitation())
    with pytest.raises(errors.Duplicate):
        platform_admins.invite_platform_admin(org.slug, invitation(org.email))
