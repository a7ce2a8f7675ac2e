"""Services and the store, in process, on moto's DynamoDB."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb import models
from moto.dynamodb.models.table import Table

from coachway.core import credentials, settings, store, table

TABLE = "coachway-test"


class _Copies:
    """What moto's `copy` is while a transaction runs: a table is copied once, and not for each of its writes."""

    def __init__(self) -> None:
        self.of_tables: dict[int, Any] | None = None

    def deepcopy(self, what: Any) -> Any:
        if self.of_tables is None or not isinstance(what, Table):
            return copy.deepcopy(what)
        if id(what) not in self.of_tables:
            self.of_tables[id(what)] = copy.deepcopy(what)
        return self.of_tables[id(what)]


@pytest.fixture(scope="session", autouse=True)
def _transactions() -> Iterator[None]:
    """moto keeps a copy of the table to go back to, made anew for each write: most of the time went there."""
    transact, copies = models.DynamoDBBackend.transact_write_items, _Copies()

    def once(backend: models.DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        copies.of_tables = {}
        try:
            transact(backend, items)
        finally:
            copies.of_tables = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "copy", copies)
        patch.setattr(models.DynamoDBBackend, "transact_write_items", once)
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
