"""Webhook secrets of vendors, on the table in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.runtime import clock
from coachway.vendors import service, webhook_secrets
from tests.integration.vendor_builders import CALLER, ORG, create_organizations, create_vendor, send_request


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def test_rotate_secret_keeps_the_previous_secret_valid_for_a_day() -> None:
    vendor_id = create_vendor()["id"]
    path = f"/vendors/{vendor_id}/webhook-secret"
    first = send_request("POST", path).json()
    assert first["secret"].startswith("whsec_")
    assert first["previous_valid_until"] is None
    second = send_request("POST", path).json()
    keys = webhook_secrets.find_keys(vendor_id)
    assert keys is not None
    assert keys.org_id == ORG
    assert webhook_secrets.list_valid_secrets(keys, clock.now()) == [second["secret"], first["secret"]]
    assert webhook_secrets.list_valid_secrets(keys, clock.now() + timedelta(hours=25)) == [second["secret"]]
    last_event = store.list_history(service.get_vendor(CALLER, vendor_id).key())[-1]
    assert last_event.type == "vendor.webhook_secret_issued"


def test_rotate_secret_does_not_store_the_secret(dynamodb: Any) -> None:
    path = f"/vendors/{create_vendor()['id']}/webhook-secret"
    secret = send_request("POST", path, headers={"idempotency-key": "k"}).json()["secret"]
    table = str(dynamodb.scan(TableName="coachway-test")["Items"])
    assert secret not in table
    assert secret.removeprefix("whsec_") not in table
