"""An organization to price for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.ops import Create
from coachway.identity.model import Organization
from tests.integration.pricing.asking import ORG, OTHER_ORG


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
            tax_rate_percent=Decimal(0),
        )
        store.commit(Caller.system("tests", org_id), Create(organization))
