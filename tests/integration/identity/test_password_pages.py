"""Pages to accept an invitation or reset a password."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from coachway.contracts.identity import INVITATION, PASSWORD_RESET, PasswordResetRequested
from coachway.core.auth import signed_links
from coachway.core.http.routing import ApiRouter
from tests.integration.client import Reply, call
from tests.integration.identity.builders import Org, list_event_data, post, put, register_organization
from tools.function_modules import load

api: ApiRouter = load("identity", "password_pages").api
NEW_PASSWORD = "four words in a row"


def open_page(path: str) -> Reply:
    return call(api, "GET", f"/pages/{path}")


def submit_password(path: str, password: str) -> Reply:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return call(api, "POST", f"/pages/{path}", raw=urlencode({"password": password}).encode(), headers=form)


@pytest.fixture
def harbor() -> Org:
    return register_organization("harbor")


def reset_path(org: Org, email: str) -> str:
    post("/auth/password/forgot", {"organization": org.slug, "email": email})
    event = list_event_data(org.id, PasswordResetRequested)[-1]
    return f"password-resets/{signed_links.create_link_token(PASSWORD_RESET, org.id, event['user_id'], event['nonce'])}"


def test_invitation_page_sets_password_and_activates_user(harbor: Org) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    page = open_page(path)
    assert page.status == 200
    assert "Welcome, Sam" in page.text
    assert "sam@harbor.example" in page.text
    completed = submit_password(path, NEW_PASSWORD)
    assert completed.status == 200
    assert "Your account is ready" in completed.text
    assert re.search(r'<a href="[^"]*/api/v1/docs">Open the API</a>', completed.text)
    assert "harbor" in completed.text
    assert harbor.log_in("sam@harbor.example", NEW_PASSWORD).status == 200


def test_invitation_page_opened_keeps_link_valid_until_submitted(harbor: Org) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    for _ in range(3):
        assert open_page(path).status == 200
    submit_password(path, NEW_PASSWORD)
    assert open_page(path).status == 404
    assert submit_password(path, "another four words").status == 404
    assert harbor.log_in("sam@harbor.example", NEW_PASSWORD).status == 200


@pytest.mark.parametrize(
    ("password", "message"), [("", "Enter a password"), ("short", "at least 12"), ("x" * 129, "at most 128")]
)
def test_invitation_page_with_invalid_password_shows_form_with_error(harbor: Org, password: str, message: str) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    refused = submit_password(path, password)
    assert refused.status == 422
    assert message in refused.text
    assert re.search(r'aria-invalid="true"', refused.text)
    assert password == "" or password not in refused.text
    assert submit_password(path, NEW_PASSWORD).status == 200


def test_reset_page_sets_password(harbor: Org) -> None:
    path = reset_path(harbor, harbor.email)
    assert "Set a new password" in open_page(path).text
    assert submit_password(path, NEW_PASSWORD).status == 200
    assert harbor.log_in(harbor.email, NEW_PASSWORD).status == 200
    assert open_page(path).status == 404


def test_reset_page_of_replaced_link_is_not_found(harbor: Org) -> None:
    first = reset_path(harbor, harbor.email)
    second = reset_path(harbor, harbor.email)
    assert open_page(first).status == 404
    assert open_page(second).status == 200


def test_page_of_used_link_names_organization_and_its_contact(harbor: Org) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    submit_password(path, NEW_PASSWORD)
    branding = {"phone": "+12125550100", "email": "hello@harbor.example"}
    put("/organization", {"branding": branding}, harbor.token)
    used = open_page(path)
    assert used.status == 404
    for contact in ("Harbor Coach", 'href="tel:+12125550100"', 'href="mailto:hello@harbor.example"'):
        assert contact in used.text
    assert "Harbor Coach" not in open_page(f"invitations/{'A' * 86}").text


def test_page_of_invalid_link_is_not_found(harbor: Org) -> None:
    invited = harbor.invite("sam@harbor.example")
    token = invited["invitation_token"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    for path in (f"password-resets/{token}", f"invitations/{forged}", "invitations/x"):
        response = open_page(path)
        assert response.status == 404
        assert "text/html" in response.headers["Content-Type"]
        assert submit_password(path, NEW_PASSWORD).status == 404
    unsent_token = signed_links.create_link_token(INVITATION, harbor.id, harbor.admin_id, "00" * 12)
    assert open_page(f"invitations/{unsent_token}").status == 404


def test_invitation_page_escapes_names(harbor: Org) -> None:
    invited = harbor.invite("eve@harbor.example", first_name="<script>alert(1)</script>")
    page = open_page(f"invitations/{invited['invitation_token']}").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
