"""Passwords that were forgotten or are changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import INVITATION, PASSWORD_RESET, PasswordChanged, PasswordResetRequested
from coachway.core.auth import signed_links
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from tests.integration.client import Reply
from tests.integration.identity.builders import PASSWORD, Org, get, list_event_data, post, put, register_organization

ANOTHER = "another correct horse battery"


def forgot(org: Org, email: str = "") -> Reply:
    return post("/auth/password/forgot", {"organization": org.slug, "email": email or org.email})


def sent(org: Org) -> str:
    """The token of the newest mail."""
    told = list_event_data(org.id, PasswordResetRequested)[-1]
    return signed_links.create_link_token(PASSWORD_RESET, org.id, told["user_id"], told["nonce"])


def reset(token: str, password: str = ANOTHER) -> Reply:
    return post("/auth/password/reset", {"token": token, "password": password})


def change(token: str, current: str = PASSWORD, new: str = ANOTHER) -> Reply:
    return post("/auth/password/change", {"current_password": current, "new_password": new}, token)


def test_a_forgotten_password_is_set_anew_by_the_mails_link() -> None:
    org = register_organization()
    assert forgot(org).status == 202
    told: Any = list_event_data(org.id, PasswordResetRequested)[-1]
    assert (told["email"], told["organization_name"]) == (org.email, "Harbor Coach")
    assert reset(sent(org)).status == 204
    assert org.log_in(org.email, PASSWORD).status == 401
    assert org.log_in(org.email, ANOTHER).status == 200
    assert [each["email"] for each in list_event_data(org.id, PasswordChanged)] == [org.email]


def test_setting_it_anew_ends_every_session() -> None:
    org = register_organization()
    forgot(org)
    reset(sent(org))
    assert get("/auth/me", org.token).status == 401
    assert post("/auth/refresh", {"refresh_token": org.refresh_token}).status == 401


def test_setting_it_anew_lifts_a_lock() -> None:
    org = register_organization()
    for _ in range(10):
        org.log_in(org.email, "wrong wrong wrong")
    assert org.log_in().status == 429
    forgot(org)
    reset(sent(org))
    assert org.log_in(org.email, ANOTHER).status == 200


def test_a_link_is_good_once_for_an_hour_and_until_the_next_one() -> None:
    org = register_organization()
    forgot(org)
    first = sent(org)
    forgot(org)
    second = sent(org)
    assert reset(first).status == 404
    assert reset(second).status == 204
    assert reset(second).status == 404
    now = clock.now()
    with clock.frozen(now - timedelta(hours=1)):
        forgot(org)
        late = sent(org)
    with clock.frozen(now):
        assert reset(late).status == 404


def test_changing_the_password_voids_a_link_that_is_out() -> None:
    org = register_organization()
    forgot(org)
    token = sent(org)
    assert change(org.token).status == 204
    assert reset(token).status == 404


def test_a_link_for_something_else_or_of_somebody_else_is_refused() -> None:
    org, other = register_organization(), register_organization("other")
    forgot(org)
    nonce = list_event_data(org.id, PasswordResetRequested)[-1]["nonce"]
    for token in (
        signed_links.create_link_token(INVITATION, org.id, org.admin_id, nonce),
        signed_links.create_link_token(PASSWORD_RESET, other.id, other.admin_id, nonce),
        signed_links.create_link_token(PASSWORD_RESET, org.id, other.admin_id, nonce),
        sent(org)[:-4] + "AAAA",
        "rubbish",
        "é",
    ):
        assert reset(token).status == 404


def test_the_answer_does_not_say_whether_there_is_an_account() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    put(f"/users/{sam['id']}", {"status": "disabled"}, org.token)
    answers = {
        (reply.status, reply.text)
        for reply in (
            forgot(org),
            forgot(org, "nobody@harbor.example"),
            forgot(org, "sam@harbor.example"),
            post("/auth/password/forgot", {"organization": "nowhere", "email": org.email}),
        )
    }
    assert answers == {(202, '{"status":"accepted"}')}
    assert [each["email"] for each in list_event_data(org.id, PasswordResetRequested)] == [org.email]


def test_asking_costs_the_same_whether_or_not_there_is_an_account() -> None:
    org = register_organization()
    costs = set()
    for email in (org.email, "nobody@harbor.example"):
        before = call_stats.calls
        forgot(org, email)
        costs.add(call_stats.calls - before)
    assert len(costs) == 1


def test_mails_for_one_account_are_limited() -> None:
    org = register_organization()
    assert [forgot(org).status for _ in range(6)] == [202] * 5 + [429]
    assert [forgot(org, "nobody@harbor.example").status for _ in range(6)] == [202] * 5 + [429]


def test_changing_the_password_needs_the_old_one_and_ends_the_other_sessions() -> None:
    org = register_organization()
    elsewhere = org.log_in().json()
    wrong = change(org.token, current="wrong wrong wrong")
    assert (wrong.status, wrong.json()["errors"][0]["field"]) == (422, "current_password")
    assert change(org.token).status == 204
    assert get("/auth/me", elsewhere["access_token"]).status == 401
    assert get("/auth/me", org.token).status == 200
    assert org.log_in(org.email, PASSWORD).status == 401
    assert org.log_in(org.email, ANOTHER).status == 200


def test_a_stolen_token_does_not_guess_the_password() -> None:
    org = register_organization()
    statuses = [change(org.token, current="wrong wrong wrong").status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("new", ["short", "x" * 129, PASSWORD])
def test_a_new_password_has_twelve_characters_and_is_new(new: str) -> None:
    org = register_organization()
    refused = change(org.token, new=new)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "new_password")
