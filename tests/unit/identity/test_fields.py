"""Fields of organizations and users refuse what they cannot mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from coachway.core.types import ids
from coachway.identity.model import field_types
from coachway.identity.model.organization import Branding, Organization
from coachway.identity.model.user import UserFields


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Berlin", "UTC", "Pacific/Kiritimati"])
def test_time_zones_are_known_by_their_iana_names(name: str) -> None:
    assert TypeAdapter(field_types.TimeZone).validate_python(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "EST5EDT4",
        "America",
        "America/Nowhere",
        "../etc/passwd",
        "/etc/localtime",
        "posix/UTC",
        "a\x00b/c",
        "x" * 99,
    ],
)
def test_other_names_are_no_time_zones(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field_types.TimeZone).validate_python(name)


@pytest.mark.parametrize(
    ("code", "good"), [("USD", True), ("EUR", True), ("usd", False), ("JPY", False), ("XXX", False)]
)
def test_currencies_are_those_that_have_hundredths(code: str, good: bool) -> None:
    adapter = TypeAdapter(field_types.Currency)
    if good:
        assert adapter.validate_python(code) == code
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(code)


@pytest.mark.parametrize(
    ("slug", "good"),
    [
        ("harbor", True),
        ("a1", True),
        ("a-b", True),
        ("a", False),
        ("-a", False),
        ("A1", False),
        ("a_b", False),
        ("a" * 41, False),
    ],
)
def test_slugs(slug: str, good: bool) -> None:
    adapter = TypeAdapter(field_types.Slug)
    if good:
        assert adapter.validate_python(slug) == slug
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(slug)


def organization(**more: Any) -> Organization:
    known = {
        "id": "org_1",
        "org_id": "org_1",
        "name": "Harbor",
        "slug": "harbor-coach",
        "timezone": "UTC",
        "currency": "USD",
    }
    return Organization.model_validate({**known, **more})


def test_rates_keep_their_exact_value_through_the_table() -> None:
    kept = organization(tax_rate_percent=Decimal("8.875"), fuel_surcharge_per_mile=Decimal("0.0125"))
    again = Organization.model_validate_json(kept.model_dump_json())
    assert (again.tax_rate_percent, again.fuel_surcharge_per_mile) == (Decimal("8.875"), Decimal("0.0125"))


def test_an_organization_is_in_the_numbers_of_its_papers() -> None:
    assert organization().number_code == "HARBORCOACH"
    assert organization(number_prefixes={"organization": "HC"}).number_code == "HC"


@pytest.mark.parametrize(
    "url", ["http://harbor.example/x.png", "javascript:alert(1)", 'https://h.example/"onerror=', "data:image/png,x"]
)
def test_a_logo_is_an_https_address(url: str) -> None:
    with pytest.raises(ValidationError):
        Branding(logo_url=url)


def person(**more: Any) -> UserFields:
    return UserFields.model_validate({"first_name": "Ana", "last_name": "Ruiz", "role": "staff", **more})


def test_a_user_has_an_email_or_a_phone() -> None:
    assert person(email="ana@harbor.example").phone is None
    assert person(phone="+12125550123").email is None
    with pytest.raises(ValidationError, match="email: an email or a phone"):
        person()


def test_only_outside_people_act_for_somebody_and_only_of_their_kind() -> None:
    client, vendor = ids.new("cli"), ids.new("ven")
    assert person(email="a@b.example", role="client", party_id=client).party_id == client
    for role, party in (("client", vendor), ("staff", client), ("driver", client)):
        with pytest.raises(ValidationError, match="party_id"):
            person(email="a@b.example", role=role, party_id=party)
