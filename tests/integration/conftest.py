"""Services and the store, in process, on moto's DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.loaders import JSONFileLoader
from moto import mock_aws

from coachway.core import credentials, settings, store, table

TABLE = "coachway-test"


@pytest.fixture(scope="session", autouse=True)
def _descriptions() -> Iterator[None]:
    """botocore reads what describes AWS for each session anew, which takes longer than most of the tests."""
    read = JSONFileLoader.load_file
    kept: dict[str, Any] = {}

    def once(loader: JSONFileLoader, file_path: str) -> Any:
        if file_path not in kept:
            kept[file_path] = read(loader, file_path)
        return kept[file_path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", once)
        yield


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
