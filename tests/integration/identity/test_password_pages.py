"""The pages behind the links of mails."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from coachway.contracts.identity import INVITATION, PASSWORD_RESET, PasswordResetRequested
from coachway.core.auth import signed_links
from coachway.core.http.routing import ApiRouter
from tests.entries import load
from tests.integration.client import Reply, call
from tests.integration.identity.builders import Org, list_event_data, post, register_organization

api: ApiRouter = load("identity", "password_pages").api
CHOSEN = "four words in a row"


def look(path: str) -> Reply:
    return call(api, "GET", f"/pages/{path}")


def choose(path: str, password: str) -> Reply:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return call(api, "POST", f"/pages/{path}", raw=urlencode({"password": password}).encode(), headers=form)


@pytest.fixture
def harbor() -> Org:
    return register_organization("harbor")


def reset_path(org: Org, email: str) -> str:
    post("/auth/password/forgot", {"organization": org.slug, "email": email})
    said = list_event_data(org.id, PasswordResetRequested)[-1]
    return f"password-resets/{signed_links.create_link_token(PASSWORD_RESET, org.id, said['user_id'], said['nonce'])}"


def test_an_invited_person_chooses_a_password_and_is_in(harbor: Org) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    page = look(path)
    assert page.status == 200
    assert "Welcome, Sam" in page.text
    assert "sam@harbor.example" in page.text
    done = choose(path, CHOSEN)
    assert done.status == 200
    assert "Your account is ready" in done.text
    assert "harbor" in done.text
    assert harbor.log_in("sam@harbor.example", CHOSEN).status == 200


def test_looking_at_a_link_does_not_use_it_up_but_choosing_does(harbor: Org) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    for _ in range(3):
        assert look(path).status == 200
    choose(path, CHOSEN)
    assert look(path).status == 404
    assert choose(path, "another four words").status == 404
    assert harbor.log_in("sam@harbor.example", CHOSEN).status == 200


@pytest.mark.parametrize(
    ("password", "told"), [("", "Enter a password"), ("short", "at least 12"), ("x" * 129, "at most 128")]
)
def test_a_password_that_will_not_do_is_asked_for_again(harbor: Org, password: str, told: str) -> None:
    path = f"invitations/{harbor.invite('sam@harbor.example')['invitation_token']}"
    again = choose(path, password)
    assert again.status == 422
    assert told in again.text
    assert re.search(r'aria-invalid="true"', again.text)
    assert password == "" or password not in again.text
    assert choose(path, CHOSEN).status == 200


def test_a_forgotten_password_is_set_on_its_page(harbor: Org) -> None:
    path = reset_path(harbor, harbor.email)
    assert "Set a new password" in look(path).text
    assert choose(path, CHOSEN).status == 200
    assert harbor.log_in(harbor.email, CHOSEN).status == 200
    assert look(path).status == 404


def test_a_newer_link_voids_the_one_before(harbor: Org) -> None:
    first = reset_path(harbor, harbor.email)
    second = reset_path(harbor, harbor.email)
    assert look(first).status == 404
    assert look(second).status == 200


def test_a_link_for_something_else_leads_nowhere(harbor: Org) -> None:
    invited = harbor.invite("sam@harbor.example")
    token = invited["invitation_token"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    for path in (f"password-resets/{token}", f"invitations/{forged}", "invitations/x"):
        answer = look(path)
        assert answer.status == 404
        assert "text/html" in answer.headers["Content-Type"]
        assert choose(path, CHOSEN).status == 404
    stranger = signed_links.create_link_token(INVITATION, harbor.id, harbor.admin_id, "00" * 12)
    assert look(f"invitations/{stranger}").status == 404


def test_what_people_are_called_stays_text(harbor: Org) -> None:
    invited = harbor.invite("eve@harbor.example", first_name="<script>alert(1)</script>")
    page = look(f"invitations/{invited['invitation_token']}").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
