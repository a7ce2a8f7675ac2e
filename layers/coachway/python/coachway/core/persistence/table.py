"""The DynamoDB table: keys, indexes and connection.

We use PynamoDB's connection, but not its models: records are pydantic models, and reading lists with PynamoDB's models
takes twice as long. `template.yaml` declares the same schema for AWS; a test compares the two.
"""

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
    """Return the arguments of CreateTable for the table."""
    attributes = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]

    def key(prefix: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": f"{prefix}pk", "KeyType": "HASH"},
            {"AttributeName": f"{prefix}sk", "KeyType": "RANGE"},
        ]

    return {
        "TableName": name,
        "KeySchema": key(""),
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": key(index), "Projection": {"ProjectionType": "ALL"}} for index in INDEXES
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


@dataclass(slots=True)
class CallStats:
    """Number of DynamoDB calls of this process and the capacity units they used, for the log and `make bench`."""

    calls: int = 0
    units: float = 0.0


call_stats = CallStats()


class CountingConnection(Connection):
    """PynamoDB's connection; counts calls and capacity units in `call_stats`."""

    def prepare(self) -> None:
        """Create a client that does not repeat work whose result never changes. This saves a third of a call's time."""
        # Without this, botocore builds a new User-Agent twice per call.
        self.session.set_default_client_config(Config(user_agent=f"coachway/{VERSION} botocore"))
        # Without this, it resolves the endpoint at every call.
        client: Any = self.client
        client._ruleset_resolver = None  # noqa: SLF001 - it has no setting for that

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        call_stats.calls += 1
        response = super().dispatch(operation_name, operation_kwargs)
        consumed = response.get("ConsumedCapacity") or []
        for capacity in consumed if isinstance(consumed, list) else [consumed]:
            call_stats.units += capacity.get("CapacityUnits", 0.0)
        return response


@cache
def connection(name: str | None = None) -> CountingConnection:
    """Return the connection of this process to the table, with its client created."""
    result = CountingConnection(
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        connect_timeout_seconds=3,
        read_timeout_seconds=10,
        max_retry_attempts=4,
    )
    result.prepare()
    result.add_meta_table(MetaTable(schema(name or settings.table_name())))
    return result
