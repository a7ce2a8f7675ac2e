"""Fixtures of the integration tests: services and the store in this process, on a table in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from moto.core import models as mocks

from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.persistence import table
from coachway.core.persistence.responses.idempotency import IdempotencyRecord
from coachway.core.runtime import clock, settings
from coachway.core.types import ids
from coachway.identity import organization_queries
from coachway.identity.secrets import hashing
from coachway.places import amazon_client, lookup
from infra.local.aws_clients import environment_variables
from tests.location_server import LocationServer, get_location_server
from tests.memory.client import MemoryClient, MemoryConnection
from tests.stack import Stack, needs_stack

TABLE = "coachway-test"
TODAY: Final = datetime(2026, 11, 30, 15, tzinfo=UTC)
"""The time at which tests with fixed dates start. Most of their trips are in March 2027."""
_WITH_FIXED_DATES: Final = frozenset(
    {"bids", "billing", "bookings", "compliance", "dispatch", "pricing", "ratings", "sales"}
)

BUSY_SECONDS: Final = 60.0
"""How long the map service may take on a busy machine."""

on_every_table = pytest.mark.parametrize(
    "dynamodb", [None, "aws", "emulator"], ids=["memory", "moto", "emulator"], indirect=True
)
"""Run tests of the store on the table in memory, on moto and on the emulator."""


@pytest.fixture(autouse=True)
def _clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the product's clock at `TODAY` for tests with fixed dates.

    Libraries that check tokens and webhook signatures, and the process of Stripe's sandbox, use the real clock.
    """
    capability = request.path.relative_to(request.config.rootpath / "tests/integration").parts[0]
    if capability not in _WITH_FIXED_DATES or "sandbox_process" in request.fixturenames:
        return
    shift = TODAY - datetime.now(UTC)
    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda zone: datetime.now(zone) + shift))


@pytest.fixture(autouse=True)
def _fast_password_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make password digests fast. `tests/unit/identity` tests them as they are."""
    monkeypatch.setenv("PASSWORD_MEMORY_KIB", "8")
    monkeypatch.setattr(hashing, "NO_USER_DIGEST", hashing.digest_password("that nobody knows"))


@pytest.fixture(scope="session")
def location_server() -> LocationServer:
    """The sandbox of the map service."""
    return get_location_server()


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test the environment and empty caches of a new function process."""
    location = get_location_server()
    location.sandbox.set_mode("ok", 0)
    monkeypatch.setattr(amazon_client, "_READ_SECONDS", BUSY_SECONDS)
    monkeypatch.setattr(lookup, "_SECONDS", BUSY_SECONDS)
    amazon_client.clear_health()
    for name, value in {
        "TABLE_NAME": TABLE,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "ALLOWED_ORIGINS": "https://app.harbor.example",
        "LOCATION_API_BASE": location.url,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(settings, "root_secret", lambda: b"root secret of the tests")
    monkeypatch.setattr(settings, "public_url", lambda: "https://coachway.test/live")
    store.clear_sequence_cache()
    authentication.clear_caches()
    organization_queries.clear_known_data()


@pytest.fixture(autouse=True)
def _one_response_per_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if a commit stores another response for the Idempotency-Key than the one that is sent.

    A request that repeats the key at that moment, or after a crash, would get the wrong one.
    """
    save = store.save_idempotency_record

    def save_first(record: IdempotencyRecord, *, only_if_absent: bool) -> IdempotencyRecord | None:
        assert only_if_absent, "The response differs from the one that a commit stored: pass `response` to the commit."
        return save(record, only_if_absent=only_if_absent)

    monkeypatch.setattr(store, "save_idempotency_record", save_first)


@pytest.fixture(scope="session", autouse=True)
def _shared_clients() -> Iterator[None]:
    """Create each client of AWS once for all tests: it takes longer than most tests."""
    create = boto3.client

    @cache
    def create_once(service: str, endpoint: str | None, **options: Any) -> Any:
        return create(service, **options)

    def find_client(service: str, **options: Any) -> Any:
        return create_once(service, os.environ.get("AWS_ENDPOINT_URL"), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "client", find_client)
        yield


@pytest.fixture
def aws(_process: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use moto for all AWS services."""
    # The tests do not call AWS with `requests`; registering moto's patterns for it would slow down each test.
    monkeypatch.setattr(mocks, "RESPONSES_METHODS", [])
    with mock_aws():
        yield


@pytest.fixture
def emulator(_process: None, monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    """Use the emulator of the shared stack, with a separate table for the test."""
    for name, value in environment_variables(stack.config).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TABLE_NAME", f"coachway-test-{ids.ulid()}")


@pytest.fixture(autouse=True)
def dynamodb(_process: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty table and its client: in memory, or on the backend that `on_every_table` selects."""
    table.connection.cache_clear()
    backend = getattr(request, "param", None)
    if backend is None:
        monkeypatch.setattr(table, "CountingConnection", MemoryConnection)
        monkeypatch.setattr(MemoryConnection, "memory", MemoryClient())
        yield MemoryConnection.memory
    else:
        request.getfixturevalue(backend)
        client = boto3.client("dynamodb")
        client.create_table(**table.schema(settings.table_name()))
        yield client
        client.delete_table(TableName=settings.table_name())
    table.connection.cache_clear()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests on the emulator unless another selected test starts a stack anyway."""
    if any(needs_stack(item) for item in items):
        return
    on_emulator = [item for item in items if "emulator" in item.name.partition("[")[2]]
    config.hook.pytest_deselected(items=on_emulator)
    items[:] = [item for item in items if item not in on_emulator]
