"""Compute what DynamoDB would charge for a request, by its published rules, from the items themselves.

The emulator's own figures ignore the size of what is read and the indexes of what is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from pynamodb.connection.base import Connection

Item = Mapping[str, Mapping[str, Any]]
INDEXES: Final = ("gsi1", "gsi2", "gsi3", "gsi4")


@dataclass
class Meter:
    """DynamoDB calls, request units and bytes written while it is running."""

    calls: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    written: list[str] = field(default_factory=list)
    """The kinds of items written."""
    grown: int = 0
    """Bytes of new items and of their entries in indexes."""

    @contextmanager
    def running(self) -> Iterator[Meter]:
        """Count what PynamoDB does in this block."""
        original = Connection.dispatch
        meter = self

        def dispatch(connection: Connection, operation: str, request: dict[str, Any]) -> dict[str, Any]:
            writes = _writes(operation, request)
            before = [_get_item(connection, write) for write in writes]
            response: dict[str, Any] = original(connection, operation, request)
            meter.calls += 1
            meter.read_units += _reads(operation, request, _whole_items(connection, operation, request, response))
            for write, old in zip(writes, before, strict=True):
                meter._count_write(
                    old, _get_item(connection, write), write, is_transaction=operation.startswith("Transact")
                )
            return response

        with patch.object(Connection, "dispatch", dispatch):
            yield self

    def usage(self) -> dict[str, Any]:
        """The figures as a row of the report has them."""
        return {
            "calls": self.calls,
            "read_units": self.read_units,
            "write_units": self.write_units,
            "written": self.written,
            "grown": self.grown,
        }

    def _count_write(
        self, old: Item | None, new: Item | None, write: Mapping[str, Any], *, is_transaction: bool
    ) -> None:
        largest = max(size(old), size(new))
        self.write_units += _kilobytes(largest) * (2 if is_transaction else 1)
        if write["is_check"]:
            return
        self.written.append(str((new or old or {}).get("kind", {}).get("S", "?")))
        for index in INDEXES:
            self.write_units += _index_units(old, new, index)
        if old is None and new is not None:
            self.grown += size(new) * (1 + sum(f"{index}pk" in new for index in INDEXES))


def size(item: Item | None) -> int:
    """Bytes of an item, as DynamoDB counts them: names and values in UTF-8."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items()) if item else 0


def _value_size(value: Mapping[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content) + 1) // 2 + 1
    if kind == "M":
        return 3 + sum(len(name.encode()) + _value_size(member) + 1 for name, member in content.items())
    if kind == "L":
        return 3 + sum(_value_size(member) + 1 for member in content)
    return 1


def _kilobytes(count: int) -> int:
    return max(1, math.ceil(count / 1024))


def _index_units(old: Item | None, new: Item | None, index: str) -> int:
    """A new or removed entry is one write, a changed key is two, an unchanged entry is none."""
    before, after = _entry(old, index), _entry(new, index)
    if before == after and (before is None or old == new):
        return 0
    if before is not None and after is not None and before == after:
        return _kilobytes(max(size(old), size(new)))
    return (_kilobytes(size(old)) if before else 0) + (_kilobytes(size(new)) if after else 0)


def _entry(item: Item | None, index: str) -> tuple[Any, Any] | None:
    return (item[f"{index}pk"], item[f"{index}sk"]) if item and f"{index}pk" in item else None


def _whole_items(
    connection: Connection, operation: str, request: Mapping[str, Any], response: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The whole items that a query read, also if it returned only parts of them."""
    if operation != "Query" or "ProjectionExpression" not in request:
        return response
    query = {name: value for name, value in request.items() if name != "ProjectionExpression"}
    expressions = f"{query.get('KeyConditionExpression', '')} {query.get('FilterExpression', '')}".split()
    names = query.pop("ExpressionAttributeNames", {})
    used = {name: names[name] for name in names if any(name in word for word in expressions)}
    client: Any = connection.client
    whole: Mapping[str, Any] = client.query(**query, **({"ExpressionAttributeNames": used} if used else {}))
    return whole


def _reads(operation: str, request: Mapping[str, Any], response: Mapping[str, Any]) -> float:
    if operation == "GetItem":
        return _read_units(size(response.get("Item")), consistent=bool(request.get("ConsistentRead")))
    if operation == "Query":
        items, scanned = response["Items"], response.get("ScannedCount", 0)
        returned = sum(size(item) for item in items)
        total = returned * scanned / len(items) if items else 0  # items that a filter removed are charged as well
        return _read_units(math.ceil(total), consistent=bool(request.get("ConsistentRead")))
    if operation == "BatchGetItem":
        tables = request["RequestItems"].values()
        consistent = any(bool(table.get("ConsistentRead")) for table in tables)
        items = [item for table in response["Responses"].values() for item in table]
        missing = sum(len(table["Keys"]) for table in tables) - len(items)
        units = sum(_read_units(size(item), consistent=consistent) for item in items)
        return units + missing * _read_units(0, consistent=consistent)
    return 0.0


def _read_units(count: int, *, consistent: bool) -> float:
    return max(1, math.ceil(count / 4096)) * (1.0 if consistent else 0.5)


def _writes(operation: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    if operation == "TransactWriteItems":
        return [_write(kind, write) for entry in request["TransactItems"] for kind, write in entry.items()]
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return [_write(operation, request)]
    return []


def _write(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    key = request.get("Key") or {part: request["Item"][part] for part in ("pk", "sk")}
    return {"table": request["TableName"], "key": key, "is_check": kind == "ConditionCheck"}


def _get_item(connection: Connection, write: Mapping[str, Any]) -> Item | None:
    client: Any = connection.client
    response = client.get_item(TableName=write["table"], Key=write["key"], ConsistentRead=True)
    item: Item | None = response.get("Item")
    return item
