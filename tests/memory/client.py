"""DynamoDB in memory: answers the calls that PynamoDB's connection makes, and those of boto3's client that tests make.

A transaction holds its items while it is under way, as DynamoDB's do: another that wants one of them is cancelled with
TransactionConflict, another write is refused, and reads see what was there before.
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
from tests.memory.expressions import InvalidExpression, Item, Scope, scope_of
from tests.memory.table import Entry, Items, Place, place_of, read_units, require_valid, size

Json = dict[str, Any]

MOST_IN_TRANSACTION: Final = 100
MOST_IN_BATCH: Final = 100
PAGE_BYTES: Final = 1024 * 1024
UNDER_WAY: Final = 0.002
"""Seconds that a transaction holds its items."""


class MemoryClient:
    """A client of DynamoDB with one table, which each process of the tests has to itself."""

    def __init__(self) -> None:
        self._items = Items()
        self._lock = threading.RLock()
        self._held: set[Place] = set()

    def clear(self) -> None:
        self._items.clear()

    def __getattr__(self, name: str) -> Callable[..., Json]:
        operation = "".join(part.title() for part in name.split("_"))
        if f"_{name}" not in vars(MemoryClient):
            raise NotImplementedError(f"the operation {operation}")
        return lambda **request: self._make_api_call(operation, request)

    @staticmethod
    def linger() -> None:
        """Take the time of a transaction, if there is another thread to notice."""
        if threading.active_count() > 1:
            time.sleep(UNDER_WAY)

    def get_paginator(self, name: str) -> MemoryClient:
        assert name == "scan"
        return self

    def paginate(self, **request: Any) -> Iterator[Json]:
        yield self.scan(**request)

    def _make_api_call(self, operation: str, request: Mapping[str, Any]) -> Json:
        act = getattr(self, re.sub(r"(?=[A-Z])", "_", operation).lower(), None)
        if act is None:
            raise NotImplementedError(f"the operation {operation}")
        try:
            answer: Json = act(request)
        except InvalidExpression as failure:
            raise _error(operation, "ValidationException", str(failure)) from failure
        return answer

    # Reads

    def _get_item(self, request: Mapping[str, Any]) -> Json:
        scope, place = scope_of(request), place_of(request["Key"])
        item = self._items.get(place)
        units = read_units([size(item or {})], consistent=request.get("ConsistentRead", False))
        found = {} if item is None else {"Item": _projected(item, request, scope)}
        return {**found, **_charged(units)}

    def _batch_get_item(self, request: Mapping[str, Any]) -> Json:
        [(name, wanted)] = request["RequestItems"].items()
        places, scope = [place_of(key) for key in wanted["Keys"]], scope_of(wanted)
        if len(places) > MOST_IN_BATCH:
            raise InvalidExpression("Too many items requested for the BatchGetItem call")
        if len(set(places)) < len(places):
            raise InvalidExpression("Provided list of item keys contains duplicates")
        with self._lock:
            items = [item for place in places if (item := self._items.get(place)) is not None]
        units = sum(read_units([size(item)], consistent=wanted.get("ConsistentRead", False)) for item in items)
        answers = {name: [_projected(item, wanted, scope) for item in items]}
        return {"Responses": answers, "UnprocessedKeys": {}, "ConsumedCapacity": [{"CapacityUnits": units}]}

    def _query(self, request: Mapping[str, Any]) -> Json:
        index, scope = request.get("IndexName") or "", scope_of(request)
        consistent = request.get("ConsistentRead", False)
        if index and consistent:
            raise InvalidExpression("Consistent reads are not supported on global secondary indexes")
        partition = expressions.partition_of(request["KeyConditionExpression"], f"{index}pk", scope)
        is_wanted = expressions.parse_condition(request["KeyConditionExpression"])
        passes = expressions.parse_condition(request["FilterExpression"]) if "FilterExpression" in request else None
        forward, limit = request.get("ScanIndexForward", True), request.get("Limit")
        after = _start(request.get("ExclusiveStartKey"), index, partition)
        found: list[Item] = []
        sizes: list[int] = []
        last: Item | None = None
        with self._lock:
            for item in self._items.read(index, partition, after, forward=forward):
                if not is_wanted(item, scope):
                    continue
                sizes.append(size(item))
                if passes is None or passes(item, scope):
                    found.append(_projected(item, request, scope))
                if len(sizes) == limit or sum(sizes) >= PAGE_BYTES:
                    last = item
                    break
        names = ["pk", "sk", *([f"{index}pk", f"{index}sk"] if index else [])]
        more = {} if last is None else {"LastEvaluatedKey": {name: last[name] for name in names}}
        units = read_units(sizes, consistent=consistent)
        return {"Items": found, "Count": len(found), "ScannedCount": len(sizes), **more, **_charged(units)}

    def _scan(self, request: Mapping[str, Any]) -> Json:
        with self._lock:
            found = [_projected(item, request, scope_of(request)) for item in self._items]
        return {"Items": found, "Count": len(found)}

    # Writes

    def _put_item(self, request: Mapping[str, Any]) -> Json:
        return self._write("PutItem", request, place_of(request["Item"], only=False))

    def _delete_item(self, request: Mapping[str, Any]) -> Json:
        return self._write("DeleteItem", request, place_of(request["Key"]))

    def _update_item(self, request: Mapping[str, Any]) -> Json:
        return self._write("UpdateItem", request, place_of(request["Key"]))

    def _batch_write_item(self, request: Mapping[str, Any]) -> Json:
        [writes] = request["RequestItems"].values()
        for each in writes:
            for operation, write in each.items():
                self._make_api_call(operation.replace("Request", "Item"), write)
        return {"UnprocessedItems": {}}

    def _write(self, operation: str, request: Mapping[str, Any], place: Place) -> Json:
        with self._lock:
            if place in self._held:
                raise _error(operation, "TransactionConflictException", "Transaction is ongoing for the item")
            before = self._items.get(place)
            if not _holds(before, request):
                raise _error(operation, "ConditionalCheckFailedException", "The conditional request failed")
            after = _after(operation, before, request)
            units = self._items.put(place, after)
        shown = {"ALL_NEW": after, "ALL_OLD": before}.get(request.get("ReturnValues", "NONE"))
        return {**({"Attributes": _copied(shown)} if shown else {}), **_charged(units)}

    def _transact_write_items(self, request: Mapping[str, Any]) -> Json:
        writes = [next(iter(each.items())) for each in request["TransactItems"]]
        if len(writes) > MOST_IN_TRANSACTION:
            raise InvalidExpression("Member must have length less than or equal to 100")
        places = [place_of(write.get("Key") or write["Item"], only="Key" in write) for _, write in writes]
        if Counter(places).most_common(1)[0][1] > 1:
            raise InvalidExpression("Transaction request cannot include multiple operations on one item")
        for operation, write in writes:
            if operation == "Put":
                require_valid(write["Item"])
        with self._lock:
            _cancel_if(["TransactionConflict" if place in self._held else "None" for place in places])
            self._held.update(places)
        try:
            self.linger()
            with self._lock:
                return self._applied(places, writes)
        finally:
            self._held.difference_update(places)

    def _applied(self, places: list[Place], writes: list[tuple[str, Json]]) -> Json:
        befores = [self._items.get(place) for place in places]
        held = [_holds(before, write) for before, (_, write) in zip(befores, writes, strict=True)]
        _cancel_if(["None" if each else "ConditionalCheckFailed" for each in held])
        afters: list[Item | None] = []
        for before, (operation, write) in zip(befores, writes, strict=True):
            try:
                afters.append(before if operation == "ConditionCheck" else _after(f"{operation}Item", before, write))
            except InvalidExpression as failure:
                _cancel_if(["None"] * len(afters) + ["ValidationError"], str(failure))
        units = sum(2 * self._items.put(place, after) for place, after in zip(places, afters, strict=True))
        return {"ConsumedCapacity": [{"CapacityUnits": units}]}


class MemoryConnection(CountingConnection):
    """The store's connection, with everything that PynamoDB does, to a table in memory."""

    memory: MemoryClient = MemoryClient()

    def prepare(self) -> None:
        """Nothing needs to be made."""

    @property
    def client(self) -> Any:
        return self.memory


def _projected(item: Item, request: Mapping[str, Any], scope: Scope) -> Item:
    if "ProjectionExpression" not in request:
        return _copied(item)
    names = [path(scope) for path in expressions.parse_projection(request["ProjectionExpression"])]
    return {name: dict(item[name]) for name in names if name in item}


def _copied(item: Item) -> Item:
    return {name: dict(value) for name, value in item.items()}


def _start(key: Mapping[str, Any] | None, index: str, partition: str) -> Entry | None:
    if key is None:
        return None
    names = {"pk", "sk", *([f"{index}pk", f"{index}sk"] if index else [])}
    if key.keys() != names or key[f"{index}pk"]["S"] != partition:
        raise InvalidExpression("The provided starting key is invalid")
    return Entry(key[f"{index}sk"]["S"], key["pk"]["S"], key["sk"]["S"])


def _holds(before: Item | None, request: Mapping[str, Any]) -> bool:
    scope = scope_of(request)
    if "ConditionExpression" not in request:
        return True
    return expressions.parse_condition(request["ConditionExpression"])(before or {}, scope)


def _after(operation: str, before: Item | None, request: Mapping[str, Any]) -> Item | None:
    if operation == "DeleteItem":
        return None
    after: Item = _copied(request["Item"] if operation == "PutItem" else {**request["Key"], **(before or {})})
    if operation == "UpdateItem":
        for act in expressions.parse_update(request["UpdateExpression"]):
            act(before or {}, after, scope_of(request))
    require_valid(after)
    return after


def _charged(units: float) -> Json:
    return {"ConsumedCapacity": {"CapacityUnits": units}}


def _cancel_if(codes: list[str], message: str = "") -> None:
    if {*codes} == {"None"}:
        return
    reasons = [{"Code": code, **({"Message": message or code} if code != "None" else {})} for code in codes]
    text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(codes)}]"
    raise _error("TransactWriteItems", "TransactionCanceledException", text, CancellationReasons=reasons)


def _error(operation: str, code: str, message: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPHeaders": {}}, **more}
    return ClientError(response, operation)
