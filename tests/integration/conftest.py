"""Services and the store, in process, on moto's DynamoDB."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import models as mocks
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.persistence import table
from coachway.core.runtime import settings
from coachway.identity.secrets import hashing

TABLE = "coachway-test"


class _Copies:
    """What moto's `copy` is while a transaction runs: of a table only what the transaction updates is copied."""

    def __init__(self) -> None:
        self.updated: list[tuple[DynamoType, DynamoType]] | None = None

    def deepcopy(self, what: Any) -> Any:
        if self.updated is None or not isinstance(what, Table):
            return copy.deepcopy(what)
        kept = copy.copy(what)
        kept.items = defaultdict(dict, {pk: dict(others) for pk, others in what.items.items()})
        for pk, sk in self.updated:
            if sk in kept.items.get(pk, {}):
                kept.items[pk][sk] = copy.deepcopy(kept.items[pk][sk])
        return kept


@pytest.fixture(scope="session", autouse=True)
def _botocore_alone() -> Iterator[None]:
    """moto answers botocore; that it might be asked with `requests` too is a thousand patterns for each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mocks, "RESPONSES_METHODS", [])
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A digest is meant to take long, which the tests in `tests/unit/identity` are enough for."""
    monkeypatch.setattr(hashing, "MEMORY_KIB", 8)
    monkeypatch.setattr(hashing, "PASSES", 1)
    hasher = hashing._hasher
    hasher.cache_clear()
    monkeypatch.setattr(hashing, "NOBODYS", hashing.password_digest("that nobody knows"))
    yield
    hasher.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _transactions() -> Iterator[None]:
    """moto keeps a copy of the table to go back to, anew for each write: most of the time went there."""
    transact, copies = models.DynamoDBBackend.transact_write_items, _Copies()

    def lightly(backend: models.DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        keys = [each["Update"]["Key"] for each in items if "Update" in each]
        copies.updated = [(DynamoType(key["pk"]), DynamoType(key["sk"])) for key in keys]
        try:
            transact(backend, items)
        finally:
            copies.updated = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "copy", copies)
        patch.setattr(models.DynamoDBBackend, "transact_write_items", lightly)
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
        store.clear_sequence_cache()
        authentication.clear_key_cache()
        yield client
        table.connection.cache_clear()
