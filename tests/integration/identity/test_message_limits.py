"""Bounds of invitations, codes and resets, and the confirmation of an organization that lifts the smallest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import (
    EMAIL_CONFIRMATION,
    EmailConfirmationRequested,
    OrganizationConfirmed,
    UserInvited,
)
from coachway.core.auth import signed_links
from coachway.core.runtime import clock
from tests.integration.client import NO_IDEMPOTENCY_KEY, Reply, call
from tests.integration.identity.builders import SAM, Org, get, list_event_data, post, put, register_organization
from tools.function_modules import load

pages = load("identity", "password_pages").api


def invite(org: Org, email: str) -> Reply:
    return post("/users/invite", {"email": email, "role": "staff", **SAM}, org.token)


def request_link(org: Org) -> str:
    """Request the link that confirms the admin's address. Returns the path of its page."""
    assert post("/auth/email/confirmation", token=org.token).status == 202
    event: Any = list_event_data(org.id, EmailConfirmationRequested)[-1]
    token = signed_links.create_link_token(EMAIL_CONFIRMATION, org.id, event["user_id"], event["nonce"])
    return f"/pages/confirmations/{token}"


def submit(path: str) -> Reply:
    return call(pages, "POST", path, raw=b"", headers=NO_IDEMPOTENCY_KEY)


def test_unconfirmed_organization_sends_five_invitations_a_day() -> None:
    org = register_organization(confirmed=False)
    statuses = [invite(org, f"person-{number}@elsewhere.example").status for number in range(7)]
    assert statuses == [201] * 5 + [429] * 2
    refused = invite(org, "last@elsewhere.example")
    assert "POST /auth/email/confirmation" in refused.json()["detail"]
    assert 0 < int(refused.headers["Retry-After"]) <= 86400
    assert len(list_event_data(org.id, UserInvited)) == 5
    assert len(get("/users", org.token).json()["items"]) == 6
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert invite(org, "last@elsewhere.example").status == 201


def test_confirmed_organization_sends_more() -> None:
    org = register_organization(confirmed=False)
    for number in range(5):
        assert invite(org, f"person-{number}@elsewhere.example").status == 201
    path = request_link(org)
    page = call(pages, "GET", path)
    assert (page.status, "Is ana@harbor.example your address?" in page.text) == (200, True)
    assert invite(org, "sixth@elsewhere.example").status == 429
    assert "is confirmed" in submit(path).text
    assert submit(path).status == 404
    assert invite(org, "sixth@elsewhere.example").status == 201
    assert get("/organization", org.token).json()["is_confirmed"] is True
    assert len(list_event_data(org.id, OrganizationConfirmed)) == 1
    assert post("/auth/email/confirmation", token=org.token).status == 202
    assert len(list_event_data(org.id, EmailConfirmationRequested)) == 1


def test_confirmation_link_sent_to_an_address_that_was_corrected_is_refused() -> None:
    org = register_organization(confirmed=False)
    path = request_link(org)
    assert put(f"/users/{org.admin_id}", {"email": "ana.ruiz@harbor.example"}, org.token).status == 200
    assert submit(path).status == 404
    assert "is confirmed" in submit(request_link(org)).text


@pytest.mark.parametrize(
    ("confirmed", "chosen", "expected"),
    [
        (False, "", "ana.ruiz@harbor.example"),
        (False, "office@harbor.example", "office@harbor.example"),
        (True, "", "ana@harbor.example"),
    ],
)
def test_contact_address_follows_a_correction_of_the_admin_until_it_is_chosen_or_confirmed(
    confirmed: bool, chosen: str, expected: str
) -> None:
    org = register_organization(confirmed=confirmed)
    if chosen:
        put("/organization", {"branding": {"email": chosen}}, org.token)
    assert put(f"/users/{org.admin_id}", {"email": "ana.ruiz@harbor.example"}, org.token).status == 200
    assert get("/organization", org.token).json()["branding"]["email"] == expected


def test_request_confirmation_by_another_role_or_too_often_is_refused() -> None:
    org = register_organization(confirmed=False)
    staff = org.create_user("sam@harbor.example")
    assert post("/auth/email/confirmation", token=staff["access_token"]).status == 403
    statuses = [post("/auth/email/confirmation", token=org.token).status for _ in range(4)]
    assert statuses == [202] * 3 + [429]


def test_invitations_to_one_address_are_limited_over_all_organizations() -> None:
    statuses = []
    for slug in ("harbor", "other"):
        org = register_organization(slug)
        statuses += [invite(org, spelling).status for spelling in ("sam@x.example", "SAM@x.example", "Sam@X.example")]
    assert statuses == [201] * 5 + [429]


def test_corrected_invitations_count() -> None:
    org = register_organization(confirmed=False)
    user = org.invite("first@elsewhere.example")
    changes = [put(f"/users/{user['id']}", {"email": f"x{n}@elsewhere.example"}, org.token).status for n in range(5)]
    assert changes == [200] * 4 + [429]


@pytest.mark.parametrize(
    ("path", "address"),
    [("/auth/password/forgot", {"email": "ana@x.example"}), ("/auth/otp/request", {"phone": "+12125550123"})],
)
def test_codes_and_resets_to_one_address_are_limited_over_all_organizations(path: str, address: Any) -> None:
    statuses = [post(path, {"organization": f"org-{number // 5}", **address}).status for number in range(11)]
    assert statuses == [202] * 10 + [429]
