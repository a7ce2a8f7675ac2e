"""Organizations and clients of the pricing tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Organization
from tests.integration.pricing.builders import ACME, ORG, OTHER_ORG, ZENITH


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    for org_id, slug in ((ORG, "harbor"), (OTHER_ORG, "other")):
        organization = Organization(
            id=org_id,
            org_id=org_id,
            slug=slug,
            name=slug.title(),
            timezone="America/New_York",
            currency="USD",
            fuel_surcharge_per_mile=Decimal("0.01"),
        )
        store.commit(Caller.system("tests", org_id), Create(organization))
    for client_id, name in ((ACME, "Acme"), (ZENITH, "Zenith")):
        client = Client(
            id=client_id,
            org_id=ORG,
            name=name,
            client_type="corporate",
            email=f"{name.lower()}@example.com",
            currency="USD",
        )
        store.commit(Caller.system("tests", ORG), Create(client))
