"""Settings of organizations."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.contracts.identity import OrganizationUpdated
from tests.integration.identity.builders import get, list_event_data, put, register_organization


def test_update_organization_changes_only_sent_fields() -> None:
    org = register_organization(confirmed=False)
    before = get("/organization", org.token)
    assert before.headers["ETag"] == '"1"'
    changes = {
        "tax_rate_percent": 8.875,
        "minimum_charge": 350,
        "fuel_surcharge_per_mile": 0.0125,
        "number_prefixes": {"charter": "HC"},
        "branding": {"color": "#123abc"},
    }
    changed = put("/organization", changes, org.token, headers={"if-match": '"1"'})
    assert changed.status == 200, changed.text
    updated = put("/organization", {"branding": {"phone": "+12125550100"}}, org.token).json()
    assert (updated["tax_rate_percent"], updated["minimum_charge"], updated["fuel_surcharge_per_mile"]) == (
        8.875,
        350.0,
        0.0125,
    )
    assert updated["number_prefixes"] == {
        "organization": None,
        "charter": "HC",
        "invoice": "INV",
        "change": "CHG",
        "move": "MV",
        "proposal": "PRO",
    }
    assert (updated["branding"]["color"], updated["branding"]["phone"]) == ("#123abc", "+12125550100")
    assert updated["approval_thresholds"] == {"refund": 500.0, "change": 500.0}
    assert put("/organization", {"name": "X"}, org.token, headers={"if-match": '"1"'}).status == 412
    assert len(list_event_data(org.id, OrganizationUpdated)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "mine"},
        {"timezone": "Nowhere"},
        {"timezone": None},
        {"tax_rate_percent": 101},
        {"tax_rate_percent": -1},
        {"fuel_surcharge_per_mile": 0.00001},
        {"minimum_charge": 1.005},
        {"number_prefixes": {"charter": "c h"}},
        {"branding": {"logo_url": "javascript:alert(1)"}},
        {"branding": {"color": "red"}},
        {"branding": {"unknown": 1}},
    ],
)
def test_update_organization_with_invalid_field_is_refused(change: Any) -> None:
    org = register_organization()
    assert put("/organization", change, org.token).status == 422
