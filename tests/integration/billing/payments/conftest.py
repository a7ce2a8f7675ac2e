"""The organization whose clients pay."""

from __future__ import annotations

import pytest

from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox


@pytest.fixture
def organization(sandbox: Sandbox) -> BillingOrganization:
    return BillingOrganization.create()
