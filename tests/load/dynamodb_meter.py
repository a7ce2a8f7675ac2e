"""What DynamoDB would charge for a request, by its published rules, from the items themselves.

The emulator's own figures leave out the size of what is read and the indexes of what is written.
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
    """Round trips, request units and bytes written since it was made."""

    trips: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    written: list[str] = field(default_factory=list)
    """The kinds of items written."""
    grown: int = 0
    """Bytes that stay: items put for the first time, and their copies in indexes."""

    @contextmanager
    def running(self) -> Iterator[Meter]:
        """Count whatever PynamoDB does in this block."""
        original = Connection.dispatch
        meter = self

        def dispatch(asked: Connection, operation: str, request: dict[str, Any]) -> dict[str, Any]:
            writes = _writes(operation, request)
            before = [_look(asked, write) for write in writes]
            answer: dict[str, Any] = original(asked, operation, request)
            meter.trips += 1
            meter.read_units += _reads(operation, request, _whole(asked, operation, request, answer))
            for write, old in zip(writes, before, strict=True):
                meter._written(old, _look(asked, write), write, twice=operation.startswith("Transact"))
            return answer

        with patch.object(Connection, "dispatch", dispatch):
            yield self

    def _written(self, old: Item | None, new: Item | None, write: Mapping[str, Any], *, twice: bool) -> None:
        largest = max(size(old), size(new))
        self.write_units += _kilobytes(largest) * (2 if twice else 1)
        if write["check"]:
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
        return 3 + sum(len(name.encode()) + _value_size(each) + 1 for name, each in content.items())
    if kind == "L":
        return 3 + sum(_value_size(each) + 1 for each in content)
    return 1


def _kilobytes(count: int) -> int:
    return max(1, math.ceil(count / 1024))


def _index_units(old: Item | None, new: Item | None, index: str) -> int:
    """An entry put or removed is one write, one whose key changes is both, one that stays the same is none."""
    before, after = _entry(old, index), _entry(new, index)
    if before == after and (before is None or old == new):
        return 0
    if before is not None and after is not None and before == after:
        return _kilobytes(max(size(old), size(new)))
    return (_kilobytes(size(old)) if before else 0) + (_kilobytes(size(new)) if after else 0)


def _entry(item: Item | None, index: str) -> tuple[Any, Any] | None:
    return (item[f"{index}pk"], item[f"{index}sk"]) if item and f"{index}pk" in item else None


def _whole(
    connection: Connection, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What a query read to answer: whole items, even where it asked for parts of them."""
    if operation != "Query" or "ProjectionExpression" not in request:
        return answer
    again = {name: value for name, value in request.items() if name != "ProjectionExpression"}
    said = f"{again.get('KeyConditionExpression', '')} {again.get('FilterExpression', '')}".split()
    names = again.pop("ExpressionAttributeNames", {})
    used = {name: names[name] for name in names if any(name in word for word in said)}
    client: Any = connection.client
    whole: Mapping[str, Any] = client.query(**again, **({"ExpressionAttributeNames": used} if used else {}))
    return whole


def _reads(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    if operation == "GetItem":
        return _read_units(size(answer.get("Item")), consistent=bool(request.get("ConsistentRead")))
    if operation == "Query":
        found, scanned = answer["Items"], answer.get("ScannedCount", 0)
        shown = sum(size(item) for item in found)
        whole = shown * scanned / len(found) if found else 0  # what a filter left out was read all the same
        return _read_units(math.ceil(whole), consistent=bool(request.get("ConsistentRead")))
    if operation == "BatchGetItem":
        consistent = [bool(each.get("ConsistentRead")) for each in request["RequestItems"].values()]
        items = [item for table in answer["Responses"].values() for item in table]
        asked = sum(len(each["Keys"]) for each in request["RequestItems"].values())
        absent = (asked - len(items)) * _read_units(0, consistent=any(consistent))
        return sum(_read_units(size(item), consistent=any(consistent)) for item in items) + absent
    return 0.0


def _read_units(count: int, *, consistent: bool) -> float:
    return max(1, math.ceil(count / 4096)) * (1.0 if consistent else 0.5)


def _writes(operation: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    if operation == "TransactWriteItems":
        return [_write(kind, each) for entry in request["TransactItems"] for kind, each in entry.items()]
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return [_write(operation, request)]
    return []


def _write(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    place = request.get("Key") or {part: request["Item"][part] for part in ("pk", "sk")}
    return {"table": request["TableName"], "key": place, "check": kind == "ConditionCheck"}


def _look(connection: Connection, write: Mapping[str, Any]) -> Item | None:
    client: Any = connection.client
    answer = client.get_item(TableName=write["table"], Key=write["key"], ConsistentRead=True)
    found: Item | None = answer.get("Item")
    return found
