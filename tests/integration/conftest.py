"""Services and the store, in process, on a table in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from moto.core import models as mocks

from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.persistence import table
from coachway.core.runtime import clock, settings
from coachway.core.types import ids
from coachway.identity.secrets import hashing
from infra.local.aws_clients import environment_variables
from tests.memory.client import MemoryClient, MemoryConnection
from tests.stack import Stack, needs_stack

TABLE = "coachway-test"
TODAY: Final = datetime(2026, 11, 30, 15, tzinfo=UTC)
"""When tests begin whose trips have dates of their own, most of them in March 2027."""
_WITH_DATES: Final = frozenset({"bids", "billing", "bookings", "compliance", "dispatch", "pricing", "ratings"})

everywhere = pytest.mark.parametrize(
    "dynamodb", [None, "aws", "emulator"], ids=["memory", "moto", "emulator"], indirect=True
)
"""For tests of the store: on the table in memory, on moto's, and on the emulator's."""


@pytest.fixture(autouse=True)
def _clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock of tests that write out dates run on from the same moment, whenever they run.

    Only the product's clock: tokens and the signatures of webhooks are checked by the real one, and Stripe's sandbox is
    another process.
    """
    if request.path.parent.name not in _WITH_DATES or "process" in request.fixturenames:
        return
    shift = TODAY - datetime.now(UTC)
    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda zone: datetime.now(zone) + shift))


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A digest is meant to take long, which the tests in `tests/unit/identity` are enough for."""
    monkeypatch.setattr(hashing, "MEMORY_KIB", 8)
    monkeypatch.setattr(hashing, "PASSES", 1)
    hasher = hashing._hasher
    hasher.cache_clear()
    monkeypatch.setattr(hashing, "NOBODYS", hashing.digest_password("that nobody knows"))
    yield
    hasher.cache_clear()


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts as a function does that has not run yet."""
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
    store.clear_sequence_cache()
    authentication.clear_key_cache()


@pytest.fixture
def aws(_process: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto answers for all of AWS, but for a table in memory."""
    # It answers botocore; that it might be asked with `requests` too is a thousand patterns for each test.
    monkeypatch.setattr(mocks, "RESPONSES_METHODS", [])
    with mock_aws():
        yield


@pytest.fixture
def emulator(_process: None, monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    """The emulator of the shared stack answers, with a table of the test's own."""
    for name, value in environment_variables(stack.config).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TABLE_NAME", f"coachway-test-{ids.ulid()}")


@pytest.fixture(autouse=True)
def dynamodb(_process: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty table and a client of it: in memory, or where `everywhere` puts it."""
    table.connection.cache_clear()
    where = getattr(request, "param", None)
    if where is None:
        monkeypatch.setattr(table, "CountingConnection", MemoryConnection)
        monkeypatch.setattr(MemoryConnection, "memory", MemoryClient())
        yield MemoryConnection.memory
    else:
        request.getfixturevalue(where)
        client = boto3.client("dynamodb")
        client.create_table(**table.schema(settings.table_name()))
        yield client
        client.delete_table(TableName=settings.table_name())
    table.connection.cache_clear()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The emulator is asked only if some test of the run starts a stack anyway."""
    if any(needs_stack(item) for item in items):
        return
    asking = [item for item in items if "emulator" in item.name.partition("[")[2]]
    config.hook.pytest_deselected(items=asking)
    items[:] = [item for item in items if item not in asking]
