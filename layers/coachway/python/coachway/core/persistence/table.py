"""The one table: its keys, its indexes, and the connection to it.

PynamoDB's connection is the driver. Its models are not used: they read lists at half the speed, and what leaves the
store is pydantic's. `template.yaml` declares the same schema for AWS; a test compares the two.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from botocore.config import Config
from pynamodb.connection.base import Connection, MetaTable

from coachway.core.runtime import settings
from coachway.core.runtime.version import VERSION

INDEXES: Final = ("gsi1", "gsi2", "gsi3", "gsi4")


def schema(name: str) -> dict[str, Any]:
    """The table as CreateTable wants it."""
    attributes = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]

    def key(prefix: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": f"{prefix}pk", "KeyType": "HASH"},
            {"AttributeName": f"{prefix}sk", "KeyType": "RANGE"},
        ]

    return {
        "TableName": name,
        "KeySchema": key(""),
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in attributes],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": key(index), "Projection": {"ProjectionType": "ALL"}} for index in INDEXES
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


@dataclass(slots=True)
class CallStats:
    """How often this process asked DynamoDB, and what it was charged: for the log and for `make bench`."""

    calls: int = 0
    units: float = 0.0


tally = CallStats()


class CountingConnection(Connection):
    """PynamoDB's connection, keeping a tally of calls and capacity units."""

    def prepare(self) -> None:
        """Make the client, so that it does no work per call whose result never changes: a third of a call's time."""
        # botocore would put together a new User-Agent for every call, twice,
        self.session.set_default_client_config(Config(user_agent=f"coachway/{VERSION} botocore"))
        # and find out the endpoint again.
        client: Any = self.client
        client._ruleset_resolver = None  # noqa: SLF001 - it has no setting for that

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        tally.calls += 1
        answer = super().dispatch(operation_name, operation_kwargs)
        consumed = answer.get("ConsumedCapacity") or []
        for each in consumed if isinstance(consumed, list) else [consumed]:
            tally.units += each.get("CapacityUnits", 0.0)
        return answer


@cache
def connection(name: str | None = None) -> CountingConnection:
    """The process's connection to the table, its client made."""
    result = CountingConnection(
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        connect_timeout_seconds=3,
        read_timeout_seconds=10,
        max_retry_attempts=4,
    )
    result.prepare()
    result.add_meta_table(MetaTable(schema(name or settings.table_name())))
    return result
