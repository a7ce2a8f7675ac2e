"""An organization whose clients pay on receipt, and a fake of Stripe's charges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coachway.billing.stripe import client as stripe_client
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.collections.builders import NOW, FakeStripe


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(NOW):
        builders.set_up_organization("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def fake_stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    fake = FakeStripe()
    monkeypatch.setattr(stripe_client, "charge_card", fake.charge_card)
    monkeypatch.setattr(stripe_client, "find_charge", fake.find_charge)
    return fake
