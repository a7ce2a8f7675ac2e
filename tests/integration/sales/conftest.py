"""The organizations of the sales tests."""

from __future__ import annotations

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import SlugHolder
from coachway.sales.leads import public_requests
from tests.integration.sales.builders import ORG, OTHER_ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    """Create the organization of the tests, and another one."""
    public_requests.clear_cache()
    for org_id, slug in ((ORG, "harbor"), (OTHER_ORG, "other")):
        harbor = Organization(
            id=org_id, org_id=org_id, slug=slug, name="Harbor Coach", timezone="America/New_York", currency="USD"
        )
        holder = SlugHolder(slug=slug, organization_id=org_id)
        store.commit(Caller.system("tests", org_id), Create(harbor), Create(holder))
