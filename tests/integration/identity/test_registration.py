"""An organization signs up, and its admin logs in."""

from __future__ import annotations

import pytest

from coachway.contracts.identity import OrganizationRegistered, UserCreated
from coachway.identity import organization_queries
from tests.integration.identity.builders import (
    PASSWORD,
    get,
    list_event_data,
    post,
    register_organization,
    registration_body,
)


def test_an_organization_signs_up_and_its_admin_logs_in() -> None:
    reply = post("/auth/register", registration_body())
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


def test_signing_up_is_told_as_events_without_a_secret() -> None:
    org = register_organization()
    began = list_event_data(org.id, OrganizationRegistered)
    assert [(each["slug"], each["admin_email"]) for each in began] == [("harbor", "ana@harbor.example")]
    assert [each["user_id"] for each in list_event_data(org.id, UserCreated)] == [org.admin_id]
    assert "password" not in str(began)


def test_a_slug_is_taken_once_in_the_deployment() -> None:
    register_organization()
    again = post("/auth/register", registration_body(email="bob@elsewhere.example"))
    assert again.status == 409
    assert again.json()["errors"][0]["field"] == "organization.slug"
    refused = post("/auth/login", {"organization": "harbor", "email": "bob@elsewhere.example", "password": PASSWORD})
    assert refused.status == 401


def test_the_same_sign_up_sent_twice_with_a_key_is_one() -> None:
    headers = {"idempotency-key": "sign-up"}
    first = post("/auth/register", registration_body(), headers=headers)
    again = post("/auth/register", registration_body(), headers=headers)
    assert (again.status, again.json()) == (201, first.json())


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
def test_a_sign_up_with_a_wrong_field_is_refused_by_its_name(group: str, name: str, value: str) -> None:
    body = registration_body()
    body[group][name] = value
    reply = post("/auth/register", body)
    assert reply.status == 422
    assert reply.json()["errors"][0]["field"] == f"{group}.{name}"


def test_sign_ups_from_one_address_are_limited() -> None:
    statuses = [post("/auth/register", registration_body(slug=f"org-{n}") | {"x": 1}).status for n in range(3)]
    assert statuses == [422] * 3
    body = registration_body()
    replies = [post("/auth/register", body) for _ in range(11)]
    assert [each.status for each in replies[:10]] == [201] + [409] * 9
    assert replies[10].status == 429
    assert int(replies[10].headers["Retry-After"]) > 0


def test_other_capabilities_read_the_organizations_terms() -> None:
    org = register_organization()
    kept = organization_queries.get(org.id)
    assert (kept.timezone, kept.currency, kept.number_code) == ("America/New_York", "USD", "HARBOR")
    assert (float(kept.fuel_surcharge_per_mile), kept.minimum_charge, kept.approval_thresholds.refund) == (
        0.01,
        0,
        50000,
    )
