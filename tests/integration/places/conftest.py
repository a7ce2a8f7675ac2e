"""Every test has an empty table with one organization, in Chicago."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Organization

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"


@pytest.fixture(autouse=True)
def _organization(dynamodb: Any) -> None:
    organization = Organization(
        id=ORG, org_id=ORG, slug="lakeside", name="Lakeside Coach", timezone="America/Chicago", currency="USD"
    )
    store.commit(Caller.system("tests", ORG), Create(organization))
