"""The currency of an organization cannot change once it has prices."""

from __future__ import annotations

import pytest

from coachway.core import errors
from coachway.core.schemas import PartialUpdate
from coachway.identity import organization_queries
from coachway.identity.organizations import service as organization_service
from tests.integration.billing import builders
from tests.integration.billing.builders import MANAGER
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


def test_change_currency_requires_no_priced_charters() -> None:
    builders.set_up_organization()
    assert organization_service.update_organization(MANAGER, PartialUpdate({"currency": "CAD"}), None).currency == "CAD"
    organization_service.update_organization(MANAGER, PartialUpdate({"currency": "USD"}), None)
    booking_builders.create_charter()
    with pytest.raises(errors.Conflict, match="have prices in this currency"):
        organization_service.update_organization(MANAGER, PartialUpdate({"currency": "EUR"}), None)
    assert organization_queries.get_organization(ORG).currency == "USD"
    assert (
        organization_service.update_organization(
            MANAGER, PartialUpdate({"currency": "USD", "name": "Harbor"}), None
        ).name
        == "Harbor"
    )
