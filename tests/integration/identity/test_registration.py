"""Registration of organizations."""

from __future__ import annotations

import pytest

from coachway.contracts.identity import OrganizationRegistered, PasswordResetRequested, UserCreated
from coachway.identity import organization_queries
from tests.integration.identity.builders import (
    PASSWORD,
    get,
    list_event_data,
    post,
    register_organization,
    registration_body,
)


def test_register_creates_organization_and_admin_who_can_log_in() -> None:
    reply = post("/auth/register", registration_body())
    assert reply.status == 201, reply.text
    registered = reply.json()
    assert registered["organization"]["slug"] == "harbor"
    assert registered["user"]["role"] == "admin"
    assert registered["organization"]["branding"]["email"] == "ana@harbor.example"
    assert not {"org_id", "deleted_at"} & (registered["organization"].keys() | registered["user"].keys())
    assert "argon2" not in reply.text
    login = post("/auth/login", {"organization": "harbor", "email": "ANA@harbor.example", "password": PASSWORD})
    assert login.status == 200, login.text
    tokens = login.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    me = get("/auth/me", tokens["access_token"]).json()
    assert me["email"] == "ana@harbor.example"
    assert me["organization"]["name"] == "Harbor Coach"
    assert "users:write" in me["permissions"]


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("ana@xn--bcher-kva.example", "ana@B\u00fccher.example"),
        ("ana@b\u00fccher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_admin_logs_in_with_every_spelling_of_the_email(typed: str, again: str) -> None:
    assert post("/auth/register", registration_body(email=typed)).status == 201
    for email in (typed, again, f" {typed.upper()} "):
        login = post("/auth/login", {"organization": "harbor", "email": email, "password": PASSWORD})
        assert login.status == 200, (email, login.text)
        token = login.json()["access_token"]
        taken = post("/users", {"email": email, "first_name": "Ana", "last_name": "Ruiz", "role": "driver"}, token)
        assert taken.status == 409, (email, taken.text)
    assert post("/auth/password/forgot", {"organization": "harbor", "email": again}).status == 202
    organization_id = get("/auth/me", token).json()["organization"]["id"]
    assert len(list_event_data(organization_id, PasswordResetRequested)) == 1


@pytest.mark.parametrize("name", ["\u200b", "Harbor\x7fCoach", "Harbor\u2028Coach", "\u202eHarbor", "\x85"])
def test_register_name_with_control_characters_or_nothing_visible_is_refused(name: str) -> None:
    body = registration_body()
    body["organization"]["name"] = body["admin"]["first_name"] = name
    reply = post("/auth/register", body)
    assert reply.status == 422
    assert {each["field"] for each in reply.json()["errors"]} == {"organization.name", "admin.first_name"}


def test_register_publishes_events_without_the_password() -> None:
    org = register_organization()
    events = list_event_data(org.id, OrganizationRegistered)
    assert [(each["slug"], each["admin_email"]) for each in events] == [("harbor", "ana@harbor.example")]
    assert [each["user_id"] for each in list_event_data(org.id, UserCreated)] == [org.admin_id]
    assert "password" not in str(events)


def test_register_with_used_slug_is_refused() -> None:
    register_organization()
    repeated = post("/auth/register", registration_body(email="bob@elsewhere.example"))
    assert repeated.status == 409
    assert repeated.json()["errors"][0]["field"] == "organization.slug"
    refused = post("/auth/login", {"organization": "harbor", "email": "bob@elsewhere.example", "password": PASSWORD})
    assert refused.status == 401


def test_register_repeated_with_idempotency_key_returns_first_response() -> None:
    headers = {"idempotency-key": "sign-up"}
    first = post("/auth/register", registration_body(), headers=headers)
    repeated = post("/auth/register", registration_body(), headers=headers)
    assert (repeated.status, repeated.json()) == (201, first.json())


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("organization", "slug", "Harbor!"),
        ("organization", "timezone", "Mars/Olympus"),
        ("organization", "currency", "JPY"),
        ("organization", "name", ""),
        ("admin", "email", "nobody"),
        ("admin", "password", "elevenchars"),
        ("admin", "first_name", "\x00"),
        ("admin", "role", "platform"),
    ],
)
def test_register_with_invalid_field_names_the_field(group: str, name: str, value: str) -> None:
    body = registration_body()
    body[group][name] = value
    reply = post("/auth/register", body)
    assert reply.status == 422
    assert reply.json()["errors"][0]["field"] == f"{group}.{name}"


def test_register_too_often_from_one_address_is_rate_limited() -> None:
    statuses = [post("/auth/register", registration_body(slug=f"org-{n}") | {"x": 1}).status for n in range(3)]
    assert statuses == [422] * 3
    body = registration_body()
    replies = [post("/auth/register", body) for _ in range(11)]
    assert [each.status for each in replies[:10]] == [201] + [409] * 9
    assert replies[10].status == 429
    assert int(replies[10].headers["Retry-After"]) > 0


def test_organization_query_returns_default_settings() -> None:
    org = register_organization()
    organization = organization_queries.get_organization(org.id)
    assert (organization.timezone, organization.currency) == ("America/New_York", "USD")
    assert organization.number_code == "HARBOR"
    assert organization.fuel_surcharge_per_mile == 0
    assert organization.vehicle_classes["coach"] == 56
    assert (organization.minimum_charge, organization.approval_thresholds.refund) == (0, 50000)
