"""Items in memory, by the table's keys and its indexes, with what DynamoDB charges for them.

Reads and writes share what they hand around: values are replaced, never changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

from coachway.core.persistence import table
from tests.memory.expressions import InvalidExpression, Item, Value

MOST_BYTES: Final = 400 * 1024
READ_UNIT: Final = 4096
WRITE_UNIT: Final = 1024


class Place(NamedTuple):
    """Where an item lies: the values of its table key."""

    pk: str
    sk: str


class Entry(NamedTuple):
    """An item's place in a partition of an index, in the order of a query."""

    sort: str
    pk: str
    sk: str


class Items:
    """All items of the table, and the partitions of its indexes; `""` is the table itself."""

    def __init__(self) -> None:
        self._items: dict[Place, Item] = {}
        self._partitions: dict[tuple[str, str], list[Entry]] = {}

    def get(self, place: Place) -> Item | None:
        return self._items.get(place)

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def clear(self) -> None:
        self._items.clear()
        self._partitions.clear()

    def put(self, place: Place, item: Item | None) -> float:
        """Replace what lies at `place`; None removes it. Returns the write units of an ordinary write."""
        before = self._items.pop(place, None)
        units = max(_units(before, WRITE_UNIT), _units(item, WRITE_UNIT), 1)
        old, new = dict(_entries(place, before)), dict(_entries(place, item))
        for index in old.keys() | new.keys():
            if old.get(index) == new.get(index):
                units += _units(item, WRITE_UNIT) if index[0] and before != item else 0
                continue
            for entries, was in ((old, True), (new, False)):
                if index in entries:
                    self._move(index, entries[index], remove=was)
                    units += _units(before if was else item, WRITE_UNIT) if index[0] else 0
        if item is not None:
            self._items[place] = item
        return float(units)

    def _move(self, index: tuple[str, str], entry: Entry, *, remove: bool) -> None:
        partition = self._partitions.setdefault(index, [])
        if remove:
            del partition[bisect_left(partition, entry)]
        else:
            insort(partition, entry)

    def read(self, index: str, partition: str, after: Entry | None, *, forward: bool) -> Iterable[Item]:
        """The items of a partition in order, from behind `after`."""
        entries: Sequence[Entry] = self._partitions.get((index, partition), [])
        if forward:
            entries = entries[bisect_right(entries, after) :] if after else entries[:]
        else:
            entries = (entries[: bisect_left(entries, after)] if after else entries)[::-1]
        return (self._items[Place(each.pk, each.sk)] for each in entries)


def _entries(place: Place, item: Item | None) -> Iterator[tuple[tuple[str, str], Entry]]:
    if item is None:
        return
    yield ("", place.pk), Entry(place.sk, *place)
    for index in table.INDEXES:
        if f"{index}pk" in item and f"{index}sk" in item:
            yield (index, item[f"{index}pk"]["S"]), Entry(item[f"{index}sk"]["S"], *place)


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
    """What one read of items of these sizes is charged."""
    return max(ceil(sum(sizes) / READ_UNIT), 1) * (1.0 if consistent else 0.5)


def place_of(key: Mapping[str, Value], *, only: bool = True) -> Place:
    """The place that a request's key or item names."""
    if (only and key.keys() != {"pk", "sk"}) or not key.keys() >= {"pk", "sk"}:
        raise InvalidExpression("The provided key element does not match the schema")
    if not key["pk"].keys() == key["sk"].keys() == {"S"}:
        raise InvalidExpression("Type mismatch for key expected: S")
    return Place(key["pk"]["S"], key["sk"]["S"])


def require_valid(item: Mapping[str, Value]) -> None:
    """Raise InvalidExpression for an item that DynamoDB would not keep."""
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
    if size(item) > MOST_BYTES:
        raise InvalidExpression("Item size has exceeded the maximum allowed size")
