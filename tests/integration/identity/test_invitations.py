"""Invitations of users."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from coachway.contracts.identity import INVITATION, UserInvited, UserJoined
from coachway.core.auth import signed_links
from coachway.core.runtime import clock
from tests.integration.identity.builders import (
    SAM,
    accept_invitation,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)


def test_accepted_invitation_activates_user() -> None:
    org = register_organization()
    user = org.create_user("sam@harbor.example")
    assert (user["email"], user["role"]) == ("sam@harbor.example", "staff")
    assert get("/auth/me", user["access_token"]).json()["first_name"] == "Sam"
    assert [each["role"] for each in list_event_data(org.id, UserJoined)] == ["staff"]


def test_user_invited_event_has_email_fields_but_no_token() -> None:
    org = register_organization()
    invited = org.invite("sam@harbor.example")
    assert (invited["status"], invited["role"]) == ("invited", "staff")
    (event,) = list_event_data(org.id, UserInvited)
    assert (event["email"], event["invited_by"], event["organization_name"]) == (
        "sam@harbor.example",
        "Ana Ruiz",
        "Harbor Coach",
    )
    assert (
        signed_links.create_link_token(INVITATION, org.id, event["user_id"], event["nonce"])
        == invited["invitation_token"]
    )
    assert invited["invitation_token"] not in str(event)


def test_invitation_used_or_expired_is_refused() -> None:
    org = register_organization()
    token = org.invite("sam@harbor.example")["invitation_token"]
    assert accept_invitation(token).status == 201
    assert accept_invitation(token).status == 404
    other = org.invite("eva@harbor.example")["invitation_token"]
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)):
        assert accept_invitation(other).status == 404


def test_second_invitation_replaces_the_first_and_its_role() -> None:
    org = register_organization()
    first = org.invite("sam@harbor.example", "staff")
    second = org.invite("Sam@Harbor.example", "viewer")
    assert first["id"] == second["id"]
    assert accept_invitation(first["invitation_token"]).status == 404
    assert accept_invitation(second["invitation_token"]).json()["role"] == "viewer"


def test_invite_active_user_is_refused() -> None:
    org = register_organization()
    org.create_user("sam@harbor.example")
    refused = post("/users/invite", {"email": "SAM@harbor.example", "role": "staff", **SAM}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (409, "email")


def test_log_in_before_accepting_is_refused() -> None:
    org = register_organization()
    org.invite("sam@harbor.example")
    assert org.log_in("sam@harbor.example").status == 401
    user_id = get("/users", org.token, {"status": "invited"}).json()["items"][0]["id"]
    assert put(f"/users/{user_id}", {"status": "active"}, org.token).status == 409


def test_accept_with_short_password_is_refused_and_keeps_invitation() -> None:
    org = register_organization()
    token = org.invite("sam@harbor.example")["invitation_token"]
    assert accept_invitation(token, "short").status == 422
    assert accept_invitation(token).status == 201


def test_concurrent_acceptances_succeed_once() -> None:
    org = register_organization()
    token = org.invite("sam@harbor.example", "admin")["invitation_token"]
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(each.status for each in pool.map(lambda _: accept_invitation(token), range(6)))
    assert statuses == [201] + [404] * 5
    assert len(list_event_data(org.id, UserJoined)) == 1


def test_corrected_email_voids_the_invitation_and_sends_it_again() -> None:
    org = register_organization()
    first = org.invite("sma@harbor.example")
    assert put(f"/users/{first['id']}", {"email": "sam@harbor.example"}, org.token).status == 200
    assert accept_invitation(first["invitation_token"]).status == 404
    event = list_event_data(org.id, UserInvited)[-1]
    assert event["email"] == "sam@harbor.example"
    token = signed_links.create_link_token(INVITATION, org.id, first["id"], event["nonce"])
    assert accept_invitation(token).json()["email"] == "sam@harbor.example"


def test_other_changes_of_an_invited_user_keep_the_invitation() -> None:
    org = register_organization()
    invited = org.invite("sam@harbor.example")
    for change in ({"first_name": "Samuel"}, {"email": "Sam@harbor.example"}):
        assert put(f"/users/{invited['id']}", change, org.token).status == 200
    assert accept_invitation(invited["invitation_token"]).status == 201
