"""Services and the store, in process, on moto's DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from coachway.core import credentials, settings, store, table

TABLE = "coachway-test"


@pytest.fixture(autouse=True)
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A fresh table for each test."""
    for name, value in {
        "TABLE_NAME": TABLE,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "ALLOWED_ORIGINS": "https://app.harbor.example",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(settings, "root_secret", lambda: b"a secret of the tests")
    monkeypatch.setattr(settings, "public_url", lambda: "https://coachway.test/live")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table.schema(TABLE))
        table.connection.cache_clear()
        store.forget_numbers()
        credentials.forget_keys()
        yield client
        table.connection.cache_clear()
