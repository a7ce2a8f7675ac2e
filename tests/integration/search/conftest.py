"""The organizations of the client tests."""

from __future__ import annotations

import pytest

from coachway.clients import service
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Organization
from tests.integration.clients.builders import ORG, OTHER_ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    """Create the organization of the tests, and another one."""
    service._currency.cache_clear()
    for org_id, currency in ((ORG, "USD"), (OTHER_ORG, "EUR")):
        harbor = Organization(
            id=org_id, org_id=org_id, slug="harbor", name="Harbor Coach", timezone="America/New_York", currency=currency
        )
        store.commit(Caller.system("tests", org_id), Create(harbor))
