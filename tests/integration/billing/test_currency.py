"""An organization's books are kept in one currency."""

from __future__ import annotations

import pytest

from coachway.core import errors
from coachway.core.schemas import Changes
from coachway.identity import organizations, terms
from tests.integration.billing import office
from tests.integration.billing.office import MANAGER
from tests.integration.bookings import asking
from tests.integration.bookings.asking import ORG


def test_the_currency_is_what_trips_have_prices_in() -> None:
    office.found()
    assert terms.updated(MANAGER, Changes({"currency": "CAD"}), None).currency == "CAD"
    terms.updated(MANAGER, Changes({"currency": "USD"}), None)
    asking.quoted()
    with pytest.raises(errors.Conflict, match="have prices in it"):
        terms.updated(MANAGER, Changes({"currency": "EUR"}), None)
    assert organizations.get(ORG).currency == "USD"
    assert terms.updated(MANAGER, Changes({"currency": "USD", "name": "Harbor"}), None).name == "Harbor"
