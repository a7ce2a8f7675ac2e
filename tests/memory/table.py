"""The items of the table in memory, with its indexes and the capacity units of reads and writes.

Callers share the values of items: they replace values and never change them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

from coachway.core.persistence import table
from tests.memory.expressions import InvalidExpression, Item, Value

MAX_ITEM_BYTES: Final = 400 * 1024
READ_UNIT: Final = 4096
WRITE_UNIT: Final = 1024


class ItemKey(NamedTuple):
    """The partition key and sort key of an item."""

    pk: str
    sk: str


class Entry(NamedTuple):
    """An item in a partition of an index. Entries sort in the order of a query."""

    sort: str
    pk: str
    sk: str


class Items:
    """All items of the table, and the partitions of its indexes; `""` is the table itself."""

    def __init__(self) -> None:
        self._items: dict[ItemKey, Item] = {}
        self._partitions: dict[tuple[str, str], list[Entry]] = {}

    def get(self, key: ItemKey) -> Item | None:
        return self._items.get(key)

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def clear(self) -> None:
        self._items.clear()
        self._partitions.clear()

    def put(self, key: ItemKey, item: Item | None) -> float:
        """Store an item at `key`; None removes it. Returns the capacity units of a write outside a transaction."""
        before = self._items.pop(key, None)
        units_before, units_after = _units(before, WRITE_UNIT), _units(item, WRITE_UNIT)
        units = max(units_before, units_after, 1)
        old, new = dict(_entries(key, before)), dict(_entries(key, item))
        for index in old.keys() | new.keys():
            if old.get(index) == new.get(index):
                units += units_after if index[0] and before != item else 0
                continue
            for entries, is_old in ((old, True), (new, False)):
                if index in entries:
                    self._move(index, entries[index], remove=is_old)
                    units += (units_before if is_old else units_after) if index[0] else 0
        if item is not None:
            self._items[key] = item
        return float(units)

    def _move(self, index: tuple[str, str], entry: Entry, *, remove: bool) -> None:
        partition = self._partitions.setdefault(index, [])
        if remove:
            del partition[bisect_left(partition, entry)]
        else:
            insort(partition, entry)

    def read(self, index: str, partition: str, after: Entry | None, *, forward: bool) -> Iterable[Item]:
        """Return the items of a partition in order, starting after the entry `after`."""
        entries: Sequence[Entry] = self._partitions.get((index, partition), [])
        if forward:
            entries = entries[bisect_right(entries, after) :] if after else entries[:]
        else:
            entries = (entries[: bisect_left(entries, after)] if after else entries)[::-1]
        return (self._items[ItemKey(entry.pk, entry.sk)] for entry in entries)


def _entries(key: ItemKey, item: Item | None) -> Iterator[tuple[tuple[str, str], Entry]]:
    if item is None:
        return
    yield ("", key.pk), Entry(key.sk, *key)
    for index in table.INDEXES:
        if f"{index}pk" in item and f"{index}sk" in item:
            yield (index, item[f"{index}pk"]["S"]), Entry(item[f"{index}sk"]["S"], *key)


def size(item: Mapping[str, Value]) -> int:
    """Bytes of an item as DynamoDB counts them."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Value) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    return (len(content.lstrip("-")) + 1) // 2 + 1 if kind == "N" else 1


def _units(item: Item | None, unit: int) -> int:
    return ceil(size(item) / unit) if item is not None else 0


def read_units(sizes: Iterable[int], *, consistent: bool) -> float:
    """Return the capacity units of one read of items of these sizes."""
    return max(ceil(sum(sizes) / READ_UNIT), 1) * (1.0 if consistent else 0.5)


def parse_key(attributes: Mapping[str, Value], *, only: bool = True) -> ItemKey:
    """Parse the key of a request, or with `only=False` that of an item with further attributes."""
    if (only and attributes.keys() != {"pk", "sk"}) or not attributes.keys() >= {"pk", "sk"}:
        raise InvalidExpression("The provided key element does not match the schema")
    if not attributes["pk"].keys() == attributes["sk"].keys() == {"S"}:
        raise InvalidExpression("Type mismatch for key expected: S")
    return ItemKey(attributes["pk"]["S"], attributes["sk"]["S"])


def require_valid(item: Mapping[str, Value]) -> None:
    """Raise InvalidExpression for an item that DynamoDB would not store."""
    keys = ["pk", "sk", *(f"{index}{part}" for index in table.INDEXES for part in ("pk", "sk"))]
    for name in keys:
        if name in item:
            if item[name].keys() != {"S"}:
                raise InvalidExpression(f"Type mismatch for key {name} expected: S")
            content: Any = item[name]["S"]
            if not content:
                raise InvalidExpression("The AttributeValue for a key attribute cannot contain an empty string value")
            if len(content.encode()) > (2048 if name.endswith("pk") else 1024):
                raise InvalidExpression(f"Size of {name} has exceeded the maximum size limit of a key")
    for name, value in item.items():
        [(kind, content)] = value.items()
        if kind not in {"S", "N", "BOOL"}:
            raise NotImplementedError(f"{name} of type {kind}")
        if not isinstance(content, bool if kind == "BOOL" else str):
            raise InvalidExpression(f"Invalid type for parameter {name}")
    if size(item) > MAX_ITEM_BYTES:
        raise InvalidExpression("Item size has exceeded the maximum allowed size")
