"""The organization record and its branding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from coachway.identity.model.organization import Branding, Organization


def build_organization(**fields: Any) -> Organization:
    defaults = {
        "id": "org_1",
        "org_id": "org_1",
        "name": "Harbor",
        "slug": "harbor-coach",
        "timezone": "UTC",
        "currency": "USD",
    }
    return Organization.model_validate({**defaults, **fields})


def test_organization_rates_keep_their_exact_value_in_json() -> None:
    organization = build_organization(tax_rate_percent=Decimal("8.875"), fuel_surcharge_per_mile=Decimal("0.0125"))
    parsed = Organization.model_validate_json(organization.model_dump_json())
    assert (parsed.tax_rate_percent, parsed.fuel_surcharge_per_mile) == (Decimal("8.875"), Decimal("0.0125"))


def test_number_code_is_the_prefix_or_the_slug_in_capitals() -> None:
    assert build_organization().number_code == "HARBORCOACH"
    assert build_organization(number_prefixes={"organization": "HC"}).number_code == "HC"


@pytest.mark.parametrize(
    "url", ["http://harbor.example/x.png", "javascript:alert(1)", 'https://h.example/"onerror=', "data:image/png,x"]
)
def test_logo_url_that_is_not_https_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Branding(logo_url=url)
