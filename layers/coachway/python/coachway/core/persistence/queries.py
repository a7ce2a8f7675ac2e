"""Lists: paged queries on the table or an index, never scans."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from pynamodb.exceptions import QueryError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from coachway.core.caller import Caller
from coachway.core.persistence import cursor as cursors
from coachway.core.persistence.records import AccessPattern, Record, to_attribute
from coachway.core.persistence.table import connection
from coachway.core.runtime import clock, settings
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids
from coachway.core.types.stored_values import STORED

R = TypeVar("R", bound=Record)

_MAX_QUERIES: Final = 12
"""Maximum number of queries for one page. After it a page may be incomplete, and its cursor continues the list."""


_MAX_PAGE_BYTES: Final = 4_000_000
"""After so many bytes of records a page ends, because Lambda returns at most 6 MB."""


def months_between(first: datetime, last: datetime) -> list[str]:
    """Return every month (`YYYY-MM`) from that of `first` to that of `last`, oldest first."""
    start, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(start, end + 1)]


def query_page(
    model: type[R],
    pattern: AccessPattern,
    partitions: Sequence[str],
    query: PageQuery,
    *,
    prefix: str = "",
    between: tuple[str, str] | None = None,
    where: Mapping[str, str | int | bool] | None = None,
    descending: bool = False,
) -> Page[R]:
    """Return one page of the records in `partitions` (full partition keys, in reading order), by sort key.

    `prefix` or `between` (both ends included) limits the sort key; `where` filters by attribute values. A cursor is
    valid only with the same arguments. Raises Invalid for any other cursor.
    """
    conditions = where or {}
    shape = (pattern.pk, pattern.index or "", *partitions[:1], prefix, repr(between), repr(sorted(conditions.items())))
    shape = (*shape, str(descending))
    start = cursors.decode(query.cursor, shape) if query.cursor else cursors.CursorPosition(0, "", "", "")
    result: list[tuple[cursors.CursorPosition, Mapping[str, Any]]] = []
    reader = PartitionReader(pattern, prefix, between, conditions, descending)
    position, queries, size = start, 0, 0
    for number in range(start.partition, len(partitions)):
        resume = start if number == start.partition and start.pk else None
        while True:
            if queries == _MAX_QUERIES:
                return _page(model, result, shape, position)
            queries += 1
            items, last = reader.read(partitions[number], resume, query.limit + 1 - len(result))
            for item in items:
                if result and (len(result) == query.limit or size > _MAX_PAGE_BYTES):
                    return _page(model, result, shape, result[-1][0])
                result.append((_position(pattern, number, item), item))
                size += len(item["doc"]["S"].encode())
            if last is None:
                position = cursors.CursorPosition(number + 1, "", "", "")
                break
            position = resume = _position(pattern, number, last)
    return _page(model, result, shape, None)


def query_by_month(
    model: type[R],
    pattern: AccessPattern,
    caller: Caller,
    query: PageQuery,
    *,
    where: Mapping[str, str | int | bool] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **parts: object,
) -> Page[R]:
    """Return one page of a list with one partition per month of an organization, newest first.

    `pattern.pk` has the parts `org` and `month`; `parts` are the others. The list goes back from `until` (default: now)
    to `since` (default: the creation of the organization).
    """
    months = months_between(since or ids.get_created_at(caller.org_id), until or clock.now())
    partitions = [pattern.partition(org=caller.org_id, month=month, **parts) for month in reversed(months)]
    return query_page(model, pattern, partitions, query, where=where, descending=True)


def iterate_by_month(model: type[R], pattern: AccessPattern, org_id: str, **parts: object) -> Iterator[R]:
    """Yield all records of a list with one partition per month, oldest month first: for rebuilds, not for requests."""
    for month in months_between(ids.get_created_at(org_id), clock.now()):
        partition = pattern.partition(org=org_id, month=month, **parts)
        yield from query_all(model, partition, index=pattern.index, limit=sys.maxsize)


def query_all(
    model: type[R],
    partition: str,
    *,
    prefix: str = "",
    index: str | None = None,
    descending: bool = False,
    limit: int = 10_000,
) -> list[R]:
    """Return all records of one partition, at most `limit`: for records of one entity, not for lists."""
    return [_parse(model, item) for item in _iterate_items(partition, prefix, index, descending, limit)]


def query_kinds(
    models: Sequence[type[R]], partition: str, *, prefix: str = "", index: str | None = None, limit: int = 10_000
) -> list[R]:
    """Return all records of one partition that has records of several kinds, at most `limit`."""
    by_kind = {model.KIND: model for model in models}
    items = _iterate_items(partition, prefix, index, False, limit, "kind")
    return [_parse(by_kind[item["kind"]["S"]], item) for item in items]


def _iterate_items(
    partition: str, prefix: str, index: str | None, descending: bool, limit: int, *attributes: str
) -> Iterator[dict[str, Any]]:
    pattern = _UnregisteredPattern(index)
    reader = PartitionReader(pattern, prefix, None, {}, descending)
    reader.attributes += attributes
    resume: cursors.CursorPosition | None = None
    remaining = limit
    while remaining > 0:
        items, last = reader.read(partition, resume, min(remaining, 1000))
        yield from items
        remaining -= len(items)
        if last is None:
            return
        resume = _position(pattern, 0, last)


class _UnregisteredPattern(AccessPattern):
    """An index to read from, without a registered access pattern."""

    def __init__(self, index: str | None) -> None:
        self.index = index


class PartitionReader:
    """Reads one partition of a pattern, one query at a time."""

    def __init__(
        self,
        pattern: AccessPattern,
        prefix: str,
        between: tuple[str, str] | None,
        where: Mapping[str, str | int | bool],
        descending: bool,
    ) -> None:
        self.index, self.descending = pattern.index, descending
        # Only the document and the keys, because parsing the other attributes would double the cost.
        self.attributes = ["pk", "sk", "doc", *([f"{pattern.index}sk"] if pattern.index else [])]
        sort = Path(f"{pattern.index or ''}sk")
        self.bounds: Condition | None = None
        if between:
            self.bounds = sort.between(*between)
        elif prefix:
            self.bounds = sort.startswith(prefix)
        self.filter: Condition | None = None
        for name, value in where.items():
            condition = Path(name) == to_attribute(value)
            self.filter = condition if self.filter is None else self.filter & condition

    def read(
        self, partition: str, after: cursors.CursorPosition | None, limit: int
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        start = None
        if after is not None:
            start = {"pk": {"S": after.pk}, "sk": {"S": after.sk}}
            if self.index:
                start |= {f"{self.index}pk": {"S": partition}, f"{self.index}sk": {"S": after.index_sk}}
        try:
            response = connection().query(
                settings.table_name(),
                partition,
                range_key_condition=self.bounds,
                filter_condition=self.filter,
                exclusive_start_key=start,
                index_name=self.index,
                limit=max(limit, 50) if self.filter is not None else limit,
                attributes_to_get=self.attributes,
                scan_index_forward=not self.descending,
                consistent_read=self.index is None,
            )
        except QueryError as failure:
            if failure.cause_response_code == "ValidationException" and after is not None:
                raise cursors.invalid_cursor() from None
            raise
        return response["Items"], response.get("LastEvaluatedKey")


def _parse(model: type[R], item: Mapping[str, Any]) -> R:
    return model.model_validate_json(item["doc"]["S"], context=STORED)


def _position(pattern: AccessPattern, number: int, item: Mapping[str, Any]) -> cursors.CursorPosition:
    index_sk = item[f"{pattern.index}sk"]["S"] if pattern.index else ""
    return cursors.CursorPosition(number, item["pk"]["S"], item["sk"]["S"], index_sk)


def _page(
    model: type[R],
    result: Sequence[tuple[cursors.CursorPosition, Mapping[str, Any]]],
    shape: tuple[str, ...],
    after: cursors.CursorPosition | None,
) -> Page[R]:
    following = cursors.encode(after, shape) if after is not None else None
    return Page(items=[_parse(model, item) for _, item in result], next_cursor=following)
