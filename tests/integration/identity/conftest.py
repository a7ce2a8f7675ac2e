"""Every test starts as a new process does, on a table whose writes are as atomic as DynamoDB's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend

from coachway.identity.secrets import signing_keys


@pytest.fixture(autouse=True)
def _fresh_process(dynamodb: object) -> Iterator[None]:
    signing_keys.forget()
    yield
    signing_keys.forget()


@pytest.fixture(autouse=True)
def _one_write_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # moto checks conditions and writes in two steps, between which another thread may come.
    lock = threading.RLock()
    for name in ("put_item", "update_item", "delete_item", "transact_write_items"):
        real = getattr(DynamoDBBackend, name)

        def locked(*args: Any, _real: Any = real, **named: Any) -> Any:
            with lock:
                return _real(*args, **named)

        monkeypatch.setattr(DynamoDBBackend, name, locked)
