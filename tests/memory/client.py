"""DynamoDB in memory: a client for PynamoDB's connection and for the calls that tests make with boto3.

As in DynamoDB, an open transaction locks its items. Another transaction on them is cancelled with TransactionConflict,
other writes fail, and reads return the items from before the transaction.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from coachway.core.persistence.table import CountingConnection
from tests.memory import expressions
from tests.memory.expressions import InvalidExpression, Item, Scope, build_scope
from tests.memory.table import Entry, ItemKey, Items, parse_key, read_units, require_valid, size

Json = dict[str, Any]

MAX_TRANSACTION_ITEMS: Final = 100
MAX_BATCH_KEYS: Final = 100
PAGE_BYTES: Final = 1024 * 1024
TRANSACTION_SECONDS: Final = 0.002
"""How long a transaction locks its items."""


class MemoryClient:
    """A client of DynamoDB with one table in this process."""

    def __init__(self) -> None:
        self._items = Items()
        self._lock = threading.RLock()
        self._locked: set[ItemKey] = set()

    def clear(self) -> None:
        self._items.clear()

    def __getattr__(self, name: str) -> Callable[..., Json]:
        operation = "".join(part.title() for part in name.split("_"))
        if f"_{name}" not in vars(MemoryClient):
            raise NotImplementedError(f"the operation {operation}")
        return lambda **request: self._make_api_call(operation, request)

    @staticmethod
    def pause() -> None:
        """Take the time of a transaction, if other threads could see it."""
        if threading.active_count() > 1:
            time.sleep(TRANSACTION_SECONDS)

    def get_paginator(self, name: str) -> MemoryClient:
        assert name == "scan"
        return self

    def paginate(self, **request: Any) -> Iterator[Json]:
        yield self.scan(**request)

    def _make_api_call(self, operation: str, request: Mapping[str, Any]) -> Json:
        handler = getattr(self, re.sub(r"(?=[A-Z])", "_", operation).lower(), None)
        if handler is None:
            raise NotImplementedError(f"the operation {operation}")
        try:
            response: Json = handler(request)
        except InvalidExpression as failure:
            raise _error(operation, "ValidationException", str(failure)) from failure
        return response

    # Reads

    def _get_item(self, request: Mapping[str, Any]) -> Json:
        scope, key = build_scope(request), parse_key(request["Key"])
        item = self._items.get(key)
        units = read_units([size(item or {})], consistent=request.get("ConsistentRead", False))
        content = {} if item is None else {"Item": _project(item, request, scope)}
        return {**content, **_consumed_capacity(units)}

    def _batch_get_item(self, request: Mapping[str, Any]) -> Json:
        [(name, table_request)] = request["RequestItems"].items()
        keys, scope = [parse_key(key) for key in table_request["Keys"]], build_scope(table_request)
        if len(keys) > MAX_BATCH_KEYS:
            raise InvalidExpression("Too many items requested for the BatchGetItem call")
        if len(set(keys)) < len(keys):
            raise InvalidExpression("Provided list of item keys contains duplicates")
        with self._lock:
            items = [item for key in keys if (item := self._items.get(key)) is not None]
        units = sum(read_units([size(item)], consistent=table_request.get("ConsistentRead", False)) for item in items)
        answers = {name: [_project(item, table_request, scope) for item in items]}
        return {"Responses": answers, "UnprocessedKeys": {}, "ConsumedCapacity": [{"CapacityUnits": units}]}

    def _query(self, request: Mapping[str, Any]) -> Json:
        index, scope = request.get("IndexName") or "", build_scope(request)
        consistent = request.get("ConsistentRead", False)
        if index and consistent:
            raise InvalidExpression("Consistent reads are not supported on global secondary indexes")
        partition = expressions.extract_partition(request["KeyConditionExpression"], f"{index}pk", scope)
        matches_key = expressions.parse_condition(request["KeyConditionExpression"])
        matches_filter = _parse_filter(request)
        forward, limit = request.get("ScanIndexForward", True), request.get("Limit")
        after = _parse_start_key(request.get("ExclusiveStartKey"), index, partition)
        items: list[Item] = []
        sizes: list[int] = []
        last: Item | None = None
        with self._lock:
            for item in self._items.read(index, partition, after, forward=forward):
                if not matches_key(item, scope):
                    continue
                sizes.append(size(item))
                if matches_filter(item, scope):
                    items.append(_project(item, request, scope))
                if len(sizes) == limit or sum(sizes) >= PAGE_BYTES:
                    last = item
                    break
        key_names = ["pk", "sk", *([f"{index}pk", f"{index}sk"] if index else [])]
        last_key = {} if last is None else {"LastEvaluatedKey": {name: last[name] for name in key_names}}
        units = read_units(sizes, consistent=consistent)
        return {
            "Items": items,
            "Count": len(items),
            "ScannedCount": len(sizes),
            **last_key,
            **_consumed_capacity(units),
        }

    def _scan(self, request: Mapping[str, Any]) -> Json:
        with self._lock:
            items = [_project(item, request, build_scope(request)) for item in self._items]
        return {"Items": items, "Count": len(items)}

    # Writes

    def _put_item(self, request: Mapping[str, Any]) -> Json:
        return self._write("PutItem", request, parse_key(request["Item"], only=False))

    def _delete_item(self, request: Mapping[str, Any]) -> Json:
        return self._write("DeleteItem", request, parse_key(request["Key"]))

    def _update_item(self, request: Mapping[str, Any]) -> Json:
        return self._write("UpdateItem", request, parse_key(request["Key"]))

    def _batch_write_item(self, request: Mapping[str, Any]) -> Json:
        [writes] = request["RequestItems"].values()
        for write_request in writes:
            for operation, write in write_request.items():
                self._make_api_call(operation.replace("Request", "Item"), write)
        return {"UnprocessedItems": {}}

    def _write(self, operation: str, request: Mapping[str, Any], key: ItemKey) -> Json:
        with self._lock:
            if key in self._locked:
                raise _error(operation, "TransactionConflictException", "Transaction is ongoing for the item")
            before = self._items.get(key)
            if not _condition_holds(before, request):
                raise _error(operation, "ConditionalCheckFailedException", "The conditional request failed")
            after = _build_item(operation, before, request)
            units = self._items.put(key, after)
        returned = {"ALL_NEW": after, "ALL_OLD": before}.get(request.get("ReturnValues", "NONE"))
        return {**({"Attributes": _copy(returned)} if returned else {}), **_consumed_capacity(units)}

    def _transact_write_items(self, request: Mapping[str, Any]) -> Json:
        writes = [next(iter(item.items())) for item in request["TransactItems"]]
        if len(writes) > MAX_TRANSACTION_ITEMS:
            raise InvalidExpression("Member must have length less than or equal to 100")
        keys = [parse_key(write.get("Key") or write["Item"], only="Key" in write) for _, write in writes]
        if Counter(keys).most_common(1)[0][1] > 1:
            raise InvalidExpression("Transaction request cannot include multiple operations on one item")
        for operation, write in writes:
            if operation == "Put":
                require_valid(write["Item"])
        with self._lock:
            _cancel_if(["TransactionConflict" if key in self._locked else "None" for key in keys])
            self._locked.update(keys)
        try:
            self.pause()
            with self._lock:
                return self._apply(keys, writes)
        finally:
            self._locked.difference_update(keys)

    def _apply(self, keys: list[ItemKey], writes: list[tuple[str, Json]]) -> Json:
        befores = [self._items.get(key) for key in keys]
        results = [_condition_holds(before, write) for before, (_, write) in zip(befores, writes, strict=True)]
        _cancel_if(["None" if holds else "ConditionalCheckFailed" for holds in results])
        afters: list[Item | None] = []
        for before, (operation, write) in zip(befores, writes, strict=True):
            try:
                is_check = operation == "ConditionCheck"
                afters.append(before if is_check else _build_item(f"{operation}Item", before, write))
            except InvalidExpression as failure:
                _cancel_if(["None"] * len(afters) + ["ValidationError"], str(failure))
        units = sum(2 * self._items.put(key, after) for key, after in zip(keys, afters, strict=True))
        return {"ConsumedCapacity": [{"CapacityUnits": units}]}


class MemoryConnection(CountingConnection):
    """The store's connection through PynamoDB, to a table in memory."""

    memory: MemoryClient = MemoryClient()

    def prepare(self) -> None:
        """Do nothing: the connection has no pool to prepare."""

    @property
    def client(self) -> Any:
        return self.memory


def _project(item: Item, request: Mapping[str, Any], scope: Scope) -> Item:
    if "ProjectionExpression" not in request:
        return _copy(item)
    names = [path(scope) for path in expressions.parse_projection(request["ProjectionExpression"])]
    return {name: dict(item[name]) for name in names if name in item}


def _copy(item: Item) -> Item:
    return {name: dict(value) for name, value in item.items()}


def _parse_filter(request: Mapping[str, Any]) -> expressions.Condition:
    if "FilterExpression" not in request:
        return lambda _item, _scope: True
    return expressions.parse_condition(request["FilterExpression"])


def _parse_start_key(key: Mapping[str, Any] | None, index: str, partition: str) -> Entry | None:
    if key is None:
        return None
    names = {"pk", "sk", *([f"{index}pk", f"{index}sk"] if index else [])}
    if key.keys() != names or key[f"{index}pk"]["S"] != partition:
        raise InvalidExpression("The provided starting key is invalid")
    return Entry(key[f"{index}sk"]["S"], key["pk"]["S"], key["sk"]["S"])


def _condition_holds(before: Item | None, request: Mapping[str, Any]) -> bool:
    scope = build_scope(request)
    if "ConditionExpression" not in request:
        return True
    return expressions.parse_condition(request["ConditionExpression"])(before or {}, scope)


def _build_item(operation: str, before: Item | None, request: Mapping[str, Any]) -> Item | None:
    if operation == "DeleteItem":
        return None
    after: Item = _copy(request["Item"] if operation == "PutItem" else {**request["Key"], **(before or {})})
    if operation == "UpdateItem":
        for action in expressions.parse_update(request["UpdateExpression"]):
            action(before or {}, after, build_scope(request))
    require_valid(after)
    return after


def _consumed_capacity(units: float) -> Json:
    return {"ConsumedCapacity": {"CapacityUnits": units}}


def _cancel_if(codes: list[str], message: str = "") -> None:
    if {*codes} == {"None"}:
        return
    reasons = [{"Code": code, **({"Message": message or code} if code != "None" else {})} for code in codes]
    text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(codes)}]"
    raise _error("TransactWriteItems", "TransactionCanceledException", text, CancellationReasons=reasons)


def _error(operation: str, code: str, message: str, **details: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPHeaders": {}}, **details}
    return ClientError(response, operation)
