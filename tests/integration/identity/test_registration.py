"""An organization signs up, and its admin logs in."""

from __future__ import annotations

from tests.integration.identity.people import PASSWORD, get, post, registered, registration


def test_an_organization_signs_up_and_its_admin_logs_in() -> None:
    reply = post("/auth/register", registration())
    assert reply.status == 201, reply.text
    made = reply.json()
    assert made["organization"]["slug"] == "harbor"
    assert made["user"]["role"] == "admin"
    assert not {"org_id", "deleted_at"} & (made["organization"].keys() | made["user"].keys())
    assert "argon2" not in reply.text
    told = post("/auth/login", {"organization": "harbor", "email": "ANA@harbor.example", "password": PASSWORD})
    assert told.status == 200, told.text
    tokens = told.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    me = get("/auth/me", tokens["access_token"]).json()
    assert me["email"] == "ana@harbor.example"
    assert me["organization"]["name"] == "Harbor Coach"
    assert "users:write" in me["permissions"]


def test_a_refresh_token_is_exchanged_for_the_next_one() -> None:
    org = registered()
    told = post("/auth/refresh", {"refresh_token": org.refresh_token})
    assert told.status == 200, told.text
    assert get("/auth/me", told.json()["access_token"]).status == 200


def test_an_invited_person_joins() -> None:
    org = registered()
    person = org.joined("sam@harbor.example")
    assert person["role"] == "staff"
    assert get("/auth/me", person["access_token"]).json()["first_name"] == "Sam"
